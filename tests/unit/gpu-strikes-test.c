/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-strikes.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

#define SLOT "0000:03:00"
#define NOBODY 65534

static char *dir;
static char *file;

static void
set_up(void)
{
    dir = test_make_dir();
    ck_assert_int_eq(chmod(dir, 01777), 0);
    file = g_build_filename(dir, SLOT ".strikes", NULL);
    g_setenv("AQR_LEASE_DIR", dir, TRUE);
}

static void
tear_down(void)
{
    test_remove_dir(dir);
    g_free(file);
}

static void
expect(const char *slot, const char *described)
{
    g_auto(AqrStrikeNote) note = { 0 };
    g_autofree char *text = NULL;

    aqr_gpu_strikes_read(slot, &note);
    text = aqr_strike_note_describe(&note);
    ck_assert_pstr_eq(text, described);
}

static unsigned
add(const char *reason)
{
    g_auto(AqrStrikeNote) now = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(aqr_gpu_strikes_add(SLOT, reason, &now, &error));
    return now.count;
}

START_TEST(counts_and_forgets)
{
    umask(077);
    expect(SLOT, NULL);
    ck_assert(aqr_gpu_strikes_end(SLOT, NULL));
    ck_assert_uint_eq(add("it\nsmells of something that has a long name"), 1);
    expect(SLOT, "1 failure in a row: it smells of something that has a long name");
    ck_assert_uint_eq(add("it smokes"), 2);
    expect(SLOT, "2 failures in a row: it smokes");
    expect("0000:04:00", NULL);
    ck_assert(aqr_gpu_strikes_end(SLOT, NULL));
    expect(SLOT, NULL);
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    ck_assert_uint_eq(add("it burns"), 1);
}
END_TEST

START_TEST(stands_a_missing_directory)
{
    g_autofree char *none = g_build_filename(dir, "none", NULL);

    g_setenv("AQR_LEASE_DIR", none, TRUE);
    expect(SLOT, NULL);
    ck_assert(aqr_gpu_strikes_end(SLOT, NULL));
    ck_assert_uint_eq(add("it smells"), 1);
    expect(SLOT, "1 failure in a row: it smells");
}
END_TEST

static void
make_link(void)
{
    g_autofree char *target = g_build_filename(dir, "target", NULL);

    ck_assert(g_file_set_contents(target, "2 of somebody\n", -1, NULL));
    ck_assert_int_eq(symlink(target, file), 0);
}

static void
make_second_name(void)
{
    g_autofree char *target = g_build_filename(dir, "target", NULL);

    ck_assert(g_file_set_contents(target, "2 of somebody\n", -1, NULL));
    ck_assert_int_eq(link(target, file), 0);
}

static void
make_fifo(void)
{
    ck_assert_int_eq(mkfifo(file, 0666), 0);
}

static void
make_nonsense(void)
{
    ck_assert(g_file_set_contents(file, "\xff\x1b[2J\n\n\n", -1, NULL));
}

static void
make_empty(void)
{
    ck_assert(g_file_set_contents(file, "", 0, NULL));
}

static void (*const odd[])(void) = { make_link, make_second_name, make_fifo, make_nonsense,
                                     make_empty };

/* Whatever is there counts for nothing, is nobody else's file, and goes. */
START_TEST(is_harmless)
{
    g_autofree char *target = g_build_filename(dir, "target", NULL);
    g_autofree char *text = NULL;

    odd[_i]();
    expect(SLOT, NULL);
    ck_assert_uint_eq(add("it smells"), 1);
    expect(SLOT, "1 failure in a row: it smells");
    ck_assert(aqr_gpu_strikes_end(SLOT, NULL));
    ck_assert(!g_file_test(file, G_FILE_TEST_EXISTS));
    if (g_file_get_contents(target, &text, NULL, NULL))
        ck_assert_str_eq(text, "2 of somebody\n");
}
END_TEST

START_TEST(tells_what_is_in_its_way)
{
    g_auto(AqrStrikeNote) now = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(mkdir(file, 0700), 0);
    expect(SLOT, NULL);
    ck_assert(!aqr_gpu_strikes_add(SLOT, "it smells", &now, &error));
    ck_assert_ptr_nonnull(strstr(error->message, SLOT ".strikes\": "));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert_uint_eq(now.count, 0);
    ck_assert_int_eq(rmdir(file), 0);
}
END_TEST

START_TEST(refuses_an_unsafe_directory)
{
    g_auto(AqrStrikeNote) now = { 0 };
    g_autoptr(GError) error = NULL;

    make_nonsense();
    ck_assert_int_eq(chmod(dir, 0777), 0);
    expect(SLOT, NULL);
    ck_assert(!aqr_gpu_strikes_add(SLOT, "it smells", &now, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(!aqr_gpu_strikes_end(SLOT, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

/* Of the ordinary user: what root has begun he goes on with, and ends. */
static gboolean
goes_on_with_roots(void)
{
    g_auto(AqrStrikeNote) now = { 0 }, after = { 0 };

    if (!aqr_gpu_strikes_add(SLOT, "no", &now, NULL) || now.count != 2 ||
        !aqr_gpu_strikes_end(SLOT, NULL))
        return FALSE;
    aqr_gpu_strikes_read(SLOT, &after);
    return after.count == 0;
}

START_TEST(is_everybodys)
{
    pid_t pid;
    int status;

    if (geteuid() != 0)
        return;
    umask(077);
    ck_assert_uint_eq(add("it smells"), 1);
    pid = fork();
    if (pid == 0)
        _exit(setresuid(NOBODY, NOBODY, NOBODY) == 0 && goes_on_with_roots() ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(add("it smokes"), 1);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, counts_and_forgets);
    tcase_add_test(tcase, stands_a_missing_directory);
    tcase_add_loop_test(tcase, is_harmless, 0, G_N_ELEMENTS(odd));
    tcase_add_test(tcase, tells_what_is_in_its_way);
    tcase_add_test(tcase, refuses_an_unsafe_directory);
    tcase_add_test(tcase, is_everybodys);
}
