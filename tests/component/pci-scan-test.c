/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/pci-scan.h"

#include <glib/gstdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "support/check-main.h"
#include "support/fake-sysfs.h"

static GPtrArray *
scan(void)
{
    g_autoptr(GError) error = NULL;
    GPtrArray *devices = aqr_pci_scan(&error);

    ck_assert_no_error(error);
    return devices;
}

static AqrPciDevice *
find(const GPtrArray *devices, const char *text)
{
    AqrPciAddress address;

    ck_assert(aqr_pci_address_parse(text, &address, NULL));
    return aqr_pci_device_find(devices, &address);
}

static char *
describe_place(const AqrPciDevice *device)
{
    g_autofree char *parent =
        device->has_parent ? aqr_pci_address_to_string(&device->parent) : NULL;
    g_autofree char *physical = device->is_vf ? aqr_pci_address_to_string(&device->physical) : NULL;

    return g_strdup_printf("below %s, group %d, numa %d, vf of %s, %u vfs",
                           parent != NULL ? parent : "-", device->iommu_group, device->numa_node,
                           physical != NULL ? physical : "-", device->n_vfs);
}

static char *
describe_identity(const AqrPciDevice *device)
{
    return g_strdup_printf(
        "%04x:%04x %04x:%04x %06x %02x, gc %06x, kfd %u, hive %" G_GINT64_MODIFIER
        "x, bar %" G_GUINT64_FORMAT "M",
        device->vendor, device->device, device->subsystem_vendor, device->subsystem_device,
        device->class, device->revision, device->gc_version, device->gfx_version, device->hive,
        device->largest_bar >> 20);
}

static char *
describe_state(const AqrPciDevice *device)
{
    g_autofree char *resets =
        device->reset_methods != NULL ? g_strjoinv(" ", device->reset_methods) : g_strdup("-");
    g_autofree char *nodes =
        device->device_nodes != NULL ? g_strjoinv(" ", device->device_nodes) : g_strdup("-");

    return g_strdup_printf("%s (%s), reset %s, %s%s%s, %s, config %" G_GSIZE_FORMAT,
                           device->driver != NULL ? device->driver : "-",
                           device->driver_override != NULL ? device->driver_override : "-", resets,
                           device->power_state, device->d3cold_allowed ? "" : ", no D3cold",
                           device->boot_vga ? ", boot" : "", nodes,
                           device->config != NULL ? g_bytes_get_size(device->config) : 0);
}

static const struct {
    const char *host;
    const char *address;
    const char *identity;
    const char *place;
    const char *state;
} functions[] = {
    { "radeon-rx-6800-xt", "03:00.0",
      "1002:73bf 1002:0e3a 030000 c1, gc 0a0300, kfd 100300, hive 0, bar 16384M",
      "below 0000:02:00.0, group 22, numa 0, vf of -, 0 vfs",
      "amdgpu (-), reset -, D0, boot, /dev/dri/card0 /dev/dri/renderD128, config 256" },
    { "radeon-rx-6800-xt", "03:00.1",
      "1002:ab28 1002:ab28 040300 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below 0000:02:00.0, group 23, numa -1, vf of -, 0 vfs",
      "snd_hda_intel (-), reset -, D3hot, -, config 0" },
    { "radeon-rx-6800-xt", "03:00.3",
      "1002:73a4 1002:0e3a 0c8000 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below 0000:02:00.0, group 25, numa -1, vf of -, 0 vfs", "- (-), reset -, D0, -, config 0" },
    { "radeon-rx-6800-xt", "00:01.1",
      "1022:1483 0000:0000 060400 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below -, group 10, numa -1, vf of -, 0 vfs", "pcieport (-), reset -, D0, -, config 256" },
    { "instinct-mi210", "21:00.0",
      "1002:740f 0000:0000 038000 02, gc 090402, kfd 90010, hive 11d2c0cfe3a5b1f7, bar 65536M",
      "below 0000:20:01.1, group 31, numa 0, vf of -, 0 vfs",
      "amdgpu (-), reset flr bus, D0, /dev/dri/card0 /dev/dri/renderD128, config 256" },
    { "instinct-mi300x", "0001:06:00.0", /* partitioned */
      "1002:74a1 0000:0000 120000 00, gc 090403, kfd 90402, hive 2a4b6c8d0e1f3a5b, bar 262144M",
      "below 0001:05:01.1, group 5, numa 1, vf of -, 0 vfs",
      "amdgpu (-), reset flr bus, D0, /dev/dri/card1 /dev/dri/renderD129, config 256" },
    { "instinct-mi300x-vf", "06:00.0",
      "1002:74a1 0000:0000 120000 00, gc 000000, kfd 0, hive 0, bar 262144M",
      "below 0000:05:01.1, group 3, numa 0, vf of -, 1 vfs",
      "gim (-), reset flr bus, D0, -, config 256" },
    { "instinct-mi300x-vf", "06:02.0",
      "1002:74b5 0000:0000 120000 00, gc 000000, kfd 0, hive 0, bar 262144M",
      "below 0000:05:01.1, group 7, numa 0, vf of 0000:06:00.0, 0 vfs",
      "vfio-pci (vfio-pci), reset flr, D0, -, config 256" },
    { "radeon-vii", "09:00.0", /* by an ordinary user */
      "1002:66af 0000:0000 030000 c1, gc 000000, kfd 0, hive 0, bar 256M",
      "below 0000:08:00.0, group 19, numa -1, vf of -, 0 vfs",
      "vfio-pci (vfio-pci), reset -, D3cold, -, config 64" },
    { "group-with-nvme", "04:00.0",
      "144d:a80a 0000:0000 010802 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below 0000:03:00.0, group 15, numa -1, vf of -, 0 vfs",
      "nvme (-), reset -, D0, -, config 0" },
    { "group-with-nvme", "03:00.0", /* above no GPU */
      "1022:43f5 0000:0000 060400 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below 0000:02:00.0, group 15, numa -1, vf of -, 0 vfs",
      "pcieport (-), reset -, D0, -, config 0" },
    { "odd-ones", "02:00.0", "1002:5046 0000:0000 030000 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below 0000:00:06.0, group -1, numa -1, vf of -, 0 vfs", "- (-), reset -, D0, -, config 0" },
    { "odd-ones", "10000:e1:00.0",
      "1002:7fff 0000:0000 030000 00, gc 000000, kfd 0, hive 0, bar 16384M",
      "below 10000:e0:06.0, group -1, numa -1, vf of -, 0 vfs",
      "- (-), reset -, D0, no D3cold, -, config 256" },
    { "odd-ones", "00:02.0", /* another maker's */
      "8086:4680 0000:0000 030000 00, gc 000000, kfd 0, hive 0, bar 0M",
      "below -, group -1, numa -1, vf of -, 0 vfs",
      "i915 (-), reset -, D0, boot, /dev/dri/card0 /dev/dri/renderD128, config 0" },
};

START_TEST(sees_a_function)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(functions[_i].host);
    g_autoptr(GPtrArray) devices = scan();
    const AqrPciDevice *device = find(devices, functions[_i].address);
    g_autofree char *identity = NULL;
    g_autofree char *place = NULL;
    g_autofree char *state = NULL;

    ck_assert_ptr_nonnull(device);
    identity = describe_identity(device);
    place = describe_place(device);
    state = describe_state(device);
    ck_assert_str_eq(identity, functions[_i].identity);
    ck_assert_str_eq(place, functions[_i].place);
    ck_assert_str_eq(state, functions[_i].state);
}
END_TEST

START_TEST(sees_all_by_address)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("odd-ones");
    g_autoptr(GPtrArray) devices = scan();
    g_autoptr(GString) addresses = g_string_new(NULL);

    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(devices, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        g_string_append_printf(addresses, "%s ", address);
    }
    ck_assert_str_eq(addresses->str, "0000:00:01.0 0000:00:02.0 0000:00:06.0 0000:01:00.0 "
                                     "0000:02:00.0 10000:e0:06.0 10000:e1:00.0 ");
}
END_TEST

START_TEST(says_that_there_is_no_bus)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_pci_scan(&error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

#define AUDIO "/sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0/0000:02:00.0/0000:03:00.1"

/* The link on the bus is there a moment longer than what it points to. */
START_TEST(leaves_out_what_has_gone)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("radeon-rx-6800-xt");
    g_autofree char *dir = fake_sysfs_path(fake, AUDIO);
    g_autofree char *elsewhere = g_strconcat(dir, ".gone", NULL);
    g_autoptr(GPtrArray) devices = NULL;

    ck_assert_int_eq(g_rename(dir, elsewhere), 0);
    devices = scan();
    ck_assert_uint_eq(devices->len, 6);
    ck_assert_ptr_null(find(devices, "03:00.1"));
    ck_assert_ptr_nonnull(find(devices, "03:00.0"));
}
END_TEST

/* Goes while it is read: the scan finds a pipe in place of one file, so that we know when.
 * By another process, as umockdev opens one file at a time in each. */
START_TEST(leaves_out_what_goes_while_it_is_read)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("radeon-rx-6800-xt");
    g_autofree char *dir = fake_sysfs_path(fake, AUDIO);
    g_autofree char *pipe = g_build_filename(dir, "resource", NULL);
    const char *unplug[] = { "sh", "-c", "exec >\"$1/resource\" && rm \"$1/vendor\"",
                             "sh", dir,  NULL };
    g_autoptr(GPtrArray) devices = NULL;
    GPid pid;
    int status;

    ck_assert_int_eq(g_unlink(pipe), 0);
    ck_assert_int_eq(mkfifo(pipe, 0600), 0);
    ck_assert(g_spawn_async(NULL, (char **)unplug, NULL,
                            G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                            NULL));
    devices = scan();
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(devices->len, 6);
    ck_assert_ptr_null(find(devices, "03:00.1"));
}
END_TEST

/* What the kernel says of nonsense is taken for nothing. */
static const struct {
    const char *file;
    const char *text;
    const char *place;
} oddities[] = {
    { "numa_node", "", "below 0000:02:00.0, group 23, numa -1, vf of -, 0 vfs" },
    { "numa_node", "1 2", "below 0000:02:00.0, group 23, numa -1, vf of -, 0 vfs" },
    { "numa_node", "1", "below 0000:02:00.0, group 23, numa 1, vf of -, 0 vfs" },
    { "sriov_numvfs", "x", "below 0000:02:00.0, group 23, numa -1, vf of -, 0 vfs" },
};

START_TEST(takes_nonsense_for_nothing)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("radeon-rx-6800-xt");
    g_autofree char *dir = fake_sysfs_path(fake, AUDIO);
    g_autofree char *path = g_build_filename(dir, oddities[_i].file, NULL);
    g_autofree char *place = NULL;
    g_autoptr(GPtrArray) devices = NULL;

    ck_assert(g_file_set_contents(path, oddities[_i].text, -1, NULL));
    devices = scan();
    place = describe_place(find(devices, "03:00.1"));
    ck_assert_str_eq(place, oddities[_i].place);
}
END_TEST

/* This machine's own, whatever it has, against what lies in the directory of the bus. */
START_TEST(sees_this_machine)
{
    g_autoptr(GDir) bus = g_dir_open("/sys/bus/pci/devices", 0, NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) devices = aqr_pci_scan(&error);
    const char *name;
    guint n_names = 0;

    if (bus == NULL) {
        ck_assert_ptr_null(devices);
        ck_assert_error(error, AQR_ERROR_HOST);
        return;
    }
    ck_assert_no_error(error);
    while ((name = g_dir_read_name(bus)) != NULL) {
        n_names++;
        ck_assert_ptr_nonnull(find(devices, name));
        ck_assert_uint_ne(find(devices, name)->vendor, 0);
    }
    ck_assert_uint_eq(devices->len, n_names);
}
END_TEST

/* One that does not wake up is known all the same, but for its configuration space; one that
 * is awake is read as ever. */
START_TEST(does_not_wait_for_what_does_not_wake)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("radeon-rx-6800-xt");
    g_autofree char *state = fake_sysfs_path(fake, "/sys/bus/pci/devices/0000:03:00.0/power_state");
    g_autofree char *config = fake_sysfs_path(fake, "/sys/bus/pci/devices/0000:03:00.0/config");
    gint64 before = g_get_monotonic_time();
    g_autoptr(GPtrArray) devices = NULL;

    ck_assert(g_file_set_contents(state, "D3cold\n", -1, NULL));
    ck_assert_int_eq(g_unlink(config), 0);
    ck_assert_int_eq(mkfifo(config, 0600), 0); /* which nobody writes */
    devices = scan();
    ck_assert_int_lt(g_get_monotonic_time() - before, 15 * G_TIME_SPAN_SECOND);
    ck_assert_ptr_null(find(devices, "03:00.0")->config);
    ck_assert_ptr_nonnull(find(devices, "02:00.0")->config);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, sees_a_function, 0, G_N_ELEMENTS(functions));
    tcase_add_test(tcase, sees_all_by_address);
    tcase_add_test(tcase, says_that_there_is_no_bus);
    tcase_add_test(tcase, leaves_out_what_has_gone);
    tcase_add_test(tcase, leaves_out_what_goes_while_it_is_read);
    tcase_add_loop_test(tcase, takes_nonsense_for_nothing, 0, G_N_ELEMENTS(oddities));
    tcase_add_test(tcase, sees_this_machine);
    tcase_add_test(tcase, does_not_wait_for_what_does_not_wake);
}
