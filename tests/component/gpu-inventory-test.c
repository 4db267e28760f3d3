/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-inventory.h"

#include <string.h>

#include "support/check-main.h"
#include "support/data.h"
#include "support/fake-sysfs.h"

/* What a GPU is and what goes along with it, on each of the hosts in tests/fixtures. */

static const char *const atomics_names[] = { "?", "no", "yes" };
static const char *const source_names[] = { "unknown", "table", "discovery", "kfd" };

static AqrGpuInventory *
look(void)
{
    g_autofree char *table = test_data_path("../data/amdgpu-gfx.tsv");
    g_autoptr(GError) error = NULL;
    AqrGpuInventory *inventory = aqr_gpu_inventory_new(table, &error);

    ck_assert_no_error(error);
    return inventory;
}

static char *
join_addresses(const GPtrArray *devices)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(devices, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        g_string_append_printf(text, "%s%s", i > 0 ? " " : "", address);
    }
    return g_string_free(text, FALSE);
}

static const AqrGpu *
find_gpu(const AqrGpuInventory *inventory, const char *text)
{
    AqrPciAddress address;

    ck_assert(aqr_pci_address_parse(text, &address, NULL));
    return aqr_gpu_find(aqr_gpu_inventory_get_gpus(inventory), &address);
}

/* Which GPUs there are: and so, that nothing else is taken for one. */
static const struct {
    const char *host;
    const char *addresses;
} hosts[] = {
    { "radeon-rx-6800-xt", "0000:03:00.0" },
    { "instinct-mi100", "0000:43:00.0" },
    { "instinct-mi210", "0000:21:00.0 0000:61:00.0" },
    { "instinct-mi300x", "0000:06:00.0 0001:06:00.0" },
    { "instinct-mi300x-vf", "0000:06:02.0" }, /* its physical function is the VFs' host's */
    { "radeon-vii", "0000:09:00.0" },
    { "apu-rembrandt", "0000:e6:00.0" },
    { "dual-gpu", "0000:83:00.0 0000:84:00.0" },
    { "group-with-nvme", "0000:07:00.0" },
    { "odd-ones", "0000:01:00.0 0000:02:00.0 10000:e1:00.0" },
};

START_TEST(lists)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(hosts[_i].host);
    g_autoptr(AqrGpuInventory) inventory = look();
    const GPtrArray *gpus = aqr_gpu_inventory_get_gpus(inventory);
    g_autoptr(GPtrArray) functions = g_ptr_array_new();
    g_autofree char *addresses = NULL;

    for (guint i = 0; i < gpus->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(gpus, i);

        g_ptr_array_add(functions, (gpointer)gpu->device);
    }
    addresses = join_addresses(functions);
    ck_assert_str_eq(addresses, hosts[_i].addresses);
}
END_TEST

typedef struct {
    const char *host;
    const char *address;
    const char *gfx; /* and where from */
    const char *together;
    const char *foreign;
    const char *atomics;
    const char *refusal; /* a part of it, and of that when forced; NULL: passable */
    const char *forced_refusal;
} Row;

static const Row rows[] = {
    { "radeon-rx-6800-xt", "0000:03:00.0", "gfx1030 (kfd)",
      "0000:03:00.0 0000:03:00.1 0000:03:00.2 0000:03:00.3", "", "yes: ", "boot", NULL },
    { "instinct-mi100", "0000:43:00.0", "gfx908 (kfd)", "0000:43:00.0", "", "no: 0000:40:01.1",
      NULL, NULL },
    { "instinct-mi210", "0000:21:00.0", "gfx90a (kfd)", "0000:21:00.0", "", "yes: ", NULL, NULL },
    { "instinct-mi210", "0000:61:00.0", "gfx90a (discovery)", "0000:61:00.0", "", "yes: ", NULL,
      NULL },
    { "instinct-mi300x", "0000:06:00.0", "gfx942 (kfd)", "0000:06:00.0", "", "yes: ", "reset",
      NULL },
    { "instinct-mi300x", "0001:06:00.0", "gfx942 (kfd)", "0001:06:00.0", "", "yes: ", "reset",
      NULL },
    { "instinct-mi300x-vf", "0000:06:02.0", "gfx942 (table)", "0000:06:02.0", "", "yes: ", NULL,
      NULL },
    { "radeon-vii", "0000:09:00.0", "gfx906 (table)", "0000:09:00.0 0000:09:00.1", "", "?", NULL,
      NULL },
    { "apu-rembrandt", "0000:e6:00.0", "gfx1035 (kfd)",
      "0000:e6:00.0 0000:e6:00.1 0000:e6:00.2 0000:e6:00.3", "0000:e6:00.2 0000:e6:00.3",
      "yes: 0000:e6:00.0 is an APU", "0000:e6:00.2", "0000:e6:00.2" },
    { "dual-gpu", "0000:83:00.0", "gfx900 (table)", "0000:83:00.0", "", "no: 0000:81:00.0", NULL,
      NULL },
    { "dual-gpu", "0000:84:00.0", "gfx900 (table)", "0000:84:00.0", "", "no: 0000:81:00.0", NULL,
      NULL },
    { "group-with-nvme", "0000:07:00.0", "gfx1102 (discovery)",
      "0000:04:00.0 0000:07:00.0 0000:07:00.1", "0000:04:00.0", "no: 0000:03:04.0", "0000:04:00.0",
      "0000:04:00.0" },
    { "odd-ones", "0000:01:00.0", "gfx1031 (table)", "0000:01:00.0", "", "?", "restart",
      "restart" },
    { "odd-ones", "0000:02:00.0", "- (unknown)", "0000:02:00.0", "", "?", "IOMMU", "IOMMU" },
    { "odd-ones", "10000:e1:00.0", "- (unknown)", "10000:e1:00.0", "", "yes: ", "IOMMU", "IOMMU" },
};

/* @wanted: how it begins, but for "yes: ", which has no reason behind it. */
static void
check_atomics(const AqrGpu *gpu, const char *wanted)
{
    g_autofree char *found =
        g_strdup_printf("%s: %s", atomics_names[gpu->atomics],
                        gpu->atomics_reason != NULL ? gpu->atomics_reason : "");

    ck_assert_msg(g_str_has_prefix(found, wanted), "\"%s\", not \"%s\"", found, wanted);
    if (strcmp(wanted, "yes: ") == 0)
        ck_assert_str_eq(found, wanted);
}

static void
check_passable(const AqrGpu *gpu, gboolean forced, const char *refusal)
{
    g_autoptr(GError) error = NULL;
    gboolean passable = aqr_gpu_check_passable(gpu, forced, &error);

    ck_assert_int_eq(passable, refusal == NULL);
    if (refusal == NULL)
        return;
    ck_assert_msg(strstr(error->message, refusal) != NULL, "%s", error->message);
    ck_assert_error(error, strcmp(refusal, "IOMMU") == 0 ? AQR_ERROR_HOST : AQR_ERROR_GPU);
}

START_TEST(judges)
{
    const Row *row = &rows[_i];
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(row->host);
    g_autoptr(AqrGpuInventory) inventory = look();
    const AqrGpu *gpu = find_gpu(inventory, row->address);
    g_autofree char *gfx = NULL;
    g_autofree char *together = NULL;
    g_autofree char *foreign = NULL;

    ck_assert_ptr_nonnull(gpu);
    gfx = g_strdup_printf("%s (%s)", gpu->gfx != NULL ? gpu->gfx : "-",
                          source_names[gpu->gfx_source]);
    together = join_addresses(gpu->together);
    foreign = join_addresses(gpu->foreign);
    ck_assert_str_eq(gfx, row->gfx);
    ck_assert_str_eq(together, row->together);
    ck_assert_str_eq(foreign, row->foreign);
    check_atomics(gpu, row->atomics);
    check_passable(gpu, FALSE, row->refusal);
    check_passable(gpu, TRUE, row->forced_refusal);
}
END_TEST

START_TEST(remarks_on_ids_that_are_not_in_the_table)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("odd-ones");
    g_autoptr(AqrGpuInventory) inventory = look();
    g_auto(GStrv) remarks = aqr_gpu_inventory_remarks(inventory);

    ck_assert_uint_eq(g_strv_length(remarks), 2);
    ck_assert_str_eq(remarks[0],
                     "GPU 0000:02:00.0: the PCI id 1002:5046 is not in the table of GPUs, "
                     "so nobody knows its gfx target; name it by its address");
    ck_assert(g_str_has_prefix(remarks[1], "GPU 10000:e1:00.0: the PCI id 1002:7fff "));
}
END_TEST

/* The table of another day, of one line. */
static const struct {
    const char *host;
    const char *table;
    const char *remark;
} tables[] = {
    { "instinct-mi300x", "74a1 gfx942 discrete high\tAqua Vanjaram\tMI300X\n", NULL },
    { "instinct-mi300x", "73bf gfx1030 discrete high\tSienna Cichlid\tRX 6800\n",
      "GPU 0000:06:00.0: the PCI id 1002:74a1 is not in the table of GPUs; it is known as gfx942 "
      "only while amdgpu has it" },
    { "instinct-mi300x", "74a1 gfx950 discrete high\tAqua Vanjaram\tMI355X\n",
      "GPU 0000:06:00.0: the table of GPUs takes 1002:74a1 for gfx950, but amdgpu says gfx942" },
};

START_TEST(remarks_once_on_a_kind)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(tables[_i].host);
    char *dir = test_make_dir();
    g_autofree char *path = g_build_filename(dir, "table.tsv", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuInventory) inventory = NULL;
    g_auto(GStrv) remarks = NULL;

    ck_assert(g_file_set_contents(path, tables[_i].table, -1, NULL));
    inventory = aqr_gpu_inventory_new(path, &error);
    test_remove_dir(dir);
    ck_assert_no_error(error);
    remarks = aqr_gpu_inventory_remarks(inventory);
    ck_assert_uint_eq(g_strv_length(remarks), tables[_i].remark != NULL ? 1 : 0);
    ck_assert_pstr_eq(remarks[0], tables[_i].remark);
}
END_TEST

static const struct {
    const char *name;
    const char *message; /* a part of it */
} bad_tables[] = {
    { "amdgpu-gfx.tsv", "AQR_DATA_DIR" }, /* tests/ has none */
    { "meson.build", "meson.build\": line 1: " },
};

START_TEST(needs_its_table)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new("odd-ones");
    g_autofree char *path = test_data_path(bad_tables[_i].name);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_gpu_inventory_new(path, &error));
    ck_assert_msg(strstr(error->message, bad_tables[_i].message) != NULL, "%s", error->message);
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

START_TEST(needs_a_bus)
{
    g_autoptr(FakeSysfs) fake = fake_sysfs_new(NULL);
    g_autofree char *table = test_data_path("../data/amdgpu-gfx.tsv");
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_gpu_inventory_new(table, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

static gboolean
is_amd_display(const char *name)
{
    g_autofree char *dir = g_build_filename("/sys/bus/pci/devices", name, NULL);
    g_autofree char *vendor_path = g_build_filename(dir, "vendor", NULL);
    g_autofree char *class_path = g_build_filename(dir, "class", NULL);
    g_autofree char *vendor = NULL;
    g_autofree char *class = NULL;

    ck_assert(g_file_get_contents(vendor_path, &vendor, NULL, NULL));
    ck_assert(g_file_get_contents(class_path, &class, NULL, NULL));
    return strcmp(vendor, "0x1002\n") == 0 &&
           (g_str_has_prefix(class, "0x0300") || g_str_has_prefix(class, "0x0380") ||
            g_str_has_prefix(class, "0x1200"));
}

static gboolean
has_vfs(const char *name)
{
    g_autofree char *path = g_build_filename("/sys/bus/pci/devices", name, "virtfn0", NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* This machine's own: most have none. */
START_TEST(looks_at_this_machine)
{
    g_autoptr(GDir) bus = g_dir_open("/sys/bus/pci/devices", 0, NULL);
    g_autoptr(AqrGpuInventory) inventory = NULL;
    const char *name;

    if (bus == NULL)
        return; /* needs_a_bus() is about such a machine */
    inventory = look();
    while ((name = g_dir_read_name(bus)) != NULL) {
        const AqrGpu *gpu = find_gpu(inventory, name);

        ck_assert_int_eq(gpu != NULL, is_amd_display(name) && !has_vfs(name));
    }
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, lists, 0, G_N_ELEMENTS(hosts));
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, remarks_on_ids_that_are_not_in_the_table);
    tcase_add_loop_test(tcase, remarks_once_on_a_kind, 0, G_N_ELEMENTS(tables));
    tcase_add_loop_test(tcase, needs_its_table, 0, G_N_ELEMENTS(bad_tables));
    tcase_add_test(tcase, needs_a_bus);
    tcase_add_test(tcase, looks_at_this_machine);
}
