/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <glib-unix.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/limits.h"
#include "host/process.h"
#include "host/wait.h"

#define FIRST_FD 3
#define START_TIMEOUT (60 * G_TIME_SPAN_SECOND) /* it looks at all PCI functions */
#define END_TIMEOUT (5 * G_TIME_SPAN_SECOND)
#define KILL_TIMEOUT (10 * G_TIME_SPAN_SECOND)

struct AqrKeeper {
    GSubprocess *process;
};

/* In the child: no signal of our terminal, or to our group, shall reach it. */
static void
set_up(gpointer data)
{
    setsid();
    aqr_limits_restore(data);
}

/* The child has @fd's open file as @target. */
static gboolean
give_fd(GSubprocessLauncher *launcher, int fd, int target, GError **error)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

    if (copy < 0) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, g_strerror(errno));
        return FALSE;
    }
    g_subprocess_launcher_take_fd(launcher, copy, target);
    return TRUE;
}

static gboolean
give_fds(GSubprocessLauncher *launcher, const GPtrArray *leases, const int *keep_open,
         GError **error)
{
    int target = FIRST_FD;

    for (guint i = 0; i < leases->len; i++) {
        if (!give_fd(launcher, aqr_lease_get_fd(leases->pdata[i]), target++, error))
            return FALSE;
    }
    for (; keep_open != NULL && *keep_open >= 0; keep_open++) {
        if (!give_fd(launcher, *keep_open, target++, error))
            return FALSE;
    }
    return TRUE;
}

/* Its orders, its leases, what it keeps open, and nothing else of ours: who waits for the
 * end of our output does not wait for it. */
static GSubprocess *
start(char **argv, const GPtrArray *leases, const int *keep_open, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE |
                                  G_SUBPROCESS_FLAGS_STDERR_SILENCE);

    g_subprocess_launcher_set_child_setup(launcher, set_up, NULL, NULL);
    g_subprocess_launcher_set_cwd(launcher, "/");
    if (!give_fds(launcher, leases, keep_open, error))
        return NULL;
    return g_subprocess_launcher_spawnv(launcher, (const char *const *)argv, error);
}

static GStrv
make_argv(const char *program, const GPtrArray *leases, const AqrGpuDrivers *drivers)
{
    GPtrArray *argv = g_ptr_array_new();

    g_ptr_array_add(argv, g_strdup(program));
    g_ptr_array_add(argv, aqr_gpu_drivers_to_string(drivers));
    for (guint i = 0; i < leases->len; i++)
        g_ptr_array_add(
            argv, g_strdup_printf("%s=%u", aqr_lease_get_slot(leases->pdata[i]), FIRST_FD + i));
    g_ptr_array_add(argv, NULL);
    return (GStrv)g_ptr_array_free(argv, FALSE);
}

/* --- its start ----------------------------------------------------------- */

static gboolean
wake(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition, G_GNUC_UNUSED gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static gboolean
can_be_read(gpointer data)
{
    struct pollfd input = { .fd = *(int *)data, .events = POLLIN };

    return poll(&input, 1, 0) > 0;
}

/* A byte, once it has understood its arguments; no byte, and the end, from one that has not. */
static gboolean
wait_ready(GSubprocess *process, GError **error)
{
    GUnixInputStream *output = G_UNIX_INPUT_STREAM(g_subprocess_get_stdout_pipe(process));
    AqrPatience patience = aqr_patience(START_TIMEOUT, NULL);
    int fd = g_unix_input_stream_get_fd(output);
    guint source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, wake, NULL);
    gboolean told = aqr_wait_until(can_be_read, &fd, "its first word", &patience, error);
    char byte;

    g_source_remove(source);
    if (!told)
        return FALSE;
    if (read(fd, &byte, 1) == 1)
        return TRUE;
    g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, "it has ended at once");
    return FALSE;
}

AqrKeeper *
aqr_keeper_new(const char *program, const GPtrArray *leases, const AqrGpuDrivers *drivers,
               const int *keep_open, GError **error)
{
    g_auto(GStrv) argv = make_argv(program, leases, drivers);
    g_autoptr(GError) failed = NULL;
    g_autoptr(GSubprocess) process = start(argv, leases, keep_open, &failed);
    AqrKeeper *keeper;

    if (process == NULL || !wait_ready(process, &failed)) {
        if (process != NULL)
            g_subprocess_force_exit(process);
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot start %s: %s", program,
                    failed->message);
        return NULL;
    }
    keeper = g_new0(AqrKeeper, 1);
    keeper->process = g_steal_pointer(&process);
    return keeper;
}

/* --- orders -------------------------------------------------------------- */

/* One that has been killed is told in vain, and nobody keeps anything then. */
static void
tell(AqrKeeper *keeper, const char *order)
{
    GOutputStream *orders = g_subprocess_get_stdin_pipe(keeper->process);

    g_output_stream_write_all(orders, order, strlen(order), NULL, NULL, NULL);
}

void
aqr_keeper_tell_qemu(AqrKeeper *keeper, GPid qemu)
{
    g_autofree char *order =
        g_strdup_printf("qemu %d %" G_GUINT64_FORMAT "\n", (int)qemu, aqr_process_start(qemu));

    tell(keeper, order);
}

void
aqr_keeper_tell_domain(AqrKeeper *keeper, const char *name, gboolean of_daemon)
{
    g_autofree char *order = g_strdup_printf("domain %s %s\n", of_daemon ? "daemon" : "own", name);

    tell(keeper, order);
}

/* --- its end ------------------------------------------------------------- */

void
aqr_keeper_abandon(AqrKeeper *keeper)
{
    if (keeper == NULL)
        return;
    g_output_stream_close(g_subprocess_get_stdin_pipe(keeper->process), NULL, NULL);
    g_object_unref(keeper->process);
    g_free(keeper);
}

/* Outlives a keeper that does not end: its end may be told later. */
typedef struct {
    gint references;
    gboolean ended;
} End;

static void
release_end(End *end)
{
    if (--end->references == 0)
        g_free(end);
}

static void
note_end(G_GNUC_UNUSED GObject *source, G_GNUC_UNUSED GAsyncResult *result, gpointer data)
{
    End *end = data;

    end->ended = TRUE;
    release_end(end);
}

static gboolean
has_ended(gpointer data)
{
    return ((End *)data)->ended;
}

/* One that hangs in the kernel, at a device, stays there even if it is killed. */
void
aqr_keeper_free(AqrKeeper *keeper)
{
    AqrPatience patience = aqr_patience(END_TIMEOUT, NULL);
    End *end;

    if (keeper == NULL)
        return;
    end = g_new0(End, 1);
    end->references = 2;
    tell(keeper, "done\n");
    g_subprocess_wait_async(keeper->process, NULL, note_end, end);
    if (!aqr_wait_until(has_ended, end, "the keeper", &patience, NULL)) {
        g_subprocess_force_exit(keeper->process);
        patience = aqr_patience(KILL_TIMEOUT, NULL);
        aqr_wait_until(has_ended, end, "the keeper", &patience, NULL);
    }
    release_end(end);
    g_object_unref(keeper->process);
    g_free(keeper);
}
