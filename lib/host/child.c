/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/child.h"

#include <gio/gio.h>
#include <signal.h>
#include <unistd.h>

#include "host/limits.h"

typedef struct {
    gboolean done;
    char *out, *err;
} Talk;

static void
take_output(GObject *source, GAsyncResult *result, gpointer data)
{
    Talk *talk = data;

    /* An error is that of a cancelled wait: then nobody looks at the output. */
    g_subprocess_communicate_utf8_finish(G_SUBPROCESS(source), result, &talk->out, &talk->err,
                                         NULL);
    talk->done = TRUE;
}

static gboolean
is_done(gpointer data)
{
    const Talk *talk = data;

    return talk->done;
}

/* Its number is its own until it is reaped, which GIO tells by having none. */
static void
end_group(GSubprocess *child)
{
    const char *pid = g_subprocess_get_identifier(child);

    if (pid != NULL)
        kill(-(pid_t)g_ascii_strtoll(pid, NULL, 10), SIGKILL);
}

static gboolean
talk_to_end(GSubprocess *child, Talk *talk, const char *name, const AqrPatience *patience,
            GError **error)
{
    AqrPatience ending = aqr_patience(0, NULL);

    g_subprocess_communicate_utf8_async(child, NULL, NULL, take_output, talk);
    if (aqr_wait_until(is_done, talk, name, patience, error))
        return TRUE;
    end_group(child);
    return aqr_wait_until(is_done, talk, name, &ending, NULL) && FALSE;
}

static char *
judge(GSubprocess *child, Talk *talk, const char *name, AqrError code, const char *doing,
      GError **error)
{
    if (g_subprocess_get_successful(child) && talk->out != NULL)
        return g_steal_pointer(&talk->out);
    g_set_error(error, AQR_ERROR, (int)code, "cannot %s: %s", doing,
                talk->err != NULL && *talk->err != '\0' ? g_strchomp(talk->err) : name);
    return NULL;
}

/* In the child: a group of its own, which can be ended with all that it started. */
static void
set_up(gpointer data)
{
    setpgid(0, 0);
    aqr_limits_restore(data);
}

static GSubprocess *
start(const char *const *argv, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);

    g_subprocess_launcher_set_child_setup(launcher, set_up, NULL, NULL);
    return g_subprocess_launcher_spawnv(launcher, argv, error);
}

char *
aqr_child_run(const char *const *argv, AqrError code, const char *doing,
              const AqrPatience *patience, GError **error)
{
    g_autoptr(GError) failed = NULL;
    Talk talk = { 0 };
    char *output = NULL;
    g_autoptr(GSubprocess) child = start(argv, &failed);

    if (child == NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot %s: cannot run %s: %s", doing,
                    argv[0], failed->message);
        return NULL;
    }
    if (talk_to_end(child, &talk, argv[0], patience, error))
        output = judge(child, &talk, argv[0], code, doing, error);
    g_free(talk.out);
    g_free(talk.err);
    return output;
}
