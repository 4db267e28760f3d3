/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-copy.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/guest-run.h"
#include "host/stage.h"

/* The host's half: a file, or a tar on the other end of a pipe. */
typedef struct {
    int fd;           /* what the guest's command reads or writes */
    GSubprocess *tar; /* NULL for a file */
    AqrStage *stage;  /* a directory on its way up */
    gboolean tar_ended;
    gboolean tar_failed;
    char *complaint; /* why there is no such half */
} HostHalf;

static gboolean
complain(HostHalf *half, const char *name, const char *what)
{
    half->complaint = g_strdup_printf("cannot copy \"%s\": %s", name, what);
    return FALSE;
}

/* Opening a FIFO waits for somebody at its other end, and nothing could cut that short. */
static gboolean
open_file(const AqrCopy *copy, HostHalf *half)
{
    int mode = copy->down ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
    struct stat status;

    half->fd = open(copy->host, mode | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
    if (half->fd < 0)
        return complain(half, copy->host, g_strerror(errno));
    if (fstat(half->fd, &status) == 0 && S_ISFIFO(status.st_mode))
        return complain(half, copy->host, "it is a FIFO");
    fcntl(half->fd, F_SETFL, mode & O_ACCMODE);
    return TRUE;
}

static void
note_tar_end(GObject *source, GAsyncResult *result, gpointer data)
{
    HostHalf *half = data;

    half->tar_failed = !g_subprocess_wait_check_finish(G_SUBPROCESS(source), result, NULL);
    half->tar_ended = TRUE;
}

/* One level, as the protocol has it. */
static gboolean
make_target(const AqrCopy *copy, HostHalf *half)
{
    g_autoptr(GError) failed = NULL;

    if (mkdir(copy->host, 0777) < 0 && errno != EEXIST)
        return complain(half, copy->host, g_strerror(errno));
    half->stage = aqr_stage_new(copy->host, &failed);
    return half->stage != NULL || complain(half, copy->host, failed->message);
}

/* TAR_OPTIONS may be the user's, but not for this. */
static gboolean
start_tar(const AqrCopy *copy, HostHalf *half)
{
    AqrCopy staged = *copy;
    g_auto(GStrv) argv = NULL;
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        copy->down ? G_SUBPROCESS_FLAGS_NONE : G_SUBPROCESS_FLAGS_STDOUT_SILENCE);
    g_autoptr(GError) failed = NULL;
    int ends[2];

    if (!copy->down && !make_target(copy, half))
        return FALSE;
    if (half->stage != NULL)
        staged.host = aqr_stage_dir(half->stage);
    argv = aqr_copy_host_argv(&staged);
    g_subprocess_launcher_unsetenv(launcher, "TAR_OPTIONS");
    if (pipe2(ends, O_CLOEXEC) < 0)
        return complain(half, copy->host, g_strerror(errno));
    fcntl(ends[0], F_SETPIPE_SZ, 1 << 20);
    if (copy->down)
        g_subprocess_launcher_take_stdout_fd(launcher, ends[1]);
    else
        g_subprocess_launcher_take_stdin_fd(launcher, ends[0]);
    half->fd = copy->down ? ends[0] : ends[1];
    half->tar = g_subprocess_launcher_spawnv(launcher, (const char *const *)argv, &failed);
    if (half->tar == NULL)
        return complain(half, "tar", failed->message);
    g_subprocess_wait_check_async(half->tar, NULL, note_tar_end, half);
    return TRUE;
}

static gboolean
open_half(const AqrCopy *copy, HostHalf *half)
{
    return copy->directory ? start_tar(copy, half) : open_file(copy, half);
}

static gboolean
tar_has_ended(gpointer data)
{
    const HostHalf *half = data;

    return half->tar == NULL || half->tar_ended;
}

static void
close_half(HostHalf *half)
{
    AqrPatience patience = aqr_patience(0, NULL);

    if (half->fd >= 0)
        close(half->fd);
    if (half->tar != NULL) {
        g_subprocess_force_exit(half->tar);
        aqr_wait_until(tar_has_ended, half, "tar", &patience, NULL);
        g_object_unref(half->tar);
    }
    aqr_stage_free(half->stage);
}

typedef struct {
    AqrGuestJob job;
    HostHalf half;
} Transfer;

static gboolean
job_has_ended(gpointer data)
{
    const Transfer *transfer = data;

    return transfer->job.ended;
}

/* Only what has arrived in full leaves its stage. */
static gboolean
leave_stage(Transfer *transfer, const AqrPatience *patience, GError **error)
{
    HostHalf *half = &transfer->half;
    g_autoptr(GError) failed = NULL;

    if (half->stage == NULL || half->tar_failed || transfer->job.status != 0 ||
        transfer->job.host_error != 0 || aqr_stage_merge(half->stage, patience, &failed))
        return TRUE;
    if (g_error_matches(failed, AQR_ERROR, AQR_ERROR_HOST)) {
        half->complaint = g_strdup(failed->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* The host's tar ends once nobody holds the other end of its pipe. */
static gboolean
wait_all(Transfer *transfer, const AqrPatience *patience, GError **error)
{
    if (!aqr_wait_until(job_has_ended, transfer, "the guest's side of a copy", patience, error))
        return FALSE;
    close(transfer->half.fd);
    transfer->half.fd = -1;
    return aqr_wait_until(tar_has_ended, &transfer->half, "the host's side of a copy", patience,
                          error) &&
           leave_stage(transfer, patience, error);
}

/* What went wrong in the guest, cat's and tar's complaints, goes to our stderr. */
static void
start_transfer(AqrGuestLink *link, const AqrCopy *copy, Transfer *transfer)
{
    g_auto(GStrv) argv = aqr_copy_guest_argv(copy);
    const int fds[3] = {
        copy->down ? transfer->half.fd : -1,
        copy->down ? STDERR_FILENO : transfer->half.fd,
        STDERR_FILENO,
    };

    aqr_guest_job_start(&transfer->job, link, (const char *const *)argv, FALSE, fds);
}

static gboolean
judge(Transfer *transfer, const AqrCopy *copy, AqrCopyResult *result, GError **error)
{
    if (transfer->job.status < 0) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GUEST, "the guest was lost during a copy");
        return FALSE;
    }
    if (transfer->job.host_error != 0)
        complain(&transfer->half, copy->host, g_strerror(transfer->job.host_error));
    else if (transfer->job.status != 0)
        transfer->half.complaint = g_strdup_printf(
            "the guest's side of a copy ended with status %d", transfer->job.status);
    *result = transfer->half.complaint != NULL || transfer->half.tar_failed ? AQR_COPY_FAILED
                                                                            : AQR_COPY_DONE;
    return TRUE;
}

static gboolean
carry_out(AqrGuestLink *link, const AqrCopy *copy, Transfer *transfer, const AqrPatience *patience,
          AqrCopyResult *result, GError **error)
{
    g_autoptr(GError) failed = NULL;

    if (!open_half(copy, &transfer->half)) {
        *result = AQR_COPY_FAILED;
        return TRUE;
    }
    start_transfer(link, copy, transfer);
    if (wait_all(transfer, patience, &failed))
        return judge(transfer, copy, result, error);
    *result = AQR_COPY_TIMED_OUT;
    if (aqr_patience_is_over(patience))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* Root may make devices, which a guest must not bring. */
static gboolean
may_make_devices(void)
{
    return geteuid() == 0 && prctl(PR_CAPBSET_READ, CAP_MKNOD, 0, 0, 0) > 0;
}

gboolean
aqr_guest_copy(AqrGuestLink *link, const AqrCopy *copy, const AqrPatience *patience,
               AqrCopyResult *result, char **complaint, GError **error)
{
    Transfer transfer = { .half.fd = -1 };
    AqrCopy planned = *copy;
    struct stat status;
    gboolean done;

    planned.executable = stat(copy->host, &status) == 0 && (status.st_mode & 0111) != 0;
    planned.privileged = may_make_devices();
    done = carry_out(link, &planned, &transfer, patience, result, error);
    aqr_guest_job_end(&transfer.job);
    close_half(&transfer.half);
    *complaint = transfer.half.complaint;
    return done;
}
