/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/limits.h"
#include "host/process.h"
#include "host/wait.h"

#define FIRST_FD 3
#define END_TIMEOUT (5 * G_TIME_SPAN_SECOND)

struct AqrKeeper {
    GSubprocess *process;
    gboolean ended;
};

/* In the child: no signal of our terminal, or to our group, shall reach it. */
static void
set_up(gpointer data)
{
    setsid();
    aqr_limits_restore(data);
}

/* Its orders, its leases, and nothing else of ours: who waits for the end of our output
 * does not wait for it. */
static GSubprocess *
start(char **argv, const GPtrArray *leases, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_SILENCE |
        G_SUBPROCESS_FLAGS_STDERR_SILENCE);

    g_subprocess_launcher_set_child_setup(launcher, set_up, NULL, NULL);
    g_subprocess_launcher_set_cwd(launcher, "/");
    for (guint i = 0; i < leases->len; i++) {
        int fd = fcntl(aqr_lease_get_fd(leases->pdata[i]), F_DUPFD_CLOEXEC, 0);

        if (fd < 0) {
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, g_strerror(errno));
            return NULL;
        }
        g_subprocess_launcher_take_fd(launcher, fd, FIRST_FD + (gint)i);
    }
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

AqrKeeper *
aqr_keeper_new(const char *program, const GPtrArray *leases, const AqrGpuDrivers *drivers,
               G_GNUC_UNUSED const int *keep_open, GError **error)
{
    g_auto(GStrv) argv = make_argv(program, leases, drivers);
    g_autoptr(GError) failed = NULL;
    GSubprocess *process = start(argv, leases, &failed);
    AqrKeeper *keeper;

    if (process == NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot start %s: %s", program,
                    failed->message);
        return NULL;
    }
    keeper = g_new0(AqrKeeper, 1);
    keeper->process = process;
    return keeper;
}

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

static void
note_end(G_GNUC_UNUSED GObject *source, G_GNUC_UNUSED GAsyncResult *result, gpointer data)
{
    *(gboolean *)data = TRUE;
}

static gboolean
has_ended(gpointer data)
{
    return *(gboolean *)data;
}

void
aqr_keeper_abandon(AqrKeeper *keeper)
{
    g_output_stream_close(g_subprocess_get_stdin_pipe(keeper->process), NULL, NULL);
    g_object_unref(keeper->process);
    g_free(keeper);
}

void
aqr_keeper_free(AqrKeeper *keeper)
{
    AqrPatience patience = aqr_patience(END_TIMEOUT, NULL), ending = aqr_patience(0, NULL);

    if (keeper == NULL)
        return;
    tell(keeper, "done\n");
    g_subprocess_wait_async(keeper->process, NULL, note_end, &keeper->ended);
    if (!aqr_wait_until(has_ended, &keeper->ended, "the keeper", &patience, NULL)) {
        g_subprocess_force_exit(keeper->process);
        aqr_wait_until(has_ended, &keeper->ended, "the keeper", &ending, NULL);
    }
    g_object_unref(keeper->process);
    g_free(keeper);
}
