/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/testbed.h"

#include "support/check-main.h"
#include "support/opened-testbed.h"

START_TEST(opens_and_closes)
{
    testbed_open();
    ck_assert_asked(OPENED);
    aqr_testbed_close(testbed);
    ck_assert_asked(CLOSED);
    aqr_testbed_close(testbed);
    ck_assert_asked("");
}
END_TEST

START_TEST(closes_when_freed)
{
    testbed_open();
    g_clear_pointer(&testbed, aqr_testbed_free);
    ck_assert_asked(OPENED CLOSED);
    aqr_testbed_free(NULL);
}
END_TEST

START_TEST(is_harmless_unopened)
{
    aqr_testbed_close(testbed);
    g_clear_pointer(&testbed, aqr_testbed_free);
    ck_assert_asked("");
}
END_TEST

START_TEST(keeps_scratch)
{
    g_autoptr(GError) error = NULL;
    const char *scratch = NULL;

    testbed_open();
    ck_assert(aqr_testbed_revert(testbed, &scratch, &error));
    ck_assert_str_eq(scratch, FAKE_SCRATCH);
    ck_assert_asked(OPENED REVERTED);
    aqr_testbed_close(testbed);
    world->scratch = "/tmp/other"; /* what mktemp would make */
    testbed_open();
    ck_assert_asked(CLOSED "take_gpus\n" REPREPARED "wait_gpus\n");
}
END_TEST

/* Only when it has started, for a reboot keeps it; and no failure of it counts. */
START_TEST(sets_up_in_time_zone)
{
    g_autoptr(GError) error = NULL;
    const char *scratch;

    aqr_testbed_set_time_zone(testbed, "Asia/Tokyo");
    aqr_testbed_set_time_zone(testbed, "Europe/Berlin");
    world->fails = _i == 0 ? NULL : "run set-up Europe/Berlin (30 s)";
    testbed_open();
    ck_assert_asked("take_gpus\nstart\nwait_guest\nrun set-up Europe/Berlin (30 s)\nfurnish\n"
                    "run prepare (100 s)\nwait_gpus\n");
    ck_assert(aqr_testbed_reboot(testbed, FALSE, &error));
    g_free(fake_world_take(world));
    ck_assert(aqr_testbed_revert(testbed, &scratch, &error));
    ck_assert_asked("stop orderly\nstart\nwait_guest\nrun set-up Europe/Berlin (30 s)\n"
                    "furnish\nrun prepare " FAKE_SCRATCH " (100 s)\nwait_gpus\n");
}
END_TEST

/* What fails, and what is asked for until nothing is left of it. start() undoes
 * what it did itself. */
static const struct {
    const char *fails;
    int status;
    const char *asked;
} failures[] = {
    { "take_gpus", 0, "take_gpus\n" },
    { "start", 0, "take_gpus\nstart\ngive_gpus_back\n" },
    { "wait_guest", 0, "take_gpus\nstart\nwait_guest\n" CLOSED },
    { "furnish", 0, "take_gpus\nstart\nwait_guest\nrun set-up (30 s)\nfurnish\n" CLOSED },
    { "wait_gpus", 0, OPENED CLOSED },
    { "run prepare (100 s)", 0, PREPARED CLOSED },
    { NULL, 1, PREPARED CLOSED },
    { NULL, 127, PREPARED CLOSED },
};

START_TEST(failing_open_leaves_it_stopped)
{
    g_autoptr(GError) error = NULL;
    const char *scratch = "untouched";

    world->fails = failures[_i].fails;
    world->status = failures[_i].status;
    ck_assert(!aqr_testbed_open(testbed, &scratch, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
    ck_assert_str_eq(scratch, "untouched");
    ck_assert_asked(failures[_i].asked);
    aqr_testbed_close(testbed);
    ck_assert_asked("");
    world->fails = NULL;
    world->status = 0;
    testbed_open();
}
END_TEST

START_TEST(failing_revert_leaves_it_stopped)
{
    g_autoptr(GError) error = NULL;
    const char *scratch = "untouched";

    testbed_open();
    world->fails = "wait_guest";
    ck_assert(!aqr_testbed_revert(testbed, &scratch, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
    ck_assert_asked(OPENED "stop orderly\nstart\nwait_guest\n" CLOSED);
    g_clear_pointer(&testbed, aqr_testbed_free);
    ck_assert_asked("");
}
END_TEST

/* autopkgtest splits the reply at blanks and decodes it once. */
static const char *const unusable[] = { "", "tmp/x", "/tmp/a b", "/tmp/a%20b", "/tmp/a\tb", "\n" };

START_TEST(refuses_scratch)
{
    g_autoptr(GError) error = NULL;
    const char *scratch;

    world->scratch = unusable[_i];
    ck_assert(!aqr_testbed_open(testbed, &scratch, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
    ck_assert_asked(PREPARED CLOSED);
}
END_TEST

#define SAVE "run save /tmp/autopkgtest.fAkE01 (300 s)"

START_TEST(reboots_in_order)
{
    g_autoptr(GError) error = NULL;
    gboolean prepare_only = _i;

    testbed_open();
    ck_assert_asked(OPENED);
    ck_assert(aqr_testbed_reboot(testbed, prepare_only, &error));
    ck_assert_no_error(error);
    if (prepare_only)
        ck_assert_asked("expect_reboot\n" SAVE "\nrun announce (100 s)\n"
                        "wait_reboot\nwait_guest\nfurnish\nwait_gpus\nrun restore (300 s)\n");
    else
        ck_assert_asked("expect_reboot\n" SAVE "\nrun restart (100 s)\n"
                        "wait_reboot\nwait_guest\nfurnish\nwait_gpus\nrun restore (300 s)\n");
}
END_TEST

/* A guest that restarts at once takes the command with it. */
START_TEST(prepared_reboot_may_lose_announcement)
{
    testbed_open();
    world->fails = "run announce (100 s)";
    ck_assert(aqr_testbed_reboot(testbed, TRUE, NULL));
}
END_TEST

static const char *const reboot_failures[] = {
    "expect_reboot", SAVE,      "run restart (100 s)", "wait_reboot",
    "wait_guest",    "furnish", "wait_gpus",           "run restore (300 s)",
};

/* What comes after the failure is not done any more. */
START_TEST(failing_reboot_says_so)
{
    g_autofree char *last = g_strconcat(reboot_failures[_i], "\n", NULL);
    g_autofree char *asked = NULL;
    g_autoptr(GError) error = NULL;

    testbed_open();
    world->fails = reboot_failures[_i];
    ck_assert(!aqr_testbed_reboot(testbed, FALSE, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
    asked = fake_world_take(world);
    ck_assert(g_str_has_suffix(asked, last));
}
END_TEST

static const struct {
    const char *host;
    gboolean done;
    AqrCopyResult result;
} copies[] = {
    { "/a", TRUE, AQR_COPY_DONE },
    { "/fails", TRUE, AQR_COPY_FAILED },
    { "/times-out", TRUE, AQR_COPY_TIMED_OUT },
    { "/is-lost", FALSE, AQR_COPY_DONE },
};

START_TEST(copies_with_timeout)
{
    AqrCopy copy = { .down = TRUE, .host = copies[_i].host, .guest = "/b" };
    g_autofree char *wanted = g_strdup_printf("copy %s -> /b (300 s)\n", copies[_i].host);
    g_autoptr(GError) error = NULL;
    AqrCopyResult result;

    ck_assert_int_eq(aqr_testbed_copy(testbed, &copy, &result, &error), copies[_i].done);
    ck_assert_asked(wanted);
    if (copies[_i].done)
        ck_assert_int_eq((int)result, (int)copies[_i].result);
    else
        ck_assert_error(error, AQR_ERROR_GUEST);
}
END_TEST

/* What fails, and what of all that is asked is written down. */
static const struct {
    const char *fails, *recorded;
} stories[] = {
    { NULL, "open begins\nopen\nreboot begins\nreboot\nrevert begins\nrevert\n"
            "close begins\nclose\n" },
    { "take_gpus", "open begins\nopen: the fake fails to take_gpus\n" },
    { "wait_guest", "open begins\nclose begins\nclose\n"
                    "open: cannot open the testbed: the fake fails to wait_guest\n" },
    { "wait_reboot", "open begins\nopen\nreboot begins\nreboot: the fake fails to wait_reboot\n"
                     "close begins\nclose\n" },
    { "stop orderly", "open begins\nopen\nreboot begins\nreboot\nrevert begins\nrevert\n"
                      "close begins\nclose\n" },
};

START_TEST(records)
{
    const char *scratch;

    world->fails = stories[_i].fails;
    if (aqr_testbed_open(testbed, &scratch, NULL) && aqr_testbed_reboot(testbed, FALSE, NULL))
        aqr_testbed_revert(testbed, &scratch, NULL);
    aqr_testbed_close(testbed);
    aqr_testbed_close(testbed);
    ck_assert_str_eq(world->recorded->str, stories[_i].recorded);
}
END_TEST

START_TEST(records_lost_copies)
{
    AqrCopy copy = { .down = TRUE, .host = "/fails", .guest = "/b" };
    AqrCopyResult result;

    ck_assert(aqr_testbed_copy(testbed, &copy, &result, NULL));
    ck_assert_str_eq(world->recorded->str, "");
    copy.host = "/is-lost";
    ck_assert(!aqr_testbed_copy(testbed, &copy, &result, NULL));
    ck_assert_str_eq(world->recorded->str, "copy: the fake was lost\n");
}
END_TEST

START_TEST(starts_shell)
{
    const char *const environment[] = { "A=1", "B=two words", NULL };
    g_autoptr(GError) error = NULL;

    g_setenv("TERM", "xterm", TRUE);
    testbed_open();
    ck_assert_asked(OPENED);
    ck_assert(aqr_testbed_shell(testbed, "/a dir", environment, &error));
    ck_assert_asked("tell_access debci\nshell env|TERM=xterm|A=1|B=two words|sh|-c|"
                    "command -v tput >/dev/null && "
                    "! tput -T \"$TERM\" longname >/dev/null 2>&1 && TERM=xterm; "
                    "cd -- \"$1\"; exec \"$(command -v bash || command -v sh)\" -i|sh|/a dir\n");
}
END_TEST

START_TEST(explains)
{
    aqr_testbed_explain(testbed);
    ck_assert_asked("explain\n");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, testbed_set_up, testbed_tear_down);
    tcase_add_test(tcase, opens_and_closes);
    tcase_add_test(tcase, closes_when_freed);
    tcase_add_test(tcase, is_harmless_unopened);
    tcase_add_test(tcase, keeps_scratch);
    tcase_add_loop_test(tcase, sets_up_in_time_zone, 0, 2);
    tcase_add_loop_test(tcase, failing_open_leaves_it_stopped, 0, G_N_ELEMENTS(failures));
    tcase_add_test(tcase, failing_revert_leaves_it_stopped);
    tcase_add_loop_test(tcase, refuses_scratch, 0, G_N_ELEMENTS(unusable));
    tcase_add_loop_test(tcase, reboots_in_order, 0, 2);
    tcase_add_test(tcase, prepared_reboot_may_lose_announcement);
    tcase_add_loop_test(tcase, failing_reboot_says_so, 0, G_N_ELEMENTS(reboot_failures));
    tcase_add_loop_test(tcase, copies_with_timeout, 0, G_N_ELEMENTS(copies));
    tcase_add_loop_test(tcase, records, 0, G_N_ELEMENTS(stories));
    tcase_add_test(tcase, records_lost_copies);
    tcase_add_test(tcase, starts_shell);
    tcase_add_test(tcase, explains);
}
