/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The built rocm-qemu-run on saved VMs. */
#include <string.h>
#include <sys/wait.h>

#include "support/check-main.h"
#include "support/data.h"
#include "warm-pairs.h"

typedef struct {
    char *out, *err;
    int status;
} Result;

static void
result_clear(Result *result)
{
    g_free(result->out);
    g_free(result->err);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Result, result_clear)

/* @out: where its stdout goes: a redirection, or "". */
static void
run(const char *words, const char *out, Result *result)
{
    g_autofree char *line = g_strdup_printf("exec \"$AQR_RUN\" %s %s", words, out);
    const char *argv[] = { "sh", "-c", line, NULL };
    g_autoptr(GError) error = NULL;

    *result = (Result){ 0 };
    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &result->out,
                 &result->err, &result->status, &error);
    ck_assert_no_error(error);
    result->status = WIFEXITED(result->status) ? WEXITSTATUS(result->status) : -1;
}

static char *
run_well(const char *words)
{
    g_auto(Result) result;

    run(words, "", &result);
    ck_assert_str_eq(result.err, "");
    ck_assert_int_eq(result.status, 0);
    return g_steal_pointer(&result.out);
}

static void
set_up(void)
{
    warm_set_up();
    g_setenv("AQR_WARM_DIR", warm_cache_dir(), TRUE);
}

START_TEST(shows_what_there_is)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    g_autoptr(AqrWarmKey) key = warm_key("image");
    g_autofree char *image = g_build_filename(warm_dir(), "image", NULL);
    g_autofree char *row = g_strdup_printf("\n%s  ready            1  ", key->name);
    g_autofree char *member = g_strdup_printf("\"image\" : \"%s\"", image);
    g_autofree char *table = NULL, *json = NULL;

    warm_save(cache, key, 500000);
    table = run_well("--warm-list");
    ck_assert(g_str_has_prefix(table, "KEY "));
    ck_assert_msg(strstr(table, row) != NULL, "%s", table);
    ck_assert(g_str_has_suffix(table, "/image\n"));
    json = run_well("--warm-list --json");
    ck_assert_ptr_nonnull(strstr(json, member));
    ck_assert_ptr_nonnull(strstr(json, "\"state\" : \"ready\""));
    ck_assert_ptr_nonnull(strstr(json, key->name));
}
END_TEST

START_TEST(shows_one_that_is_made)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    g_autoptr(AqrWarmKey) key = warm_key("image");
    g_autoptr(AqrWarmDraft) draft = aqr_warm_cache_draft(cache, key, 1, NULL);
    g_autofree char *table = run_well("--warm-list"), *json = run_well("--warm-list --json");

    ck_assert_ptr_nonnull(strstr(table, "  being made  "));
    ck_assert(g_str_has_suffix(table, "  -\n"));
    ck_assert_ptr_nonnull(strstr(json, "\"image\" : null"));
}
END_TEST

START_TEST(drops_one_or_all)
{
    g_autoptr(AqrWarmCache) cache = warm_open(G_MAXUINT64);
    g_autoptr(AqrWarmKey) one = warm_key("one"), two = warm_key("two"), three = warm_key("three");
    g_autofree char *words = g_strconcat("--warm-drop ", two->name, NULL);
    g_autofree char *first = NULL, *second = NULL;

    warm_save(cache, one, 1);
    warm_save(cache, two, 1);
    warm_save(cache, three, 1);
    first = run_well(words);
    ck_assert_str_eq(first, "");
    ck_assert_uint_eq(warm_count(), 2);
    ck_assert(!warm_is_there(cache, two));
    second = run_well("--warm-drop=all");
    ck_assert_str_eq(second, "");
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

/* It looks, and makes nothing. */
START_TEST(finds_none)
{
    g_autofree char *table = run_well("--warm-list"), *json = run_well("--warm-list --json");
    g_autofree char *dropped = run_well("--warm-drop all");

    ck_assert_ptr_null(strchr(table, '/'));
    ck_assert_str_eq(json, "{\n  \"saved\" : []\n}\n");
    ck_assert_str_eq(dropped, "");
    ck_assert(!g_file_test(warm_cache_dir(), G_FILE_TEST_EXISTS));
}
END_TEST

static const struct {
    const char *words, *out;
    int status;
    const char *error;
} refused[] = {
    { "", "", 2, "no image" },
    { "--warm-list --warm-drop all", "", 2, "not both" },
    { "--warm-list x", "", 2, "too many words" },
    { "--warm-drop all --json", "", 2, "--json is for --warm-list" },
    { "--warm-drop x", "", 2, "no saved VM \"x\"" },
    { "--no-such", "", 2, "--no-such" },
    { "--warm-list --warm-dir /dev/null", "", 1, "it is no directory" },
    { "--warm-list", ">/dev/full", 1, "cannot write the list" },
};

START_TEST(refuses)
{
    g_auto(Result) result;

    run(refused[_i].words, refused[_i].out, &result);
    ck_assert_int_eq(result.status, refused[_i].status);
    ck_assert_str_eq(result.out, "");
    ck_assert(g_str_has_prefix(result.err, "rocm-qemu-run: "));
    ck_assert_msg(strstr(result.err, refused[_i].error) != NULL, "%s", result.err);
    ck_assert_ptr_eq(strchr(result.err, '\n'), result.err + strlen(result.err) - 1);
}
END_TEST

START_TEST(tells_of_itself)
{
    g_autofree char *version = run_well("--version"), *help = run_well("--help");

    ck_assert(g_str_has_prefix(version, "rocm-qemu-run 0."));
    ck_assert_ptr_nonnull(strstr(help, "--warm-drop=KEY|all"));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, warm_tear_down);
    tcase_add_test(tcase, shows_what_there_is);
    tcase_add_test(tcase, shows_one_that_is_made);
    tcase_add_test(tcase, drops_one_or_all);
    tcase_add_test(tcase, finds_none);
    tcase_add_loop_test(tcase, refuses, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tcase, tells_of_itself);
}
