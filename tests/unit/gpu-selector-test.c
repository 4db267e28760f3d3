/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-selector.h"

#include "base/error.h"
#include "support/check-main.h"
#include "support/fake-pci.h"

static const struct {
    const char *words[4];
    const char *selectors; /* NULL: refused */
    const char *error;
} lines[] = {
    { { NULL }, "any", NULL },
    { { "any" }, "any", NULL },
    { { "any", "any" }, "any any", NULL },
    { { "none" }, "", NULL },
    { { "all" }, "all", NULL },
    { { "gfx90a" }, "gfx90a", NULL },
    { { "gfx90a", "gfx90a", "any" }, "gfx90a gfx90a any", NULL },
    { { "03:00.0", "0000:C3:00.0" }, "0000:03:00.0 0000:c3:00.0", NULL },
    { { "03:02.0", "03:02.1" }, "0000:03:02.0 0000:03:02.1", NULL }, /* virtual functions */
    { { "any", "03:00.0" }, "any 0000:03:00.0", NULL },
    { { "03:00.0", "any", "0000:03:00.0" }, NULL, "--gpu: \"0000:03:00.0\" is given twice" },
    { { "none", "any" }, NULL, "--gpu: \"none\" contradicts another --gpu" },
    { { "any", "none" }, NULL, "--gpu: \"none\" contradicts another --gpu" },
    { { "none", "none" }, NULL, "--gpu: \"none\" contradicts another --gpu" },
    { { "all", "any" }, NULL, "--gpu: \"all\" leaves nothing for another --gpu" },
    { { "gfx90a", "all" }, NULL, "--gpu: \"all\" leaves nothing for another --gpu" },
    { { "all", "all" }, NULL, "--gpu: \"all\" leaves nothing for another --gpu" },
    { { "gfx90A" },
      NULL,
      "--gpu: \"gfx90A\" is not the address of a GPU, such as 0000:03:00.0, nor a gfx target, such "
      "as gfx1030, nor any, all or none" },
    { { "03:00" }, NULL, "--gpu: \"03:00\" is not " },
    { { "" }, NULL, "--gpu: \"\" is not " },
    { { "ALL" }, NULL, "--gpu: \"ALL\" is not " },
    { { "1" }, NULL, "--gpu: \"1\" is not " },
};

static char *
join(const GPtrArray *selectors)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < selectors->len; i++) {
        const AqrGpuSelector *selector = selectors->pdata[i];
        char *address = aqr_pci_address_to_string(&selector->address);

        ck_assert_int_eq(selector->gfx != NULL, selector->wish == AQR_GPU_GFX);
        g_ptr_array_add(words, selector->wish == AQR_GPU_ADDRESS ? g_strdup(address)
                               : selector->wish == AQR_GPU_GFX   ? g_strdup(selector->gfx)
                               : selector->wish == AQR_GPU_ANY   ? g_strdup("any")
                                                                 : g_strdup("all"));
        g_free(address);
    }
    g_ptr_array_add(words, NULL);
    return g_strjoinv(" ", (char **)words->pdata);
}

START_TEST(parses)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) selectors = aqr_gpu_selectors_parse(lines[_i].words, &error);
    g_autofree char *joined = selectors == NULL ? NULL : join(selectors);

    ck_assert_pstr_eq(joined, lines[_i].selectors);
    ck_assert_int_eq(error != NULL, lines[_i].error != NULL);
    if (error == NULL)
        return;
    ck_assert(g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE));
    ck_assert_msg(g_str_has_prefix(error->message, lines[_i].error), "%s", error->message);
}
END_TEST

START_TEST(takes_no_words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) selectors = aqr_gpu_selectors_parse(NULL, &error);
    g_autofree char *joined = join(selectors);

    ck_assert_no_error(error);
    ck_assert_str_eq(joined, "any");
}
END_TEST

static const FakePci host[] = {
    { "03:00.0", NULL, 0x1002, 0x73bf, 0x030000, 16, .gfx_version = 100300 },
    { "03:00.1", NULL, 0x1002, 0xab28, 0x040300, 16 },
    { "04:00.0", NULL, 0x144d, 0xa808, 0x010802, 17 },
    { "05:00.0", NULL, 0x1002, 0x74a1, 0x120000, 18, .n_vfs = 2 },
    { "06:00.0", NULL, 0x1002, 0xfffe, 0x120000, 19 },
    { "06:00.2", NULL, 0x1b21, 0x2142, 0x0c0330, 19 },
    { "07:00.0", NULL, 0x10de, 0x2204, 0x030000, 20 },
    { NULL },
};

#define HAS "the GPUs of this host: 0000:03:00.0 (gfx1030), 0000:06:00.0 (gfx target unknown)"

static const struct {
    const char *words[3];
    const char *error; /* NULL: none */
} checks[] = {
    { { "03:00.0", "06:00.0" }, NULL },
    { { "any", "gfx1234" }, NULL },
    { { "none" }, NULL },
    { { "08:00.0" }, "0000:08:00.0 is not there; " HAS },
    { { "03:00.0", "08:00.0" }, "0000:08:00.0 is not there; " HAS },
    { { "03:00.1" },
      "0000:03:00.1 is an audio device of GPU 0000:03:00.0, with which it goes along; use "
      "--gpu=0000:03:00.0" },
    { { "04:00.0" },
      "0000:04:00.0 is no AMD GPU but an NVMe disk (vendor 144d, device a808); " HAS },
    { { "07:00.0" }, "0000:07:00.0 is no AMD GPU but a display (vendor 10de, device 2204); " HAS },
    { { "06:00.2" },
      "0000:06:00.2 is no AMD GPU but a USB controller (vendor 1b21, device 2142); " HAS },
    { { "05:00.0" },
      "0000:05:00.0 has lent itself to its virtual functions (2); use one of those, or switch "
      "them off. The GPUs of this host: 0000:03:00.0 (gfx1030), 0000:06:00.0 (gfx target "
      "unknown)" },
};

START_TEST(tells_what_is_there_instead)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) devices = fake_pci_devices(host);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    g_autoptr(GPtrArray) selectors = aqr_gpu_selectors_parse(checks[_i].words, NULL);

    ck_assert_int_eq(aqr_gpu_selectors_check(selectors, devices, gpus, &error),
                     checks[_i].error == NULL);
    ck_assert_pstr_eq(error == NULL ? NULL : error->message, checks[_i].error);
    ck_assert(error == NULL || g_error_matches(error, AQR_ERROR, AQR_ERROR_GPU));
}
END_TEST

START_TEST(tells_of_a_host_without)
{
    const FakePci empty[] = { { NULL } };
    const char *const words[] = { "03:00.0", NULL };
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) devices = fake_pci_devices(empty);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    g_autoptr(GPtrArray) selectors = aqr_gpu_selectors_parse(words, NULL);

    ck_assert(!aqr_gpu_selectors_check(selectors, devices, gpus, &error));
    ck_assert_str_eq(error->message, "0000:03:00.0 is not there; the GPUs of this host: none");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(lines));
    tcase_add_test(tcase, takes_no_words);
    tcase_add_loop_test(tcase, tells_what_is_there_instead, 0, G_N_ELEMENTS(checks));
    tcase_add_test(tcase, tells_of_a_host_without);
}
