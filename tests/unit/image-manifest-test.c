/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-manifest.h"

#include "base/error.h"
#include "core/image-checks.h"
#include "support/check-main.h"
#include "support/data.h"

static const char *const users[] = { "user", "debci", NULL };
static const char *const boots[] = { "efi", "bios", NULL };

static char *
write_down(const char *facts_of)
{
    g_autofree char *text = test_data_read(facts_of, NULL);
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(text);
    const AqrImageDemand demand = { 0 };
    g_autoptr(GPtrArray) findings = aqr_image_checks_judge(facts, &demand);
    const AqrImageManifest manifest = {
        .version = "0.1",
        .made = 1795404304,
        .release = "trixie",
        .users = users,
        .boots = boots,
        .size = 6442450944,
        .facts = facts,
        .findings = findings,
    };

    return aqr_image_manifest_text(&manifest);
}

START_TEST(writes_down)
{
    g_autofree char *text = write_down("fuzz/corpus/image-facts/good");

    test_data_compare("golden/image-manifest.json", text);
}
END_TEST

START_TEST(reads_back)
{
    g_autofree char *text = write_down("fuzz/corpus/image-facts/good");
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrImageOrigin) origin = aqr_image_manifest_parse(text, &error);

    ck_assert_no_error(error);
    ck_assert_str_eq(origin->release, "trixie");
    ck_assert_str_eq(origin->arch, "amd64");
    ck_assert_argv_eq(origin->users, "user debci");
    ck_assert_argv_eq(origin->boots, "efi bios");
}
END_TEST

START_TEST(an_image_that_was_not_asked)
{
    const AqrImageManifest manifest = { .version = "0.1", .release = "sid", .arch = "amd64" };
    g_autofree char *text = aqr_image_manifest_text(&manifest);
    g_autoptr(AqrImageOrigin) origin = aqr_image_manifest_parse(text, NULL);

    ck_assert_ptr_nonnull(origin);
    ck_assert_str_eq(origin->release, "sid");
    ck_assert_uint_eq(g_strv_length(origin->users), 0);
}
END_TEST

static const struct {
    const char *text;
    const char *why; /* NULL: it is one, that says nothing */
} others[] = {
    { "{ \"format\": 1 }", NULL },
    { "{ \"format\": 1, \"release\": 3, \"users\": \"x\", \"boots\": { } }", NULL },
    { "{ \"format\": 2 }", "it is of format 2, and known is 1; use the program that wrote it" },
    { "{ \"format\": \"1\" }", "it is no manifest of an image" },
    { "{ }", "it is no manifest of an image" },
    { "[ ]", "it is no manifest of an image" },
    { "", "it is no manifest of an image" },
};

START_TEST(refuses_others)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrImageOrigin) origin = aqr_image_manifest_parse(others[_i].text, &error);

    ck_assert_pstr_eq(error == NULL ? NULL : error->message, others[_i].why);
    if (error != NULL) {
        ck_assert_error(error, AQR_ERROR_IMAGE);
        return;
    }
    ck_assert_ptr_null(origin->release);
    ck_assert_ptr_null(origin->users);
    ck_assert_ptr_null(origin->boots);
}
END_TEST

START_TEST(refuses_what_is_no_json)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_image_manifest_parse("{ \"format", &error));
    ck_assert_error(error, AQR_ERROR_IMAGE);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, writes_down);
    tcase_add_test(tcase, reads_back);
    tcase_add_test(tcase, an_image_that_was_not_asked);
    tcase_add_loop_test(tcase, refuses_others, 0, G_N_ELEMENTS(others));
    tcase_add_test(tcase, refuses_what_is_no_json);
}
