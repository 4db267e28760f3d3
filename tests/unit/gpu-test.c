/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu.h"

#include "base/error.h"
#include "support/check-main.h"
#include "support/fake-pci.h"

#define TABLE                                                     \
    "73bf gfx1030 discrete high Navi 21\tAMD Radeon RX 6800 XT\n" \
    "74a1 gfx942 discrete high MI300\tAMD Instinct MI300X\n"      \
    "74b5 gfx942 virtual high MI300\tAMD Instinct MI300X VF\n"    \
    "1681 gfx1035 apu high Rembrandt\tAMD Radeon 680M\n"          \
    "7360 gfx1011 discrete high -\t-\n"

/* --- which are there, and what they are ------------------------------------ */

static const struct {
    FakePci row;
    const char *gfx; /* NULL: unknown */
    AqrGfxSource source;
    AqrGpuKind kind;
    const char *name; /* NULL: it is no GPU */
} functions[] = {
    { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000 },
      "gfx1030",
      AQR_GFX_TABLE,
      AQR_GPU_DISCRETE,
      "AMD Radeon RX 6800 XT" },
    { { "03:00.0", NULL, 0x1002, 0x73bf, 0x038000 },
      "gfx1030",
      AQR_GFX_TABLE,
      AQR_GPU_DISCRETE,
      "AMD Radeon RX 6800 XT" },
    { { "03:00.0", NULL, 0x1002, 0x74a1, 0x120000 },
      "gfx942",
      AQR_GFX_TABLE,
      AQR_GPU_DISCRETE,
      "AMD Instinct MI300X" },
    { { "03:02.0", NULL, 0x1002, 0x74b5, 0x120000, .physical = "03:00.0" },
      "gfx942",
      AQR_GFX_TABLE,
      AQR_GPU_VIRTUAL,
      "AMD Instinct MI300X VF" },
    { { "03:02.0", NULL, 0x1002, 0xfffe, 0x120000, .physical = "03:00.0" },
      NULL,
      AQR_GFX_UNKNOWN,
      AQR_GPU_VIRTUAL,
      "1002:fffe" },
    { { "03:00.0", NULL, 0x1002, 0x1681, 0x030000 },
      "gfx1035",
      AQR_GFX_TABLE,
      AQR_GPU_APU,
      "AMD Radeon 680M" },
    { { "03:00.0", NULL, 0x1002, 0x7360, 0x030000 },
      "gfx1011",
      AQR_GFX_TABLE,
      AQR_GPU_DISCRETE,
      "1002:7360" },
    { { "03:00.0", NULL, 0x1002, 0xfffe, 0x030000 },
      NULL,
      AQR_GFX_UNKNOWN,
      AQR_GPU_DISCRETE,
      "1002:fffe" },
    /* who knows better: the KFD, then the discovery, then the table */
    { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, .gfx_version = 90010, .gc_version = 0x0b0003 },
      "gfx90a",
      AQR_GFX_KFD,
      AQR_GPU_DISCRETE,
      "AMD Radeon RX 6800 XT" },
    { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, .gc_version = 0x0b0003 },
      "gfx1101",
      AQR_GFX_DISCOVERY,
      AQR_GPU_DISCRETE,
      "AMD Radeon RX 6800 XT" },
    { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, .gc_version = 0xff0000 },
      "gfx1030",
      AQR_GFX_TABLE,
      AQR_GPU_DISCRETE,
      "AMD Radeon RX 6800 XT" },
    { { "03:00.0", NULL, 0x1002, 0xfffe, 0x030000, .gfx_version = 42 },
      NULL,
      AQR_GFX_UNKNOWN,
      AQR_GPU_DISCRETE,
      "1002:fffe" },
    /* none */
    { { "03:00.0", NULL, 0x1002, 0x74a1, 0x120000, .n_vfs = 8 }, NULL, 0, 0, NULL },
    { { "03:00.1", NULL, 0x1002, 0xab28, 0x040300 }, NULL, 0, 0, NULL },
    { { "03:00.0", NULL, 0x10de, 0x73bf, 0x030000 }, NULL, 0, 0, NULL },
    { { "03:00.0", NULL, 0x1002, 0x1478, 0x060400 }, NULL, 0, 0, NULL },
    { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030200 }, NULL, 0, 0, NULL },
};

START_TEST(tells_what_it_is)
{
    const FakePci rows[] = { functions[_i].row, { NULL } };
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_parse(TABLE, NULL);
    g_autoptr(GPtrArray) devices = fake_pci_devices(rows);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    const AqrGpu *gpu;

    ck_assert_uint_eq(gpus->len, functions[_i].name == NULL ? 0 : 1);
    if (gpus->len == 0)
        return;
    gpu = gpus->pdata[0];
    ck_assert_ptr_eq(gpu->device, devices->pdata[0]);
    ck_assert_pstr_eq(gpu->gfx, functions[_i].gfx);
    ck_assert_int_eq(gpu->gfx_source, functions[_i].source);
    ck_assert_int_eq(gpu->kind, functions[_i].kind);
    ck_assert_str_eq(gpu->name, functions[_i].name);
}
END_TEST

START_TEST(lists_by_address)
{
    const FakePci rows[] = {
        { "43:00.0", NULL, 0x1002, 0x73bf, 0x030000, 4 },
        { "00:1f.0", NULL, 0x8086, 0x1234, 0x060100, 1 },
        { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 3 },
        { "0001:03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 5 },
        { NULL },
    };
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) devices = fake_pci_devices(rows);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    const AqrPciAddress address = { 0, 0x43, 0, 0 };
    const AqrPciAddress absent = { 0, 0x43, 0, 1 };
    static const char *const wanted[] = { "0000:03:00.0", "0000:43:00.0", "0001:03:00.0" };

    ck_assert_uint_eq(gpus->len, G_N_ELEMENTS(wanted));
    for (guint i = 0; i < gpus->len; i++) {
        g_autofree char *name = aqr_gpu_address(gpus->pdata[i]);

        ck_assert_str_eq(name, wanted[i]);
    }
    ck_assert_ptr_eq(aqr_gpu_find(gpus, &address), gpus->pdata[1]);
    ck_assert_ptr_null(aqr_gpu_find(gpus, &absent));
}
END_TEST

START_TEST(frees_nothing)
{
    aqr_gpu_free(NULL);
}
END_TEST

/* --- what goes along ------------------------------------------------------- */

/* The first row is the GPU. */
static const struct {
    FakePci rows[8];
    const char *together, *foreign;
} hosts[] = {
    /* a Radeon with audio, USB and UCSI below its own switch, all in one group */
    { { { "03:00.0", "02:00.0", 0x1002, 0x73bf, 0x030000, 16 },
        { "03:00.3", "02:00.0", 0x1002, 0x73a4, 0x0c8000, 16 },
        { "03:00.1", "02:00.0", 0x1002, 0xab28, 0x040300, 16 },
        { "03:00.2", "02:00.0", 0x1002, 0x73a6, 0x0c0330, 16 },
        { "01:00.0", "00:01.1", 0x1002, 0x1478, 0x060400, 16 },
        { "02:00.0", "01:00.0", 0x1002, 0x1479, 0x060400, 16 },
        { "04:00.0", "00:01.2", 0x144d, 0xa808, 0x010802, 17 },
        { NULL } },
      "0000:03:00.0 0000:03:00.1 0000:03:00.2 0000:03:00.3",
      "" },
    /* the audio is in another group, with a disk */
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 16 },
        { "03:00.1", NULL, 0x1002, 0xab28, 0x040300, 17 },
        { "04:00.0", NULL, 0x144d, 0xa808, 0x010802, 17 },
        { "05:00.0", NULL, 0x8086, 0x1521, 0x020000, 18 },
        { NULL } },
      "0000:03:00.0 0000:03:00.1 0000:04:00.0",
      "0000:04:00.0" },
    /* a laptop's APU, with all that is in its slot in one group */
    { { { "04:00.0", NULL, 0x1002, 0x1681, 0x030000, 5 },
        { "04:00.1", NULL, 0x1002, 0x1640, 0x040300, 5 },
        { "04:00.2", NULL, 0x1022, 0x1649, 0x108000, 5 },
        { "04:00.3", NULL, 0x1022, 0x161d, 0x0c0330, 5 },
        { "04:00.5", NULL, 0x1022, 0x15e2, 0x048000, 5 },
        { NULL } },
      "0000:04:00.0 0000:04:00.1 0000:04:00.2 0000:04:00.3 0000:04:00.5",
      "0000:04:00.2 0000:04:00.3" },
    /* one whose functions have a group each: what is not of the card stays */
    { { { "04:00.0", NULL, 0x1002, 0x1681, 0x030000, 5 },
        { "04:00.1", NULL, 0x1002, 0x1640, 0x040300, 6 },
        { "04:00.2", NULL, 0x1022, 0x1649, 0x108000, 7 },
        { "04:00.3", NULL, 0x1022, 0x161d, 0x0c0330, 8 },
        { NULL } },
      "0000:04:00.0 0000:04:00.1",
      "" },
    /* two GPUs on a card behind a switch; the other's audio is in the group, too */
    { { { "03:00.0", "02:00.0", 0x1002, 0x73bf, 0x030000, 9 },
        { "06:00.0", "02:08.0", 0x1002, 0x73bf, 0x030000, 9 },
        { "06:00.1", "02:08.0", 0x1002, 0xab28, 0x040300, 9 },
        { "02:00.0", "01:00.0", 0x10b5, 0x8747, 0x060400, 9 },
        { "02:08.0", "01:00.0", 0x10b5, 0x8747, 0x060400, 9 },
        { NULL } },
      "0000:03:00.0 0000:06:00.0 0000:06:00.1",
      "" },
    /* what comes along by the group brings no other group along */
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9 },
        { "06:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9 },
        { "06:00.1", NULL, 0x1002, 0xab28, 0x040300, 10 },
        { NULL } },
      "0000:03:00.0 0000:06:00.0",
      "" },
    /* a sound card is of a card only in a GPU's slot, and so is what is AMD's */
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9 },
        { "05:00.0", NULL, 0x1102, 0x0012, 0x040300, 9 },
        { "07:00.0", NULL, 0x1002, 0x4384, 0x0c0330, 9 },
        { NULL } },
      "0000:03:00.0 0000:05:00.0 0000:07:00.0",
      "0000:05:00.0 0000:07:00.0" },
    /* virtual functions have the number of a slot in common, and no more */
    { { { "03:02.0", NULL, 0x1002, 0x74b5, 0x120000, 31, .physical = "03:00.0" },
        { "03:02.1", NULL, 0x1002, 0x74b5, 0x120000, 32, .physical = "03:00.0" },
        { "03:00.0", NULL, 0x1002, 0x74a1, 0x120000, 30, .n_vfs = 2 },
        { NULL } },
      "0000:03:02.0",
      "" },
    { { { "03:00.2", NULL, 0x1002, 0x74b5, 0x120000, 30, .physical = "03:00.0" },
        { "03:00.0", NULL, 0x1002, 0x74a1, 0x120000, 30, .n_vfs = 1 },
        { NULL } },
      "0000:03:00.0 0000:03:00.2",
      "0000:03:00.0" },
    /* without an IOMMU the slot is all there is */
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000 },
        { "03:00.1", NULL, 0x1002, 0xab28, 0x040300 },
        { "04:00.0", NULL, 0x144d, 0xa808, 0x010802 },
        { NULL } },
      "0000:03:00.0 0000:03:00.1",
      "" },
};

START_TEST(tells_what_goes_along)
{
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_parse(TABLE, NULL);
    g_autoptr(GPtrArray) devices = fake_pci_devices(hosts[_i].rows);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    const AqrPciDevice *first = devices->pdata[0];
    const AqrGpu *gpu = aqr_gpu_find(gpus, &first->address);
    g_autofree char *together = fake_pci_names(gpu->together);
    g_autofree char *foreign = fake_pci_names(gpu->foreign);

    ck_assert_str_eq(together, hosts[_i].together);
    ck_assert_str_eq(foreign, hosts[_i].foreign);
}
END_TEST

/* --- what speaks against it ------------------------------------------------ */

/* The first row is the GPU. */
static const struct {
    FakePci rows[4];
    const char *error;  /* NULL: nothing */
    const char *forced; /* all the same when forced; NULL: nothing */
} passables[] = {
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "amdgpu" }, { NULL } }, NULL, NULL },
    { { { "03:00.0", NULL, 0x1002, 0xfffe, 0x030000, 9, NULL }, { NULL } }, NULL, NULL },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 0, "amdgpu" }, { NULL } },
      "GPU 0000:03:00.0: 0000:03:00.0 is in no IOMMU group; turn on the IOMMU (AMD-Vi, VT-d) in "
      "the firmware, and for Intel's start the kernel with intel_iommu=on",
      "GPU 0000:03:00.0: 0000:03:00.0 is in no IOMMU group; turn on the IOMMU (AMD-Vi, VT-d) in "
      "the firmware, and for Intel's start the kernel with intel_iommu=on" },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "vfio-pci" },
        { "03:00.1", NULL, 0x1002, 0xab28, 0x040300, 9, .config = FAKE_CONFIG_LOST },
        { NULL } },
      "GPU 0000:03:00.0: 0000:03:00.1 has fallen off the bus, and reads as all ones; restart the "
      "host",
      "GPU 0000:03:00.0: 0000:03:00.1 has fallen off the bus, and reads as all ones; restart the "
      "host" },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "amdgpu" },
        { "05:00.0", NULL, 0x144d, 0xa808, 0x010802, 9, "nvme" },
        { "06:00.0", NULL, 0x8086, 0x1521, 0x020000, 9, NULL },
        { NULL } },
      "GPU 0000:03:00.0: the host would lose 0000:05:00.0 (an NVMe disk, driver nvme), "
      "0000:06:00.0 (a network card) with it, by IOMMU group 9; put the card into another slot, "
      "or turn on ACS in the firmware",
      "GPU 0000:03:00.0: the host would lose 0000:05:00.0 (an NVMe disk, driver nvme), "
      "0000:06:00.0 (a network card) with it, by IOMMU group 9; put the card into another slot, "
      "or turn on ACS in the firmware" },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "amdgpu", .boot_vga = TRUE }, { NULL } },
      "GPU 0000:03:00.0: 0000:03:00.0 is the display that the host has booted on, and amdgpu has "
      "it; bind it to vfio-pci when the host starts, or use --gpu-force",
      NULL },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "amdgpu" },
        { "06:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "amdgpu", .boot_vga = TRUE },
        { NULL } },
      "GPU 0000:03:00.0: 0000:06:00.0 is the display that the host has booted on, and amdgpu has "
      "it; bind it to vfio-pci when the host starts, or use --gpu-force",
      NULL },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, "vfio-pci", .boot_vga = TRUE }, { NULL } },
      NULL,
      NULL },
    { { { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 9, NULL, .boot_vga = TRUE }, { NULL } },
      NULL,
      NULL },
    { { { "03:00.0", NULL, 0x1002, 0x74a1, 0x120000, 9, "amdgpu" }, { NULL } },
      "GPU 0000:03:00.0: a reset by VFIO may lose a gfx942 until the host restarts; pass one of "
      "its virtual functions, which AMD's driver gim gives out, or use --gpu-force",
      NULL },
    { { { "03:00.0", NULL, 0x1002, 0xfffe, 0x120000, 9, .gfx_version = 90500 }, { NULL } },
      "GPU 0000:03:00.0: a reset by VFIO may lose a gfx950 until the host restarts; pass one of "
      "its virtual functions, which AMD's driver gim gives out, or use --gpu-force",
      NULL },
    { { { "03:02.0", NULL, 0x1002, 0x74b5, 0x120000, 9, .physical = "03:00.0" }, { NULL } },
      NULL,
      NULL },
    { { { "04:00.0", NULL, 0x1002, 0x1681, 0x030000, 9, "amdgpu" }, { NULL } },
      "GPU 0000:04:00.0: it is part of the processor, an APU, and may need a restart of the host "
      "after each guest; choose another, or use --gpu-force",
      NULL },
    /* a new one, told by its neighbours in the slot */
    { { { "04:00.0", NULL, 0x1002, 0xfffe, 0x030000, 9, "amdgpu" },
        { "04:00.2", NULL, 0x1022, 0x1649, 0x108000, 10 },
        { NULL } },
      "GPU 0000:04:00.0: it is part of the processor, an APU, and may need a restart of the host "
      "after each guest; choose another, or use --gpu-force",
      NULL },
};

static void
check_passable(const AqrGpu *gpu, gboolean forced, const char *message)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(aqr_gpu_check_passable(gpu, forced, &error), message == NULL);
    ck_assert_pstr_eq(error == NULL ? NULL : error->message, message);
    if (message != NULL)
        ck_assert(g_error_matches(error, AQR_ERROR,
                                  g_strrstr(message, "no IOMMU") != NULL ? AQR_ERROR_HOST
                                                                         : AQR_ERROR_GPU));
}

START_TEST(tells_what_speaks_against)
{
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_parse(TABLE, NULL);
    g_autoptr(GPtrArray) devices = fake_pci_devices(passables[_i].rows);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);

    check_passable(gpus->pdata[0], FALSE, passables[_i].error);
    check_passable(gpus->pdata[0], TRUE, passables[_i].forced);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells_what_it_is, 0, G_N_ELEMENTS(functions));
    tcase_add_test(tcase, lists_by_address);
    tcase_add_test(tcase, frees_nothing);
    tcase_add_loop_test(tcase, tells_what_goes_along, 0, G_N_ELEMENTS(hosts));
    tcase_add_loop_test(tcase, tells_what_speaks_against, 0, G_N_ELEMENTS(passables));
}
