/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timed-world.h"

static struct {
    const AqrWorld *world;
    void (*done)(const char *step, gint64 duration, const GError *error, gpointer data);
    gpointer data;
} timing;

static gboolean
time_step(const char *name, gboolean (*step)(gpointer, GError **), gpointer world, GError **error)
{
    gint64 start = g_get_monotonic_time();
    GError *failed = NULL;

    step(world, &failed);
    timing.done(name, g_get_monotonic_time() - start, failed, timing.data);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, failed);
    return FALSE;
}

static gboolean
take_gpus(gpointer world, GError **error)
{
    return time_step("choose and lease", timing.world->take_gpus, world, error);
}

/* What is tested is a VM with its GPU from the start. */
static gboolean
start_cold(gpointer world, GError **error)
{
    AqrStart how;

    return timing.world->start(world, AQR_START_COLD, &how, error);
}

static gboolean
start(gpointer world, G_GNUC_UNUSED AqrStart most, AqrStart *how, GError **error)
{
    *how = AQR_START_COLD;
    return time_step("check, bind and start", start_cold, world, error);
}

static gboolean
wait_guest(gpointer world, GError **error)
{
    return time_step("boot", timing.world->wait_guest, world, error);
}

static gboolean
wait_gpus(gpointer world, GError **error)
{
    return time_step("GPU ready", timing.world->wait_gpus, world, error);
}

static gboolean
wait_reboot(gpointer world, GError **error)
{
    return time_step("reset", timing.world->wait_reboot, world, error);
}

static void
stop(gpointer world, gboolean orderly)
{
    gint64 begin = g_get_monotonic_time();

    timing.world->stop(world, orderly);
    timing.done("power off and give back", g_get_monotonic_time() - begin, NULL, timing.data);
}

AqrWorld
aqr_timed_world(const AqrWorld *world,
                void (*done)(const char *step, gint64 duration, const GError *error, gpointer data),
                gpointer data)
{
    AqrWorld timed = *world;

    timing.world = world;
    timing.done = done;
    timing.data = data;
    timed.take_gpus = take_gpus;
    timed.start = start;
    timed.wait_guest = wait_guest;
    timed.wait_gpus = wait_gpus;
    timed.wait_reboot = wait_reboot;
    timed.stop = stop;
    return timed;
}
