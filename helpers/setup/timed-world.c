/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timed-world.h"

static struct {
    const AqrWorld *world;
    AqrStart most;
    void (*done)(const char *step, gint64 duration, const GError *error, gpointer data);
    gpointer data;
} timing;

static gboolean
end_step(const char *name, gint64 begin, GError *failed, GError **error)
{
    timing.done(name, g_get_monotonic_time() - begin, failed, timing.data);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, failed);
    return FALSE;
}

static gboolean
time_step(const char *name, gboolean (*step)(gpointer, GError **), gpointer world, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    GError *failed = NULL;

    step(world, &failed);
    return end_step(name, begin, failed, error);
}

static gboolean
take_gpus(gpointer world, GError **error)
{
    return time_step("choose and lease", timing.world->take_gpus, world, error);
}

/* Only a VM that is neither saved nor restored has its GPUs from the start. */
static gboolean
start(gpointer world, AqrStart most, AqrStart *how, GError **error)
{
    static const char *const names[] = {
        [AQR_START_COLD] = "check, bind and start",
        [AQR_START_RESTORED] = "restore a saved VM",
        [AQR_START_TO_SAVE] = "start one to save",
    };
    gint64 begin = g_get_monotonic_time();
    GError *failed = NULL;

    *how = AQR_START_COLD;
    timing.world->start(world, MIN(most, timing.most), how, &failed);
    return end_step(names[*how], begin, failed, error);
}

static gboolean
save(gpointer world, gboolean *ended, GError **error)
{
    gint64 begin = g_get_monotonic_time();
    GError *failed = NULL;

    timing.world->save(world, ended, &failed);
    return end_step("save it", begin, failed, error);
}

static gboolean
plug_gpus(gpointer world, GError **error)
{
    return time_step("check, bind and plug in", timing.world->plug_gpus, world, error);
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
aqr_timed_world(const AqrWorld *world, AqrStart most,
                void (*done)(const char *step, gint64 duration, const GError *error, gpointer data),
                gpointer data)
{
    AqrWorld timed = *world;

    timing.world = world;
    timing.most = most;
    timing.done = done;
    timing.data = data;
    timed.take_gpus = take_gpus;
    timed.start = start;
    timed.save = save;
    timed.plug_gpus = plug_gpus;
    timed.wait_guest = wait_guest;
    timed.wait_gpus = wait_gpus;
    timed.wait_reboot = wait_reboot;
    timed.stop = stop;
    return timed;
}
