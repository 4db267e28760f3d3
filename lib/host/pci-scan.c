/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/pci-scan.h"

#include <string.h>

#include "base/error.h"
#include "core/gpu.h"
#include "core/pci-sysfs.h"
#include "host/bounded.h"
#include "host/kfd-scan.h"
#include "host/sysfs.h"
#include "host/udev.h"

#define PCI_DEVICES "/sys/bus/pci/devices"
#define WAKE_TIMEOUT (5 * G_TIME_SPAN_SECOND)
#define CONFIG_SIZE 256 /* all that is not PCI Express's extended space */

static void
read_identity(AqrPciDevice *device, const char *dir)
{
    device->vendor = (guint16)aqr_sysfs_read_number(dir, "vendor", 0);
    device->device = (guint16)aqr_sysfs_read_number(dir, "device", 0);
    device->subsystem_vendor = (guint16)aqr_sysfs_read_number(dir, "subsystem_vendor", 0);
    device->subsystem_device = (guint16)aqr_sysfs_read_number(dir, "subsystem_device", 0);
    device->class = (guint32)aqr_sysfs_read_number(dir, "class", 0);
    device->revision = (guint8)aqr_sysfs_read_number(dir, "revision", 0);
}

static void
read_place(AqrPciDevice *device, const char *dir)
{
    g_autofree char *group = aqr_sysfs_read_link(dir, "iommu_group");
    g_autofree char *physical = aqr_sysfs_read_link(dir, "physfn");
    g_autofree char *resource = aqr_sysfs_read(dir, "resource");

    device->has_parent = aqr_pci_sysfs_parent(dir, &device->parent);
    device->numa_node = (gint16)aqr_sysfs_read_number(dir, "numa_node", -1);
    device->iommu_group = group != NULL ? (int)g_ascii_strtoll(group, NULL, 10) : -1;
    device->is_vf = physical != NULL && aqr_pci_address_parse(physical, &device->physical, NULL);
    device->n_vfs = (guint)aqr_sysfs_read_number(dir, "sriov_numvfs", 0);
    device->boot_vga = aqr_sysfs_read_number(dir, "boot_vga", 0) == 1;
    if (resource != NULL) {
        device->largest_bar = aqr_pci_sysfs_largest_bar(resource);
        device->window = aqr_pci_window_of(resource);
    }
}

/* An empty file means, as no file does, that there is none. */
static GStrv
read_words(const char *dir, const char *name)
{
    g_autofree char *text = aqr_sysfs_read(dir, name);

    return text != NULL && *text != '\0' ? g_strsplit(text, " ", -1) : NULL;
}

static char *
read_override(const char *dir)
{
    g_autofree char *name = aqr_sysfs_read(dir, "driver_override");

    return name != NULL && *name != '\0' && strcmp(name, "(null)") != 0 ? g_steal_pointer(&name)
                                                                        : NULL;
}

static GStrv
read_device_nodes(const char *dir)
{
    g_auto(GStrv) names = aqr_sysfs_list(dir, "drm");
    g_autoptr(GStrvBuilder) nodes = g_strv_builder_new();

    for (char **name = names; *name != NULL; name++) {
        g_autofree char *node = g_build_filename("/dev/dri", *name, NULL);

        g_strv_builder_add(nodes, node);
    }
    return *names != NULL ? g_strv_builder_end(nodes) : NULL;
}

/* Of each part of the version, a file. */
static guint32
read_gc_version(const char *dir)
{
    g_autofree char *core = g_build_filename(dir, "ip_discovery/die/0/GC/0", NULL);
    guint32 major = (guint8)aqr_sysfs_read_number(core, "major", 0);
    guint32 minor = (guint8)aqr_sysfs_read_number(core, "minor", 0);
    guint32 revision = (guint8)aqr_sysfs_read_number(core, "revision", 0);

    return major << 16 | minor << 8 | revision;
}

static void
read_driver(AqrPciDevice *device, const char *dir)
{
    device->driver = aqr_sysfs_read_link(dir, "driver");
    device->driver_override = read_override(dir);
    device->reset_methods = read_words(dir, "reset_method");
    device->power_state = aqr_sysfs_read(dir, "power_state");
    device->d3cold_allowed = aqr_sysfs_read_number(dir, "d3cold_allowed", 1) != 0;
    device->device_nodes = read_device_nodes(dir);
    device->gc_version = read_gc_version(dir);
}

static gboolean
is_there(const char *dir)
{
    g_autofree char *vendor = aqr_sysfs_read(dir, "vendor");

    return vendor != NULL;
}

/* NULL: it is not there, or not any more. Half of what a function was would be worse than
 * nothing: without its link iommu_group it seems to have no IOMMU. */
static AqrPciDevice *
read_device(const char *dir)
{
    g_autoptr(AqrPciDevice) device = NULL;
    AqrPciAddress address;

    if (!aqr_pci_sysfs_address(dir, &address))
        return NULL;
    device = aqr_pci_device_new(&address);
    read_identity(device, dir);
    read_place(device, dir);
    read_driver(device, dir);
    return is_there(dir) ? g_steal_pointer(&device) : NULL;
}

/* Whoever reads wakes it, and its ports, and waits for that as long as it takes: for ever,
 * where it is stuck. A device that is awake answers at once; a child for each would cost
 * more than all the rest. */
static void
read_config(AqrPciDevice *device)
{
    g_autofree char *name = aqr_pci_address_to_string(&device->address);
    g_autofree char *dir = g_build_filename(PCI_DEVICES, name, NULL);
    g_autofree char *path = g_build_filename(dir, "config", NULL);
    AqrPatience patience = aqr_patience(WAKE_TIMEOUT, NULL);

    if (device->config != NULL)
        return;
    if (device->power_state == NULL || g_str_equal(device->power_state, "D0"))
        device->config = aqr_sysfs_read_bytes(dir, "config", CONFIG_SIZE);
    else
        device->config = aqr_bounded_read(path, CONFIG_SIZE, &patience, NULL);
}

static void
read_path_config(const GPtrArray *devices, AqrPciDevice *device)
{
    while (device != NULL) {
        read_config(device);
        device = device->has_parent ? aqr_pci_device_find(devices, &device->parent) : NULL;
    }
}

/* A virtual function does with atomics what its physical one does, pci_enable_atomic_ops_to_root()
 * says. */
static void
read_gpu_config(const GPtrArray *devices)
{
    for (guint i = 0; i < devices->len; i++) {
        AqrPciDevice *device = g_ptr_array_index(devices, i);

        if (!aqr_gpu_is(device))
            continue;
        read_path_config(devices, device);
        if (device->is_vf)
            read_path_config(devices, aqr_pci_device_find(devices, &device->physical));
    }
}

static gint
compare_addresses(gconstpointer a, gconstpointer b)
{
    const AqrPciDevice *one = *(const AqrPciDevice *const *)a;
    const AqrPciDevice *other = *(const AqrPciDevice *const *)b;

    return aqr_pci_address_compare(&one->address, &other->address);
}

/* FALSE: the kernel has no PCI bus to show. */
static gboolean
enumerate(AqrUdevEnumerate *list)
{
    return g_file_test(PCI_DEVICES, G_FILE_TEST_IS_DIR) &&
           udev_enumerate_add_match_subsystem(list, "pci") >= 0 &&
           udev_enumerate_scan_devices(list) >= 0;
}

static void
read_devices(AqrUdevEnumerate *list, GPtrArray *devices)
{
    struct udev_list_entry *entry;

    udev_list_entry_foreach (entry, udev_enumerate_get_list_entry(list)) {
        AqrPciDevice *device = read_device(udev_list_entry_get_name(entry));

        if (device != NULL)
            g_ptr_array_add(devices, device);
    }
    g_ptr_array_sort(devices, compare_addresses);
}

GPtrArray *
aqr_pci_scan(GError **error)
{
    g_autoptr(GPtrArray) devices =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_pci_device_free);
    g_autoptr(AqrUdev) udev = udev_new();
    g_autoptr(AqrUdevEnumerate) list = udev_enumerate_new(udev);

    if (!enumerate(list)) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                            "the kernel shows no PCI devices: there is no " PCI_DEVICES
                            "; in a container, mount sysfs there");
        return NULL;
    }
    read_devices(list, devices);
    read_gpu_config(devices);
    aqr_kfd_scan(devices);
    return g_steal_pointer(&devices);
}
