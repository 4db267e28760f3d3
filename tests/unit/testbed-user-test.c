/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a testbed can do, and whom it suggests as an ordinary user. */
#include "testbed/testbed.h"

#include "support/check-main.h"
#include "support/opened-testbed.h"

static const struct {
    const char *user;
    const char *capabilities;
} capabilities[] = {
    { "debci", "isolation-machine reboot revert revert-full-system root-on-testbed "
               "suggested-normal-user=debci" },
    { NULL, "isolation-machine reboot revert revert-full-system root-on-testbed" },
    { "", "isolation-machine reboot revert revert-full-system root-on-testbed" },
};

START_TEST(is_capable)
{
    g_auto(GStrv) found = NULL;

    world->user = capabilities[_i].user;
    testbed_open();
    found = aqr_testbed_capabilities(testbed);
    ck_assert_argv_eq(found, capabilities[_i].capabilities);
}
END_TEST

/* --user names one; the guest is not asked then. */
START_TEST(suggests_user)
{
    g_auto(GStrv) found = NULL;

    aqr_testbed_suggest_user(testbed, "other");
    aqr_testbed_suggest_user(testbed, "tester");
    world->user = capabilities[_i].user;
    testbed_open();
    found = aqr_testbed_capabilities(testbed);
    ck_assert_argv_eq(found, "isolation-machine reboot revert revert-full-system root-on-testbed "
                             "suggested-normal-user=tester");
}
END_TEST

/* Whoever is suggested may use the GPUs, each time that the guest is new. */
#define REPORTS "run reports (30 s)\n"
static const struct {
    const char *user, *suggested;
    const char *asked;
} grants[] = {
    { "debci", NULL, "run groups debci (30 s)\n" },
    { "debci", "tester", "run groups tester (30 s)\n" },
    { NULL, NULL, "" },
};

START_TEST(grants_gpus)
{
    g_autofree char *opened = g_strconcat(PREPARED REPORTS, grants[_i].asked, "wait_gpus\n", NULL);
    g_autofree char *again =
        g_strconcat("stop orderly\n" REPREPARED REPORTS, grants[_i].asked, "wait_gpus\n", NULL);
    g_autoptr(GError) error = NULL;
    const char *scratch;

    world->user = grants[_i].user;
    if (grants[_i].suggested != NULL)
        aqr_testbed_suggest_user(testbed, grants[_i].suggested);
    aqr_testbed_set_gpus(testbed);
    testbed_open();
    ck_assert_asked(opened);
    ck_assert(aqr_testbed_revert(testbed, &scratch, &error));
    ck_assert_asked(again);
}
END_TEST

/* The user is known once it has been open; nothing else depends on that. */
START_TEST(is_capable_unopened)
{
    g_auto(GStrv) found = aqr_testbed_capabilities(testbed);

    ck_assert_argv_eq(found, capabilities[1].capabilities);
}
END_TEST

START_TEST(forgets_user)
{
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) found = NULL;
    const char *scratch;

    testbed_open();
    world->user = NULL;
    ck_assert(aqr_testbed_revert(testbed, &scratch, &error));
    found = aqr_testbed_capabilities(testbed);
    ck_assert_argv_eq(found, capabilities[1].capabilities);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, testbed_set_up, testbed_tear_down);
    tcase_add_loop_test(tcase, is_capable, 0, G_N_ELEMENTS(capabilities));
    tcase_add_loop_test(tcase, suggests_user, 0, G_N_ELEMENTS(capabilities));
    tcase_add_loop_test(tcase, grants_gpus, 0, G_N_ELEMENTS(grants));
    tcase_add_test(tcase, is_capable_unopened);
    tcase_add_test(tcase, forgets_user);
}
