/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timed-world.h"

struct AqrTimedWorld {
    const AqrWorld *world;
    gpointer world_data;
    void (*done)(const char *step, gint64 duration, const GError *error, gpointer data);
    gpointer data;
};

AqrTimedWorld *
aqr_timed_world_new(const AqrWorld *world, gpointer world_data,
                    void (*done)(const char *step, gint64 duration, const GError *error,
                                 gpointer data),
                    gpointer data)
{
    AqrTimedWorld *timed = g_new0(AqrTimedWorld, 1);

    *timed = (AqrTimedWorld){ world, world_data, done, data };
    return timed;
}

void
aqr_timed_world_free(AqrTimedWorld *world)
{
    g_free(world);
}

static gboolean
time_step(AqrTimedWorld *timed, const char *name, gpointer world,
          gboolean (*step)(gpointer, GError **), GError **error)
{
    gint64 start = g_get_monotonic_time();
    GError *failed = NULL;

    step(world, &failed);
    timed->done(name, g_get_monotonic_time() - start, failed, timed->data);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, failed);
    return FALSE;
}

static gboolean
take_gpus(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;

    return time_step(timed, "choose and lease", timed->world_data, timed->world->take_gpus, error);
}

static void
give_gpus_back(gpointer data)
{
    AqrTimedWorld *timed = data;

    timed->world->give_gpus_back(timed->world_data);
}

/* What is tested is a VM with its GPU from the start. */
static gboolean
start_cold(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;
    AqrStart how;

    return timed->world->start(timed->world_data, AQR_START_COLD, &how, error);
}

static gboolean
start(gpointer data, G_GNUC_UNUSED AqrStart most, AqrStart *how, GError **error)
{
    *how = AQR_START_COLD;
    return time_step(data, "check, bind and start", data, start_cold, error);
}

static gboolean
furnish(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;

    return timed->world->furnish(timed->world_data, error);
}

static gboolean
wait_guest(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;

    return time_step(timed, "boot", timed->world_data, timed->world->wait_guest, error);
}

static gboolean
wait_gpus(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;

    return time_step(timed, "GPU ready", timed->world_data, timed->world->wait_gpus, error);
}

static gboolean
run(gpointer data, const char *const *argv, gint64 timeout, char **output, int *status,
    GError **error)
{
    AqrTimedWorld *timed = data;

    return timed->world->run(timed->world_data, argv, timeout, output, status, error);
}

static gboolean
copy(gpointer data, const AqrCopy *what, gint64 timeout, AqrCopyResult *result, GError **error)
{
    AqrTimedWorld *timed = data;

    return timed->world->copy(timed->world_data, what, timeout, result, error);
}

static gboolean
expect_reboot(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;

    return timed->world->expect_reboot(timed->world_data, error);
}

static gboolean
wait_reboot(gpointer data, GError **error)
{
    AqrTimedWorld *timed = data;

    return time_step(timed, "reset", timed->world_data, timed->world->wait_reboot, error);
}

static const char *const *
exec_argv(gpointer data)
{
    AqrTimedWorld *timed = data;

    return timed->world->exec_argv(timed->world_data);
}

static void
tell_access(gpointer data, const char *user)
{
    AqrTimedWorld *timed = data;

    timed->world->tell_access(timed->world_data, user);
}

static void
note(gpointer data, const char *text)
{
    AqrTimedWorld *timed = data;

    timed->world->note(timed->world_data, text);
}

static gboolean
shell(gpointer data, const char *const *argv, GError **error)
{
    AqrTimedWorld *timed = data;

    return timed->world->shell(timed->world_data, argv, error);
}

static void
explain(gpointer data)
{
    AqrTimedWorld *timed = data;

    timed->world->explain(timed->world_data);
}

static void
stop(gpointer data, gboolean orderly)
{
    AqrTimedWorld *timed = data;
    gint64 begin = g_get_monotonic_time();

    timed->world->stop(timed->world_data, orderly);
    timed->done("power off and give back", g_get_monotonic_time() - begin, NULL, timed->data);
}

const AqrWorld aqr_timed_world = {
    .take_gpus = take_gpus,
    .give_gpus_back = give_gpus_back,
    .start = start,
    .wait_guest = wait_guest,
    .furnish = furnish,
    .wait_gpus = wait_gpus,
    .run = run,
    .copy = copy,
    .expect_reboot = expect_reboot,
    .wait_reboot = wait_reboot,
    .exec_argv = exec_argv,
    .tell_access = tell_access,
    .note = note,
    .shell = shell,
    .explain = explain,
    .stop = stop,
};
