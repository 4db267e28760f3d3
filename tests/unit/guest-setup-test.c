/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/guest-setup.h"

#include "support/check-main.h"
#include "support/fake-world.h"

/* One command, whatever becomes of it. What it does in a guest is for tests/guest. */
static const struct {
    const char *zone;
    const char *fails;
    int status;
    const char *asked;
} rows[] = {
    { "Europe/Berlin", NULL, 0, "run set-up Europe/Berlin (30 s)\n" },
    { NULL, NULL, 0, "run set-up (30 s)\n" },
    { NULL, NULL, 127, "run set-up (30 s)\n" },
    { "UTC", "run set-up UTC (30 s)", 0, "run set-up UTC (30 s)\n" },
};

START_TEST(asks_once)
{
    g_autoptr(FakeWorld) world = fake_world_new();
    g_autofree char *asked = NULL;

    world->fails = rows[_i].fails;
    world->status = rows[_i].status;
    aqr_guest_setup(&fake_world, world, rows[_i].zone);
    asked = fake_world_take(world);
    ck_assert_str_eq(asked, rows[_i].asked);
}
END_TEST

/* A note, and nothing else, where it fails. The fake answers with its argument. */
#define CANNOT                                                                               \
    "note cannot put \"me\" into the guest's groups render and video, so only root may use " \
    "its GPUs: "

static const struct {
    const char *fails;
    int status;
    const char *asked;
} groups[] = {
    { NULL, 0, "run groups me (30 s)\n" },
    { NULL, 6, "run groups me (30 s)\n" CANNOT "me\ndebci\n" },
    { "run groups me (30 s)", 0,
      "run groups me (30 s)\n" CANNOT "the fake fails to run groups me (30 s)\n" },
};

START_TEST(grants_gpus)
{
    g_autoptr(FakeWorld) world = fake_world_new();
    g_autofree char *asked = NULL;

    world->fails = groups[_i].fails;
    world->status = groups[_i].status;
    aqr_guest_setup_gpu_user(&fake_world, world, "me");
    asked = fake_world_take(world);
    ck_assert_str_eq(asked, groups[_i].asked);
}
END_TEST

/* Nobody hears of it when it fails. */
static const char *const reports[][2] = {
    { NULL, "run reports (30 s)\n" },
    { "run reports (30 s)", "run reports (30 s)\n" },
};

START_TEST(opens_reports)
{
    g_autoptr(FakeWorld) world = fake_world_new();
    g_autofree char *asked = NULL;

    world->fails = reports[_i][0];
    aqr_guest_setup_gpu_reports(&fake_world, world);
    asked = fake_world_take(world);
    ck_assert_str_eq(asked, reports[_i][1]);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, asks_once, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, grants_gpus, 0, G_N_ELEMENTS(groups));
    tcase_add_loop_test(tcase, opens_reports, 0, G_N_ELEMENTS(reports));
}
