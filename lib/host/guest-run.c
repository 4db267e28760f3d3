/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"

#define MAX_OUTPUT (1 << 20)

static void
note_end(int status, gpointer data)
{
    AqrGuestJob *job = data;

    if (job->command != NULL)
        job->host_error = aqr_guest_command_host_error(job->command);
    job->command = NULL;
    job->ended = TRUE;
    job->status = status;
}

void
aqr_guest_job_start(AqrGuestJob *job, AqrGuestLink *link, const char *const *argv,
                    gboolean terminal, const int fds[3])
{
    *job = (AqrGuestJob){ .status = -1 };
    job->command = aqr_guest_command_start(link, argv, terminal, fds, note_end, job);
}

void
aqr_guest_job_end(AqrGuestJob *job)
{
    if (job->command != NULL)
        aqr_guest_command_kill(job->command);
    job->command = NULL;
}

static gboolean
has_ended(gpointer data)
{
    const AqrGuestJob *job = data;

    return job->ended;
}

/* With a NUL behind it. */
static char *
read_back(int fd, gsize *length)
{
    off_t end = lseek(fd, 0, SEEK_CUR); /* the command's end shares it */
    char *text = g_malloc0((gsize)MAX(end, 0) + 1);
    ssize_t got = pread(fd, text, (gsize)MAX(end, 0), 0);

    *length = (gsize)MAX(got, 0);
    text[*length] = '\0';
    return text;
}

static char *
read_text(int fd)
{
    gsize length;
    char *text = read_back(fd, &length);

    for (gsize n = strlen(text); n > 0 && text[n - 1] == '\n'; n--)
        text[n - 1] = '\0';
    return text;
}

static gboolean
run_into(AqrGuestLink *link, const char *const *argv, int memory, const AqrPatience *patience,
         AqrGuestJob *job, GError **error)
{
    const int fds[3] = { -1, memory, -1 };
    gboolean ended;

    aqr_guest_job_start(job, link, argv, FALSE, fds);
    ended = aqr_wait_until(has_ended, job, argv[0], patience, error);
    aqr_guest_job_end(job);
    if (!ended)
        return FALSE;
    if (job->status < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "the guest was lost while it ran %s",
                    argv[0]);
        return FALSE;
    }
    return TRUE;
}

/* Whatever the guest says: it cannot grow. */
static int
make_memory(gsize size, GError **error)
{
    int fd = memfd_create("guest-run", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd >= 0 && ftruncate(fd, (off_t)size) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) == 0)
        return fd;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "no memory for a command's output: %s",
                g_strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

gboolean
aqr_guest_run(AqrGuestLink *link, const char *const *argv, const AqrPatience *patience,
              char **output, int *status, GError **error)
{
    int memory = make_memory(MAX_OUTPUT, error);
    AqrGuestJob job;
    gboolean done;

    if (memory < 0)
        return FALSE;
    done = run_into(link, argv, memory, patience, &job, error);
    if (done)
        *status = job.status;
    if (done && output != NULL)
        *output = read_text(memory);
    close(memory);
    return done;
}

/* What does not fit in fails to be written. */
static gboolean
check_whole(const AqrGuestJob *job, const char *program, gsize most, GError **error)
{
    if (job->host_error != 0)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "it has more than %" G_GSIZE_FORMAT " bytes",
                    most);
    else if (job->status != 0)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "%s ended with status %d in the guest",
                    program, job->status);
    return job->host_error == 0 && job->status == 0;
}

GBytes *
aqr_guest_run_fetch(AqrGuestLink *link, const char *const *argv, gsize most,
                    const AqrPatience *patience, GError **error)
{
    int memory = make_memory(most, error);
    char *bytes = NULL;
    AqrGuestJob job;
    gsize length;

    if (memory < 0)
        return NULL;
    if (run_into(link, argv, memory, patience, &job, error) &&
        check_whole(&job, argv[0], most, error))
        bytes = read_back(memory, &length);
    close(memory);
    return bytes == NULL ? NULL : g_bytes_new_take(bytes, length);
}
