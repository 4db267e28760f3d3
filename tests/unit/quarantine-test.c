/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/quarantine.h"

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
    file = g_build_filename(dir, SLOT ".quarantine", NULL);
    g_setenv("AQR_LEASE_DIR", dir, TRUE);
}

static void
tear_down(void)
{
    test_remove_dir(dir);
    g_free(file);
}

START_TEST(begins_and_ends)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;

    umask(077);
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
    ck_assert(aqr_quarantine_end(SLOT, &error));
    ck_assert(aqr_quarantine_set(SLOT, "fell off\nthe bus", &error));
    ck_assert(aqr_quarantine_set(SLOT, "another", &error)); /* the first counts */
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_str_eq(reason, "fell off the bus");
    ck_assert_ptr_null(aqr_quarantine_reason("0000:04:00"));
    ck_assert(aqr_quarantine_end(SLOT, &error));
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
}
END_TEST

START_TEST(stands_a_missing_directory)
{
    g_autofree char *none = g_build_filename(dir, "none", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;

    g_setenv("AQR_LEASE_DIR", none, TRUE);
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
    ck_assert(aqr_quarantine_end(SLOT, &error));
    ck_assert(aqr_quarantine_set(SLOT, "sick", &error));
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_str_eq(reason, "sick");
}
END_TEST

static const struct {
    const char *text, *reason;
} texts[] = {
    { "", "no reason given" },
    { "\n\n", "no reason given" },
    { "\x1b]0;title\atext\nmore", "]0;titletext more" },
    { "\xff", "\xef\xbf\xbd" },
};

START_TEST(is_not_trusted)
{
    g_autofree char *reason = NULL;

    ck_assert(g_file_set_contents(file, texts[_i].text, -1, NULL));
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_str_eq(reason, texts[_i].reason);
}
END_TEST

START_TEST(is_bounded)
{
    g_autofree char *much = g_strnfill(1000000, 'x');
    g_autofree char *reason = NULL;

    ck_assert(g_file_set_contents(file, much, -1, NULL));
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_uint_eq(strlen(reason), 500);
}
END_TEST

static void
make_link(void)
{
    ck_assert_int_eq(symlink("/etc/passwd", file), 0);
}

static void
make_fifo(void)
{
    ck_assert_int_eq(mkfifo(file, 0666), 0);
}

static void
make_dangling(void)
{
    ck_assert_int_eq(symlink("/no/such/file", file), 0);
}

static void (*const odd[])(void) = { make_link, make_dangling, make_fifo };

/* Whatever is there means quarantine, and can be ended. */
START_TEST(counts_what_cannot_be_read)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *reason = NULL;

    odd[_i]();
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_ptr_nonnull(strstr(reason, "cannot be read: it is no plain file"));
    ck_assert(aqr_quarantine_set(SLOT, "sick", &error));
    ck_assert(aqr_quarantine_end(SLOT, &error));
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
}
END_TEST

START_TEST(counts_an_unsafe_directory)
{
    g_autofree char *reason = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(chmod(dir, 0777), 0);
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_ptr_nonnull(strstr(reason, "chmod +t"));
    ck_assert(!aqr_quarantine_set(SLOT, "sick", &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(!aqr_quarantine_end(SLOT, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

/* Of the ordinary user: what root has set he sees, and cannot end. */
static gboolean
keeps_off_roots(void)
{
    g_autofree char *reason = aqr_quarantine_reason(SLOT);
    g_autoptr(GError) error = NULL;

    return g_strcmp0(reason, "sick") == 0 && !aqr_quarantine_end(SLOT, &error) &&
           strstr(error->message, "as root") != NULL && aqr_quarantine_set(SLOT, "mine", NULL);
}

START_TEST(is_its_owners)
{
    g_autofree char *reason = NULL;
    pid_t pid;
    int status;

    if (geteuid() != 0)
        return;
    ck_assert(aqr_quarantine_set(SLOT, "sick", NULL));
    pid = fork();
    if (pid == 0)
        _exit(setresuid(NOBODY, NOBODY, NOBODY) == 0 && keeps_off_roots() ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_str_eq(reason, "sick");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, begins_and_ends);
    tcase_add_test(tcase, stands_a_missing_directory);
    tcase_add_loop_test(tcase, is_not_trusted, 0, G_N_ELEMENTS(texts));
    tcase_add_test(tcase, is_bounded);
    tcase_add_loop_test(tcase, counts_what_cannot_be_read, 0, G_N_ELEMENTS(odd));
    tcase_add_test(tcase, counts_an_unsafe_directory);
    tcase_add_test(tcase, is_its_owners);
}
