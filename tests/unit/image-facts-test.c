/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-facts.h"

#include <string.h>

#include "support/check-main.h"
#include "support/data.h"

#define GOOD "fuzz/corpus/image-facts/good"

START_TEST(reads_what_is_told)
{
    g_autofree char *text = test_data_read(GOOD, NULL);
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(text);
    const AqrImageUser *user = g_ptr_array_index(facts->users, 1);
    const AqrImagePackage *first = g_ptr_array_index(facts->packages, 0);

    ck_assert_str_eq(facts->os_name, "Debian GNU/Linux 13 (trixie)");
    ck_assert_str_eq(facts->os_id, "debian");
    ck_assert_str_eq(facts->os_version, "13");
    ck_assert_str_eq(facts->os_codename, "trixie");
    ck_assert_str_eq(facts->arch, "amd64");
    ck_assert_str_eq(facts->kernel, "6.12.117+deb13-amd64");
    ck_assert_int_eq(facts->efi, AQR_IMAGE_YES);
    ck_assert_int_eq(facts->update, AQR_IMAGE_UNKNOWN);
    ck_assert_str_eq(user->name, "debci");
    ck_assert(user->exists && g_strv_contains((const char *const *)user->groups, "render"));
    ck_assert_uint_eq(facts->sources->len, 3);
    ck_assert_uint_eq(facts->lists, 2);
    ck_assert_uint_eq(facts->free_kib, 5033164);
    ck_assert_uint_eq(facts->packages->len, 5);
    ck_assert_str_eq(first->name, "bash");
    ck_assert_str_eq(aqr_image_facts_package(facts, "tar")->version, "1.35+dfsg-3.1");
    ck_assert_ptr_null(aqr_image_facts_package(facts, "gone"));
    ck_assert(facts->complete);
}
END_TEST

/* A word, and what is left of it. */
static const struct {
    const char *line;
    gsize text; /* the member */
    const char *wanted;
} texts[] = {
    { "kernel 6.1", G_STRUCT_OFFSET(AqrImageFacts, kernel), "6.1" },
    { "kernel \033[2J6.1", G_STRUCT_OFFSET(AqrImageFacts, kernel), "[2J6.1" },
    { "os ID 'debian'", G_STRUCT_OFFSET(AqrImageFacts, os_id), "debian" },
    { "os ID \"debian", G_STRUCT_OFFSET(AqrImageFacts, os_id), "\"debian" },
    { "os ID \"", G_STRUCT_OFFSET(AqrImageFacts, os_id), "\"" },
    { "os ID \"\"", G_STRUCT_OFFSET(AqrImageFacts, os_id), "" },
    { "os IDS debian", G_STRUCT_OFFSET(AqrImageFacts, os_id), NULL },
    { "apt E: this  and that", G_STRUCT_OFFSET(AqrImageFacts, apt_trouble), "E: this  and that" },
    { "host unknown here", G_STRUCT_OFFSET(AqrImageFacts, hostname), "here" },
};

START_TEST(reads_texts)
{
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(texts[_i].line);

    ck_assert_pstr_eq(G_STRUCT_MEMBER(char *, facts, texts[_i].text), texts[_i].wanted);
}
END_TEST

static const struct {
    const char *line;
    const char *source; /* NULL: none */
} sources[] = {
    { "source deb http://a/b c d", "deb http://a/b c d" },
    { "source deb https://name:word@a/b c d", "deb https://a/b c d" },
    { "source deb http://a/b@c d", "deb http://a/b@c d" },
    { "source deb ://@", "deb ://" },
    { "source ", NULL },
};

START_TEST(keeps_passwords_to_itself)
{
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(sources[_i].line);

    ck_assert_pstr_eq(facts->sources->len == 0 ? NULL : g_ptr_array_index(facts->sources, 0),
                      sources[_i].source);
}
END_TEST

static const struct {
    const char *line;
    guint packages, unconfigured;
} packages[] = {
    { "package ii  a 1 all", 1, 0 }, { "package hi  a 1 all", 1, 0 },
    { "package iU  a 1 all", 1, 1 }, { "package iFR a 1 all", 1, 1 },
    { "package rc  a 1 all", 0, 0 }, { "package un  a  ", 0, 0 },
    { "package ii  a 1", 0, 0 },     { "package i a 1 all", 0, 0 },
};

START_TEST(counts_packages)
{
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(packages[_i].line);

    ck_assert_uint_eq(facts->packages->len, packages[_i].packages);
    ck_assert_uint_eq(facts->unconfigured->len, packages[_i].unconfigured);
}
END_TEST

START_TEST(is_bounded)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(AqrImageFacts) facts = NULL;
    g_autofree char *word = g_strnfill(5000, 'x');

    for (unsigned i = 0; i < 20100; i++)
        g_string_append_printf(text, "package ii  p%u 1 all\n", i);
    for (unsigned i = 0; i < 600; i++)
        g_string_append_printf(text, "firmware f%u\nuser u%u\nsource deb http://a %u b\nunit u%u\n",
                               i, i, i, i);
    g_string_append_printf(text, "kernel %s\n", word);
    facts = aqr_image_facts_parse(text->str);
    ck_assert_uint_eq(facts->packages->len, 20000);
    ck_assert_uint_eq(facts->firmware->len, 500);
    ck_assert_uint_eq(facts->users->len, 500);
    ck_assert_uint_eq(facts->sources->len, 500);
    ck_assert_uint_eq(strlen(facts->kernel), 300);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, reads_what_is_told);
    tcase_add_loop_test(tcase, reads_texts, 0, G_N_ELEMENTS(texts));
    tcase_add_loop_test(tcase, keeps_passwords_to_itself, 0, G_N_ELEMENTS(sources));
    tcase_add_loop_test(tcase, counts_packages, 0, G_N_ELEMENTS(packages));
    tcase_add_test(tcase, is_bounded);
}
