/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What rocm-qemu-create tells of an image, and what it refuses before it boots one. */
#include "core/image-checks.h"
#include "image-report.h"
#include "support/check-main.h"
#include "support/data.h"

static void
make_verdict(AqrImageVerdict *verdict)
{
    static const char *const boots[] = { "efi", "bios", NULL };
    g_autofree char *text = test_data_read("fuzz/corpus/image-facts/good", NULL);
    g_autoptr(GString) spoilt = g_string_new(text);
    const AqrImageDemand demand = { 0 };

    g_string_replace(spoilt, "dmesg yes", "dmesg no", 0);
    g_string_replace(spoilt, "host known", "host unknown", 0);
    verdict->facts = aqr_image_facts_parse(spoilt->str);
    verdict->findings = aqr_image_checks_judge(verdict->facts, &demand);
    verdict->boots = g_strdupv((char **)boots);
}

START_TEST(tells)
{
    g_auto(AqrImageVerdict) verdict = { 0 };
    g_autofree char *text = NULL, *json = NULL;

    make_verdict(&verdict);
    text = image_report_text("trixie.img", &verdict, FALSE);
    json = image_report_json("trixie.img", &verdict);
    test_data_compare("golden/image-report.txt", text);
    test_data_compare("golden/image-report.json", json);
}
END_TEST

static const struct {
    const char *data_dir; /* NULL: ours */
    const char *gpu;
    AqrError code;
    const char *why;
} refusals[] = {
    { NULL, "1030", AQR_ERROR_USAGE, "\"1030\" is no gfx target, such as gfx1030, nor none" },
    { NULL, "gfx1030", AQR_ERROR_IMAGE, NULL },
    { NULL, "none", AQR_ERROR_IMAGE, NULL },
    { "/nowhere", "none", AQR_ERROR_HOST,
      "the table of firmware: Failed to open file “/nowhere/amdgpu-firmware.tsv”: No such file or "
      "directory" },
};

START_TEST(refuses)
{
    const char *const gpus[] = { refusals[_i].gpu, NULL };
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();
    const ProveConfig config = {
        .guest = { .place = place, .image = "/nowhere/x.img" },
        .gpus = gpus,
    };
    g_autofree char *data = test_data_path("../data");
    g_auto(AqrImageVerdict) verdict = { 0 };
    g_autoptr(GError) error = NULL;

    g_setenv("AQR_DATA_DIR", refusals[_i].data_dir == NULL ? data : refusals[_i].data_dir, TRUE);
    ck_assert(!prove_image(&config, NULL, &verdict, &error));
    ck_assert_ptr_null(verdict.facts);
    ck_assert_ptr_nonnull(error);
    if (refusals[_i].why != NULL)
        ck_assert_str_eq(error->message, refusals[_i].why);
    ck_assert_error(error, refusals[_i].code);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, tells);
    tcase_add_loop_test(tcase, refuses, 0, G_N_ELEMENTS(refusals));
}
