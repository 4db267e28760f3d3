/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/bounded.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

#define MAX_SIZE 4096 /* fits a pipe that nobody reads */

typedef struct {
    const char *path;
    const char *text; /* to be written; NULL: it is read */
    gsize size;       /* to be read */
    int pipe[2];      /* of what was read */
} Job;

/* --- the child: what may be called after fork() only -------------------- */

static int
work(const Job *job)
{
    char bytes[MAX_SIZE];
    int fd = open(job->path, job->text == NULL ? O_RDONLY : O_WRONLY | O_TRUNC);
    ssize_t n;

    if (fd < 0)
        return errno;
    if (job->text != NULL)
        return write(fd, job->text, strlen(job->text)) < 0 ? errno : 0;
    n = read(fd, bytes, MIN(job->size, sizeof bytes));
    return n < 0 || write(STDIN_FILENO, bytes, (size_t)n) < 0 ? errno : 0;
}

/* What it has open would stay open with it: pipes that somebody reads to their end. */
static pid_t
start(const Job *job)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    if (job->text == NULL)
        dup2(job->pipe[1], STDIN_FILENO);
    close_range(job->text == NULL ? 1 : 0, ~0U, 0);
    _exit(work(job));
}

/* --- the parent --------------------------------------------------------- */

typedef struct {
    pid_t pid;
    int status;
    gboolean ended;
} Child;

static gboolean
has_ended(gpointer data)
{
    Child *child = data;

    if (!child->ended)
        child->ended = waitpid(child->pid, &child->status, WNOHANG) == child->pid;
    return child->ended;
}

static gboolean
wake(G_GNUC_UNUSED gint fd, G_GNUC_UNUSED GIOCondition condition, G_GNUC_UNUSED gpointer data)
{
    return G_SOURCE_REMOVE;
}

static gboolean
wait_woken(Child *child, const char *what, const AqrPatience *patience, GError **error)
{
    int fd = pidfd_open(child->pid, 0);
    guint source = fd < 0 ? 0 : g_unix_fd_add(fd, G_IO_IN, wake, NULL);
    gboolean ended = aqr_wait_until(has_ended, child, what, patience, error);
    GSource *left = source == 0 ? NULL : g_main_context_find_source_by_id(NULL, source);

    if (left != NULL)
        g_source_destroy(left);
    if (fd >= 0)
        close(fd);
    return ended;
}

static void
forget(G_GNUC_UNUSED GPid pid, G_GNUC_UNUSED gint status, G_GNUC_UNUSED gpointer data)
{
}

/* A kill does not end what blocks in the kernel. */
static void
give_up(Child *child)
{
    AqrPatience patience = aqr_patience(G_TIME_SPAN_SECOND, NULL);

    kill(child->pid, SIGKILL);
    if (!wait_woken(child, "", &patience, NULL))
        g_child_watch_add(child->pid, forget, NULL);
}

static gboolean
finish(Child *child, const Job *job, const AqrPatience *patience, GError **error)
{
    const char *doing = job->text == NULL ? "read" : "write to";
    g_autoptr(GError) failed = NULL;

    if (child->pid >= 0 && !wait_woken(child, job->path, patience, &failed)) {
        give_up(child);
        g_set_error(error, AQR_ERROR,
                    g_error_matches(failed, AQR_ERROR, AQR_ERROR_STOPPED) ? AQR_ERROR_STOPPED
                                                                          : AQR_ERROR_GPU,
                    "cannot %s %s: %s", doing, job->path, failed->message);
        return FALSE;
    }
    if (child->pid >= 0 && child->status == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "cannot %s %s: %s", doing, job->path,
                child->pid < 0             ? g_strerror(errno)
                : WIFEXITED(child->status) ? g_strerror(WEXITSTATUS(child->status))
                                           : "its writer was killed");
    return FALSE;
}

gboolean
aqr_bounded_write(const char *path, const char *text, const AqrPatience *patience, GError **error)
{
    Job job = { .path = path, .text = text, .pipe = { -1, -1 } };
    Child child = { .pid = start(&job) };

    return finish(&child, &job, patience, error);
}

static GBytes *
take_bytes(int fd, gsize size)
{
    g_autofree guint8 *bytes = g_malloc0(size);
    ssize_t n = read(fd, bytes, size);

    return g_bytes_new(bytes, n < 0 ? 0 : (gsize)n);
}

GBytes *
aqr_bounded_read(const char *path, gsize size, const AqrPatience *patience, GError **error)
{
    Job job = { .path = path, .size = MIN(size, MAX_SIZE) };
    GBytes *bytes = NULL;
    Child child;

    if (pipe2(job.pipe, O_CLOEXEC) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot read %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    child = (Child){ .pid = start(&job) };
    close(job.pipe[1]);
    if (finish(&child, &job, patience, error))
        bytes = take_bytes(job.pipe[0], job.size);
    close(job.pipe[0]);
    return bytes;
}
