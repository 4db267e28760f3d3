/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/bring-up.h"

#include "support/check-main.h"
#include "support/fake-world.h"

#define BOOTED "wait_guest\nrun set-up (30 s)\n"
#define NOTED "run note (30 s)\n"
#define SAVED "start\n" BOOTED NOTED "save\nstart restored\nfurnish\nprepare\n"
#define PLUGGED "plug_gpus\nwait_gpus\n"
#define INSTEAD(failed)                                                                          \
    "may_boot_instead for GPUs: the fake fails to " failed "\nstop orderly\nstart cold\n" BOOTED \
    "furnish\nprepare\nwait_gpus\n"

#define BOOTED_INSTEAD(failed)                                                          \
    "may_boot_instead: the fake fails to " failed "\nstop orderly\nstart cold\n" BOOTED \
    "furnish\nprepare\nwait_gpus\n"

/* A testbed's, which the fake world writes down too. */
static gboolean
prepare(gpointer user, GError **error)
{
    return fake_world_note(user, "prepare", error);
}

/* What the world can do, what fails in it, and what it is asked for. */
static const struct {
    AqrStart start; /* at most */
    gboolean saves, has_gpus, may_boot_instead;
    const char *fails, *fails_next;
    gboolean done, started;
    const char *asked;
} rows[] = {
    /* a VM that boots, and is not saved */
    { .start = AQR_START_COLD,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\n" BOOTED "furnish\nprepare\nwait_gpus\n" },
    { .start = AQR_START_COLD, .fails = "start", .asked = "start\n" },
    { .start = AQR_START_COLD,
      .fails = "wait_guest",
      .started = TRUE,
      .asked = "start\nwait_guest\n" },
    /* there is a saved one */
    { .start = AQR_START_RESTORED,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\nwait_gpus\n" },
    { .start = AQR_START_RESTORED,
      .has_gpus = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\n" PLUGGED },
    { .start = AQR_START_RESTORED,
      .fails = "furnish",
      .may_boot_instead = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\nfurnish\n" BOOTED_INSTEAD("furnish") },
    { .start = AQR_START_RESTORED,
      .fails = "prepare",
      .may_boot_instead = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\n" BOOTED_INSTEAD("prepare") },
    { .start = AQR_START_RESTORED,
      .fails = "prepare",
      .fails_next = "prepare",
      .may_boot_instead = TRUE,
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\nmay_boot_instead: the fake fails to prepare\n"
               "stop orderly\nstart cold\n" BOOTED "furnish\nprepare\n" },
    { .start = AQR_START_RESTORED,
      .fails = "prepare",
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\nmay_boot_instead: the fake fails to prepare\n" },
    /* one that was to be saved dies of that, or its guest does not boot */
    { .start = AQR_START_TO_SAVE,
      .fails = "wait_guest",
      .may_boot_instead = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\nwait_guest\n" BOOTED_INSTEAD("wait_guest") },
    { .start = AQR_START_TO_SAVE,
      .fails = "wait_guest",
      .started = TRUE,
      .asked = "start\nwait_guest\nmay_boot_instead: the fake fails to wait_guest\n" },
    /* it is saved first */
    { .start = AQR_START_TO_SAVE,
      .saves = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = SAVED "wait_gpus\n" },
    { .start = AQR_START_TO_SAVE,
      .saves = TRUE,
      .has_gpus = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = SAVED PLUGGED },
    { .start = AQR_START_TO_SAVE,
      .saves = TRUE,
      .fails = "start restored",
      .asked = "start\n" BOOTED NOTED "save\nstart restored\n" },
    { .start = AQR_START_TO_SAVE,
      .fails = "save",
      .started = TRUE,
      .asked = "start\n" BOOTED NOTED "save\nmay_boot_instead: the fake fails to save\n" },
    /* it cannot be saved: it will do, but for GPUs */
    { .start = AQR_START_TO_SAVE,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\n" BOOTED NOTED "save\nfurnish\nprepare\nwait_gpus\n" },
    { .start = AQR_START_TO_SAVE,
      .has_gpus = TRUE,
      .done = TRUE,
      .started = TRUE,
      .asked = "start\n" BOOTED NOTED "save\nstop\nstart cold\n" BOOTED
               "furnish\nprepare\nwait_gpus\n" },
    /* it has booted, so booting it again would be no better */
    { .start = AQR_START_TO_SAVE,
      .fails = "furnish",
      .may_boot_instead = TRUE,
      .started = TRUE,
      .asked = "start\n" BOOTED NOTED "save\nfurnish\n" },
    /* GPUs do not work in the one that was restored */
    { .start = AQR_START_RESTORED,
      .has_gpus = TRUE,
      .may_boot_instead = TRUE,
      .fails = "plug_gpus",
      .done = TRUE,
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\nplug_gpus\n" INSTEAD(
          "plug_gpus") "had_to_boot: the fake fails to "
                       "plug_gpus\n" },
    { .start = AQR_START_RESTORED,
      .has_gpus = TRUE,
      .may_boot_instead = TRUE,
      .fails = "wait_gpus",
      .done = TRUE,
      .started = TRUE,
      .asked =
          "start\nfurnish\nprepare\n" PLUGGED INSTEAD("wait_gpus") "had_to_boot: the fake fails to "
                                                                   "wait_gpus\n" },
    /* nor in the one that boots: then it is not the other's fault */
    { .start = AQR_START_RESTORED,
      .has_gpus = TRUE,
      .may_boot_instead = TRUE,
      .fails = "wait_gpus",
      .fails_next = "wait_gpus",
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\n" PLUGGED INSTEAD("wait_gpus") },
    { .start = AQR_START_RESTORED,
      .has_gpus = TRUE,
      .may_boot_instead = TRUE,
      .fails = "wait_gpus",
      .fails_next = "start cold",
      .asked =
          "start\nfurnish\nprepare\n" PLUGGED
          "may_boot_instead for GPUs: the fake fails to wait_gpus\nstop orderly\nstart cold\n" },
    /* and nobody wants one that boots */
    { .start = AQR_START_RESTORED,
      .has_gpus = TRUE,
      .fails = "plug_gpus",
      .started = TRUE,
      .asked = "start\nfurnish\nprepare\nplug_gpus\nmay_boot_instead for GPUs: the fake fails to "
               "plug_gpus\n" },
    /* GPUs of one that booted are not to be had otherwise */
    { .start = AQR_START_COLD,
      .has_gpus = TRUE,
      .may_boot_instead = TRUE,
      .fails = "wait_gpus",
      .started = TRUE,
      .asked = "start\n" BOOTED "furnish\nprepare\nwait_gpus\n" },
};

START_TEST(brings_up)
{
    g_autoptr(FakeWorld) world = fake_world_new();
    const AqrBringUp what = {
        .world = &fake_world,
        .data = world,
        .has_gpus = rows[_i].has_gpus,
        .prepare = prepare,
        .user = world,
    };
    g_autoptr(GError) error = NULL;
    g_autofree char *asked = NULL;
    gboolean started = !rows[_i].started;

    world->start = rows[_i].start;
    world->saves = rows[_i].saves;
    world->may_boot_instead = rows[_i].may_boot_instead;
    world->fails = rows[_i].fails;
    world->fails_next = rows[_i].fails_next;
    ck_assert_int_eq(aqr_bring_up(&what, &started, &error), rows[_i].done);
    ck_assert_int_eq(started, rows[_i].started);
    ck_assert_int_eq(error == NULL, rows[_i].done);
    asked = fake_world_take(world);
    ck_assert_str_eq(asked, rows[_i].asked);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, brings_up, 0, G_N_ELEMENTS(rows));
}
