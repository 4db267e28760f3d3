/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-ready.h"

#include <string.h>

#include "support/check-main.h"
#include "support/data.h"

static const struct {
    const char *word;
    int ready; /* -1: refused */
} words[] = {
    { "none", AQR_GPU_READY_NONE },
    { "pci", AQR_GPU_READY_PCI },
    { "drm", AQR_GPU_READY_DRM },
    { "kfd", AQR_GPU_READY_KFD },
    { "KFD", -1 },
    { "", -1 },
};

START_TEST(parses)
{
    AqrGpuReady ready = AQR_GPU_READY_NONE;
    g_autoptr(GError) error = NULL;

    if (words[_i].ready >= 0) {
        ck_assert(aqr_gpu_ready_parse(words[_i].word, &ready, &error));
        ck_assert_int_eq(ready, words[_i].ready);
    } else {
        ck_assert(!aqr_gpu_ready_parse(words[_i].word, &ready, &error));
        ck_assert_error(error, AQR_ERROR_USAGE);
    }
}
END_TEST

#define PCI AQR_GPU_READY_PCI
#define DRM AQR_GPU_READY_DRM
#define KFD AQR_GPU_READY_KFD
#define YES AQR_GPU_VERDICT_YES
#define WAIT AQR_GPU_VERDICT_WAIT
#define NEVER AQR_GPU_VERDICT_NEVER
#define IT "GPU 0000:03:00.0 (in the guest 0000:01:00.0): "
#define NOT_FOUND(id, there)                                                                 \
    "GPU 0000:03:00.0: its PCI function, 1002:" id ", is not in the guest, which has " there \
    " of AMD's"
#define NO_ROOM                                                                               \
    IT "its BARs are unassigned: the guest's firmware or its port has no room for them; use " \
       "--boot=efi"
#define NO_MODULE                                                                          \
    IT "no driver took it: the kernel 6.12.57+deb13-cloud-amd64 has no amdgpu module, as " \
       "cloud kernels have not; put linux-image-amd64 into the image"
#define NOT_LOADED                                                                       \
    IT "no driver took it: amdgpu is not loaded, though the kernel 6.12.57+deb13-amd64 " \
       "has it; see whether the image blacklists it"
#define NO_FIRMWARE                                                             \
    IT "no driver took it, though amdgpu is loaded: there is no firmware; put " \
       "firmware-amd-graphics into the image"

/* "+": into the running guest; "!": udev has settled. The facts are those that the script
 * tells of gpu-trees/ (tests/component/gpu-script-test.c). The GPUs expected are
 * 0000:03:00.0 and 0000:83:00.0. */
static const struct {
    const char *facts;
    const char *how;
    AqrGpuReady ready;
    AqrGpuVerdict verdict;
    const char *first, *second; /* "73bf gfx1030" */
    const char *why;            /* in full */
    const char *remark;         /* how it begins */
} rows[] = {
    { "rx-6800-xt", "", KFD, YES, "73bf gfx1030", NULL, NULL, NULL },
    { "rx-6800-xt", "", KFD, YES, "73bf", NULL, NULL, NULL },
    { "rx-6800-xt", "", DRM, YES, "73bf gfx1030", NULL, NULL, NULL },
    { "rx-6800-xt", "", PCI, YES, "73bf gfx1030", NULL, NULL, NULL },
    { "rx-6800-xt", "", KFD, YES, NULL, NULL, NULL, NULL },
    { "rx-6700-xt", "", KFD, YES, "73df gfx1031", NULL, NULL, NULL },
    /* another than was wanted */
    { "rx-6700-xt", "+", KFD, NEVER, "73df gfx1030", NULL, IT "it is gfx1031, not gfx1030", NULL },
    { "rx-6700-xt", "", DRM, YES, "73df gfx1030", NULL, NULL, NULL },
    { "no-gfx", "", KFD, WAIT, "73bf gfx1030", NULL, IT "its KFD node does not tell its gfx target",
      NULL },
    { "rx-6700-xt", "+", KFD, WAIT, "73bf", NULL, NOT_FOUND("73bf", "0000:01:00.0 (1002:73df)"),
      NULL },
    { "rx-6700-xt", "", PCI, NEVER, "73bf", NULL, NOT_FOUND("73bf", "0000:01:00.0 (1002:73df)"),
      NULL },
    /* PCI */
    { "no-gpu", "+", PCI, WAIT, "73bf", NULL, NOT_FOUND("73bf", "none"), NULL },
    { "no-gpu", "", KFD, NEVER, "73bf", NULL, NOT_FOUND("73bf", "none"), NULL },
    { "no-gpu", "", AQR_GPU_READY_NONE, YES, "73bf", NULL, NULL, NULL },
    { "no-room", "+", PCI, WAIT, "73bf", NULL, NO_ROOM, NULL },
    { "no-room", "", KFD, NEVER, "73bf", NULL, NO_ROOM, NULL },
    { "forgotten-bars", "", PCI, NEVER, "73bf", NULL, NO_ROOM, NULL },
    /* the driver */
    { "cloud-kernel", "+", KFD, NEVER, "73bf", NULL, NO_MODULE, NULL },
    { "cloud-kernel", "", PCI, YES, "73bf", NULL, NULL, NULL },
    { "not-loaded", "", KFD, WAIT, "73bf", NULL, NOT_LOADED, NULL },
    { "not-loaded", "!", KFD, NEVER, "73bf", NULL, NOT_LOADED, NULL },
    { "not-loaded", "+!", DRM, WAIT, "73bf", NULL, NOT_LOADED, NULL },
    { "no-firmware", "", KFD, NEVER, "73bf", NULL, NO_FIRMWARE, NULL },
    { "no-firmware", "+", KFD, WAIT, "73bf", NULL, NO_FIRMWARE, NULL },
    { "starting", "!", KFD, WAIT, "73bf", NULL, IT "it has a driver, amdgpu, but no render node",
      NULL },
    { "no-render-node", "", DRM, WAIT, "73bf", NULL,
      IT "it has a driver, amdgpu, but no render node", NULL },
    { "rage-128", "", KFD, NEVER, "5046", NULL, IT "its driver is aty128fb, not amdgpu", NULL },
    { "rage-128", "", DRM, WAIT, "5046", NULL, IT "it has a driver, aty128fb, but no render node",
      NULL },
    { "rage-128", "", PCI, YES, "5046", NULL, NULL, NULL },
    /* KFD */
    { "no-kfd-node", "", KFD, WAIT, "67df", NULL, IT "KFD has no node for it", NULL },
    { "no-kfd-node", "", DRM, YES, "67df", NULL, NULL, NULL },
    { "no-kfd", "", KFD, NEVER, "73bf", NULL,
      IT "the guest's kernel has no KFD (CONFIG_HSA_AMD); put linux-image-amd64 into the image",
      NULL },
    { "no-atomics", "", KFD, YES, "73bf gfx1030", NULL, NULL,
      IT "it has no PCIe atomics of 32 and 64 bit there: " },
    { "root-only", "", KFD, YES, "73bf", NULL, NULL,
      IT "/dev/dri/renderD128 is not for the groups render and video: it is crw-------, " },
    { "root-only", "", DRM, YES, "73bf", NULL, NULL,
      IT "/dev/dri/renderD128 is not for the groups render and video: " },
    /* several */
    { "two-ready", "", KFD, YES, "73bf gfx1030", "74a1 gfx942", NULL, NULL },
    { "two-ready", "", KFD, YES, "74a1 gfx942", "73bf gfx1030", NULL, NULL },
    { "two-ready", "", KFD, NEVER, "73bf", "73bf",
      "GPU 0000:83:00.0: its PCI function, 1002:73bf, is not in the guest, which has "
      "0000:01:00.0 (1002:73bf), 0000:02:00.0 (1002:74a1) of AMD's",
      NULL },
    { "two-one-ready", "", KFD, NEVER, "73bf", "73bf",
      "GPU 0000:83:00.0 (in the guest 0000:02:00.0): no driver took it, though amdgpu is loaded",
      NULL },
    { "two-one-ready", "+", KFD, WAIT, "73bf", "73df",
      "GPU 0000:83:00.0: its PCI function, 1002:73df, is not in the guest, which has "
      "0000:01:00.0 (1002:73bf), 0000:02:00.0 (1002:73bf) of AMD's",
      NULL },
    { "two-one-ready", "+", KFD, NEVER, "73bf gfx900", "73bf",
      IT "it is gfx1030, not gfx900; GPU 0000:83:00.0 (in the guest 0000:02:00.0): no driver took "
         "it, though amdgpu is loaded",
      NULL },
    /* in partitions: each has its node and its render node */
    { "mi300-partitioned", "", KFD, YES, "74a1 gfx942", NULL, NULL, NULL },
    { "mi300-node-missing", "", KFD, WAIT, "74a1 gfx942", NULL,
      IT "/dev/dri/renderD130 is not there", NULL },
    /* no facts */
    { "nothing", "", PCI, NEVER, "73bf", NULL, NOT_FOUND("73bf", "none"), NULL },
};

static void
expect(GPtrArray *expected, const char *gpu, const char *address)
{
    g_auto(GStrv) parts = gpu == NULL ? NULL : g_strsplit(gpu, " ", 2);
    AqrGpuExpected *added;

    if (gpu == NULL)
        return;
    added = g_new0(AqrGpuExpected, 1);
    added->device = (guint16)g_ascii_strtoull(parts[0], NULL, 16);
    added->gfx = g_strdup(parts[1]);
    added->address = g_strdup(address);
    g_ptr_array_add(expected, added);
}

static char *
read_facts(const char *name, gboolean settled)
{
    g_autofree char *path = g_build_filename("fuzz", "corpus", "gpu-facts", name, NULL);
    g_autofree char *text = test_data_read(path, NULL);

    return g_strconcat(settled ? "settled\n" : "", text, NULL);
}

START_TEST(judges)
{
    g_autoptr(GPtrArray) expected =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_expected_free);
    g_autofree char *facts = read_facts(rows[_i].facts, strchr(rows[_i].how, '!') != NULL);
    AqrGpuDemand demand = { .expected = expected, .ready = rows[_i].ready };
    g_autofree char *why = NULL, *remark = NULL;

    demand.plugged = strchr(rows[_i].how, '+') != NULL;
    expect(expected, rows[_i].first, "0000:03:00.0");
    expect(expected, rows[_i].second, "0000:83:00.0");
    ck_assert_int_eq(aqr_gpu_ready_judge(facts, &demand, &why, &remark, NULL), rows[_i].verdict);
    ck_assert_pstr_eq(why, rows[_i].why);
    if (rows[_i].remark == NULL)
        ck_assert_pstr_eq(remark, NULL);
    else
        ck_assert_msg(remark != NULL && g_str_has_prefix(remark, rows[_i].remark), "%s", remark);
}
END_TEST

/* Which of them are to blame, neither the image nor the user. "?": if a driver has tried it. */
static const struct {
    const char *facts;
    AqrGpuReady ready;
    const char *first, *second;
    const char *blamed;
} faults[] = {
    { "rx-6800-xt", KFD, "73bf gfx1030", NULL, "" },
    { "rx-6700-xt", KFD, "73df gfx1030", NULL, "" },
    { "no-gfx", KFD, "73bf gfx1030", NULL, "" },
    { "no-room", KFD, "73bf", NULL, "" },
    { "forgotten-bars", PCI, "73bf", NULL, "" },
    { "cloud-kernel", KFD, "73bf", NULL, "" },
    { "not-loaded", KFD, "73bf", NULL, "" },
    { "no-firmware", KFD, "73bf", NULL, "" },
    { "rage-128", KFD, "5046", NULL, "" },
    { "no-kfd", KFD, "73bf", NULL, "" },
    { "mi300-node-missing", KFD, "74a1 gfx942", NULL, "" },
    { "short-lines", KFD, "73bf", NULL, "" },
    { "no-gpu", AQR_GPU_READY_NONE, "73bf", NULL, "" },
    { "no-gpu", PCI, "73bf", NULL, "0000:03:00.0: " NOT_FOUND("73bf", "none") "\n" },
    { "starting", KFD, "73bf", NULL,
      "0000:03:00.0: " IT "it has a driver, amdgpu, but no render node\n" },
    { "no-render-node", DRM, "73bf", NULL,
      "0000:03:00.0: " IT "it has a driver, amdgpu, but no render node\n" },
    { "no-kfd-node", KFD, "67df", NULL, "0000:03:00.0: " IT "KFD has no node for it\n" },
    /* several: which of two of a kind is missing nobody can tell */
    { "two-ready", KFD, "73bf", "73bf", "" },
    { "two-ready", KFD, "73bf gfx900", "74a0",
      "0000:83:00.0: GPU 0000:83:00.0: its PCI function, 1002:74a0, is not in the guest, which has "
      "0000:01:00.0 (1002:73bf), 0000:02:00.0 (1002:74a1) of AMD's\n" },
    { "two-one-ready", KFD, "73bf", "73bf",
      "0000:83:00.0?: GPU 0000:83:00.0 (in the guest 0000:02:00.0): no driver took it, though "
      "amdgpu is loaded\n" },
};

static char *
list_failures(const GPtrArray *failures)
{
    GString *list = g_string_new(NULL);

    for (guint i = 0; i < failures->len; i++) {
        const AqrGpuFailure *failure = failures->pdata[i];

        g_string_append_printf(list, "%s%s: %s\n", failure->address, failure->if_tried ? "?" : "",
                               failure->why);
    }
    return g_string_free(list, FALSE);
}

START_TEST(blames)
{
    g_autoptr(GPtrArray) expected =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_expected_free);
    g_autoptr(GPtrArray) failures =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_failure_free);
    g_autofree char *facts = read_facts(faults[_i].facts, TRUE);
    AqrGpuDemand demand = { .expected = expected, .ready = faults[_i].ready };
    g_autofree char *why = NULL, *remark = NULL, *list = NULL;

    expect(expected, faults[_i].first, "0000:03:00.0");
    expect(expected, faults[_i].second, "0000:83:00.0");
    aqr_gpu_ready_judge(facts, &demand, &why, &remark, failures);
    list = list_failures(failures);
    ck_assert_str_eq(list, faults[_i].blamed);
}
END_TEST

/* What a script that was cut off told counts for nothing. */
START_TEST(wants_the_end)
{
    g_autoptr(GPtrArray) expected =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_expected_free);
    g_autofree char *facts = read_facts("rx-6800-xt", FALSE);
    AqrGpuDemand demand = { .expected = expected, .ready = KFD };
    g_autofree char *why = NULL, *remark = NULL;

    expect(expected, "73bf", "0000:03:00.0");
    *strstr(facts, "\nend") = '\0';
    ck_assert_int_eq(aqr_gpu_ready_judge(facts, &demand, &why, &remark, NULL), WAIT);
    ck_assert_str_eq(why, "the guest does not tell what GPUs it has");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(words));
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, blames, 0, G_N_ELEMENTS(faults));
    tcase_add_test(tcase, wants_the_end);
}
