/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/vfio.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/error.h"
#include "host/child.h"
#include "host/device-users.h"
#include "host/sysfs.h"

#define MODPROBE_TIMEOUT (30 * G_TIME_SPAN_SECOND)
#define OVERHEAD_MIB 1024 /* libvirt's own sum: the guest's RAM and this */

/* --- the host ------------------------------------------------------------ */

static gboolean
check_iommu(GError **error)
{
    g_auto(GStrv) groups = aqr_sysfs_list("/sys/kernel", "iommu_groups");

    if (*groups != NULL)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                        "this host has no IOMMU that is switched on: switch on AMD-Vi or VT-d in "
                        "its firmware, and boot Linux with intel_iommu=on on an Intel processor");
    return FALSE;
}

static char *
run_modprobe(const char *option, const char *module, GError **error)
{
    AqrPatience patience = aqr_patience(MODPROBE_TIMEOUT, NULL);
    g_autofree char *found = g_find_program_in_path("modprobe");
    const char *argv[] = { found == NULL ? "/usr/sbin/modprobe" : found, option, module, NULL };

    return aqr_child_run(argv, AQR_ERROR_HOST, "ask for the kernel's modules", &patience, error);
}

/* As modprobe's configuration names a module. */
static char *
underscored(const char *module)
{
    return g_strdelimit(g_strdup(module), "-", '_');
}

/* libvirt heeds the blacklist for a module that it asks for by its name. */
static gboolean
is_blacklisted(const char *module)
{
    g_autofree char *config = run_modprobe("--showconfig", NULL, NULL);
    g_autofree char *name = underscored(module);
    g_autofree char *pattern =
        g_strdup_printf("^(blacklist %s\\s*|install %s\\s+\\S*/(false|true)\\s*)$", name, name);

    return config != NULL && g_regex_match_simple(pattern, config, G_REGEX_MULTILINE, 0);
}

static gboolean
check_loadable(const char *module, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *needed = run_modprobe("--show-depends", module, &failed);

    if (needed == NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "the kernel has no %s: %s; install the package of the running kernel, and kmod",
                    module, failed->message);
    else if (is_blacklisted(module))
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "%s is blacklisted; remove that from /etc/modprobe.d, or run modprobe %s",
                    module, module);
    else
        return TRUE;
    return FALSE;
}

static gboolean
is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* libvirt looks for it before it loads any module. Root can do that: aqr_vfio_load(). */
static gboolean
check_node(GError **error)
{
    if (is_there("/dev/vfio/vfio") || geteuid() == 0)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                        "there is no /dev/vfio/vfio; run modprobe vfio-pci");
    return FALSE;
}

gboolean
aqr_vfio_check_host(GError **error)
{
    return check_iommu(error) &&
           (is_there("/sys/bus/pci/drivers/vfio-pci") || check_loadable("vfio-pci", error)) &&
           (is_there("/sys/module/vfio_iommu_type1") ||
            check_loadable("vfio_iommu_type1", error)) &&
           check_node(error);
}

gboolean
aqr_vfio_load(GError **error)
{
    g_autofree char *said = NULL;

    if (geteuid() != 0 || (is_there("/dev/vfio/vfio") && is_there("/sys/bus/pci/drivers/vfio-pci")))
        return TRUE;
    said = run_modprobe("--quiet", "vfio-pci", error);
    if (said != NULL)
        return TRUE;
    g_prefix_error(error, "cannot load vfio-pci: ");
    return FALSE;
}

/* --- who uses it --------------------------------------------------------- */

gboolean
aqr_vfio_check_unused(const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new_with_free_func(g_free);
    g_auto(AqrDeviceUser) user = { 0 };
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autofree char *who = NULL;

    for (guint i = 0; i < gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(gpu->together, i);

        g_ptr_array_add(addresses, aqr_pci_address_to_string(&device->address));
    }
    if (!aqr_device_users_find(addresses, "/dev/", &user))
        return TRUE;
    who = aqr_device_user_describe(&user);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "GPU %s is used by %s; end it first", address,
                who);
    return FALSE;
}

/* --- an ordinary user ---------------------------------------------------- */

static gboolean
check_bound(const char *address, const char *dir, GError **error)
{
    g_autofree char *driver = aqr_sysfs_read_link(dir, "driver");
    const AqrPciDevice now = { .driver = driver };

    if (aqr_pci_device_is_on_vfio(&now))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "%s is on %s, and only root can bind it to vfio-pci: have root do so beforehand "
                "(driverctl set-override %s vfio-pci), or do this as root",
                address, driver == NULL ? "no driver" : driver, address);
    return FALSE;
}

/* Not by opening it: a group can be open once, and another may want it right now. */
static gboolean
check_open(const char *address, const char *dir, GError **error)
{
    g_autofree char *group = aqr_sysfs_read_link(dir, "iommu_group");
    g_autofree char *node = g_build_filename("/dev/vfio", group == NULL ? "" : group, NULL);

    if (group != NULL && access(node, R_OK | W_OK) == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "you may not use %s of %s: %s; let udev give it to a group that you are in, with "
                "SUBSYSTEM==\"vfio\", GROUP=\"render\", MODE=\"0660\", or do this as root",
                node, address, group == NULL ? "it has no IOMMU group" : g_strerror(errno));
    return FALSE;
}

/* @check for each function, so that what root has to do for all of them is told first. */
static gboolean
check_all(const AqrGpu *gpu,
          gboolean (*check)(const char *address, const char *dir, GError **error), GError **error)
{
    for (guint i = 0; i < gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);
        g_autofree char *dir = g_build_filename("/sys/bus/pci/devices", address, NULL);

        if (!check(address, dir, error))
            return FALSE;
    }
    return TRUE;
}

/* Up to its hard limit a process may raise its own, which libvirt does for QEMU. */
static gboolean
check_memlock(guint64 ram_mib, GError **error)
{
    guint64 needed = (ram_mib + OVERHEAD_MIB) << 20;
    struct rlimit limit;

    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_max >= needed)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "you may lock %" G_GUINT64_FORMAT " MiB of memory, but a guest with a GPU locks "
                "%" G_GUINT64_FORMAT " MiB; raise memlock in /etc/security/limits.d and log in "
                "anew, or take less with --ram-size",
                (guint64)limit.rlim_max >> 20, needed >> 20);
    return FALSE;
}

gboolean
aqr_vfio_check_user(const AqrGpu *gpu, guint64 ram_mib, GError **error)
{
    return geteuid() == 0 || (check_all(gpu, check_bound, error) &&
                              check_all(gpu, check_open, error) && check_memlock(ram_mib, error));
}
