/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-message.h"

#include "support/check-main.h"

#define A "amdgpu 0000:01:00.0: "
#define KFD AQR_GPU_READY_KFD
#define DRM AQR_GPU_READY_DRM
#define PCI AQR_GPU_READY_PCI
#define OTHER AQR_GPU_MESSAGE_OTHER
#define STORY AQR_GPU_MESSAGE_STORY
#define LOOK AQR_GPU_MESSAGE_LOOK
#define PEEK AQR_GPU_MESSAGE_PEEK
#define HINT AQR_GPU_MESSAGE_HINT
#define FATAL AQR_GPU_MESSAGE_FATAL
#define MISSING(file) \
    "firmware is missing: amdgpu/" file "; put firmware-amd-graphics into the image"

/* As the kernels of Debian 12, 13 and sid print them; "why" is how it begins. */
static const struct {
    const char *text;
    AqrGpuReady ready;
    AqrGpuMessage meaning;
    const char *why;
} rows[] = {
    { "kfd kfd: amdgpu: skipped device 1002:67df, PCI rejects atomics 730<0", KFD, FATAL,
      "KFD refuses it without PCIe atomics; " },
    { "kfd kfd: amdgpu: skipped device 1002:67df, PCI rejects atomics 730<0", DRM, STORY, NULL },
    { "kfd kfd: amdgpu: GC IP 0b0503  not supported in kfd", KFD, FATAL,
      "the guest's kernel is too old for it; " },
    { "kfd kfd: amdgpu: GC IP 0b0503  not supported in kfd", DRM, STORY, NULL },
    { "kfd kfd: amdgpu: device 1002:73bf NOT added due to errors", KFD, FATAL, NULL },
    { A "amdgpu: Fatal error during GPU init", KFD, FATAL, NULL },
    { A "amdgpu: Fatal error during GPU init", DRM, FATAL, NULL },
    { A "amdgpu: Fatal error during GPU init", PCI, STORY, NULL },
    { "amdgpu: probe of 0000:01:00.0 failed with error -22", KFD, FATAL, NULL },
    { A "probe with driver amdgpu failed with error -22", KFD, FATAL, NULL },
    { "radeon: probe of 0000:01:00.0 failed with error -22", KFD, OTHER, NULL },
    { "[drm:psp_v11_0_ring_create [amdgpu]] *ERROR* PSP firmware loading failed", KFD, HINT,
      "its security processor did not take the firmware; " },
    { "[drm:psp_hw_start [amdgpu]] *ERROR* PSP tmr init failed!", KFD, HINT,
      "the host's console " },
    { A "amdgpu: Unable to locate a BIOS ROM", KFD, HINT, "its video BIOS cannot be read" },
    { "[drm:atom_op_jump [amdgpu]] *ERROR* atombios stuck in loop for more than 20secs aborting",
      KFD, HINT, "it has not come out of its last reset; " },
    { A "amdgpu: asic reset on init failed", KFD, HINT, "the driver could not reset it; " },
    { A "amdgpu: Pending hive reset.", KFD, HINT, "it waits for its XGMI hive" },
    { A "Direct firmware load for amdgpu/navi21_sos.bin failed with error -2", KFD, HINT,
      MISSING("navi21_sos.bin") },
    { A "firmware: failed to load amdgpu/gc_11_5_3_mec.bin (-2)", DRM, HINT,
      MISSING("gc_11_5_3_mec.bin") },
    { A "firmware: failed to load amdgpu/gc_11_5_3_mec.bin (-2)", PCI, STORY, NULL },
    { A "Direct firmware load for amdgpu/x\x1b[2Jy failed with error -2", KFD, HINT, MISSING("x") },
    { "iwlwifi 0000:02:00.0: Direct firmware load for iwlwifi-1.ucode failed with error -2", KFD,
      OTHER, NULL },
    { A "firmware: direct-loading firmware amdgpu/navi21_sos.bin", KFD, STORY, NULL },
    /* the GPU has come, or has come further */
    { "pci 0000:01:00.0: [1002:73bf] type 00 class 0x030000", PCI, LOOK, NULL },
    { "pci 0000:01:00.0: [8086:10d3] type 00 class 0x020000", PCI, OTHER, NULL },
    { "pci 0000:01:00.0: BAR 0: assigned [mem 0x800000000-0x80fffffff 64bit pref]", PCI, PEEK,
      NULL },
    { "pci 0000:01:00.0: BAR 0 [mem 0x800000000-0x80fffffff 64bit pref]: assigned", PCI, PEEK,
      NULL },
    { "kfd kfd: amdgpu: added device 1002:73bf", KFD, LOOK, NULL },
    { "[drm] Initialized amdgpu 3.61.0 for 0000:01:00.0 on minor 0", KFD, LOOK, NULL },
    /* no harm by itself: ports that nobody uses say so in every boot */
    { "pci 0000:00:02.0: BAR 13: failed to assign [io  size 0x1000]", PCI, STORY, NULL },
    { "pci 0000:00:02.0: bridge window [io  size 0x1000]: failed to assign", PCI, OTHER, NULL },
    { "pci 0000:00:01.0: bridge window [io  0x1000-0x1fff]: assigned", PCI, OTHER, NULL },
    { "pci 0000:01:00.0: BAR 0: no space for [mem size 0x400000000 64bit pref]", KFD, STORY, NULL },
    { "[drm] amdgpu kernel modesetting enabled.", KFD, STORY, NULL },
    { A "amdgpu: PCIE atomic ops is not supported", KFD, STORY, NULL },
    { "EXT4-fs (vda1): mounted filesystem", KFD, OTHER, NULL },
    { "", KFD, OTHER, NULL },
};

START_TEST(judges)
{
    g_autofree char *why = NULL;

    ck_assert_int_eq(aqr_gpu_message_judge(rows[_i].text, rows[_i].ready, &why), rows[_i].meaning);
    if (rows[_i].why == NULL)
        ck_assert_pstr_eq(why, NULL);
    else
        ck_assert_msg(why != NULL && g_str_has_prefix(why, rows[_i].why), "%s", why);
}
END_TEST

/* Others than the GPU. */
static const struct {
    const char *text;
    gboolean of_others;
} blamed[] = {
    { A "Direct firmware load for amdgpu/navi21_sos.bin failed with error -2", TRUE },
    { A "firmware: failed to load amdgpu/gc_11_5_3_mec.bin (-2)", TRUE },
    { "kfd kfd: amdgpu: GC IP 0b0503  not supported in kfd", TRUE },
    { A "amdgpu: Pending hive reset.", TRUE },
    { "kfd kfd: amdgpu: skipped device 1002:67df, PCI rejects atomics 730<0", FALSE },
    { A "amdgpu: Fatal error during GPU init", FALSE },
    { "[drm:psp_hw_start [amdgpu]] *ERROR* PSP firmware loading failed", FALSE },
    { A "probe with driver amdgpu failed with error -22", FALSE },
};

START_TEST(tells_whose_fault)
{
    ck_assert_int_eq(aqr_gpu_message_is_of_others(blamed[_i].text), blamed[_i].of_others);
}
END_TEST

static const struct {
    const char *record, *text;
    guint64 number;
} records[] = {
    { "6,339,5140900,-;NET: Registered", "NET: Registered", 339 },
    { "4,712,5140900,c,caller=T1;text; and more", "text; and more", 712 },
    { "0,0,0,-;", "", 0 },
    { "7,18446744073709551615,0,-;x", "x", G_MAXUINT64 },
    { "12,340,5140900,-;from a program", NULL, 0 },
    { "30,340,5140900,-;systemd[1]: amdgpu", NULL, 0 },
    { " SUBSYSTEM=pci", NULL, 0 },
    { " 6,339,0,-;x", NULL, 0 },
    { "6,339", NULL, 0 },
    { "6,;x", NULL, 0 },
    { "6;339,x", NULL, 0 },
    { "-1,339,0,-;x", NULL, 0 },
    { "", NULL, 0 },
};

START_TEST(reads_record)
{
    guint64 number = 0;

    ck_assert_pstr_eq(aqr_gpu_message_text(records[_i].record, &number), records[_i].text);
    ck_assert_uint_eq(number, records[_i].number);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, tells_whose_fault, 0, G_N_ELEMENTS(blamed));
    tcase_add_loop_test(tcase, reads_record, 0, G_N_ELEMENTS(records));
}
