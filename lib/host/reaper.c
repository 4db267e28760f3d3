/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/reaper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

#define TASKS "/proc/self/task"

struct AqrReaper {
    int fds[2]; /* the handler writes a byte into the second for each SIGCHLD */
    struct sigaction before;
    GThread *thread;
};

/* A signal handler has no other way to reach its data. */
static int handler_fd = -1;
static void (*handler_before)(int); /* GLib's, where pidfd_open() may not be used; or none */

static void
note_child(int number)
{
    int saved = errno;

    if (write(handler_fd, "", 1) < 0) {
        /* The pipe is full: the thread will look anyway. */
    }
    errno = saved;
    if (handler_before != NULL)
        handler_before(number);
}

/* A daemon's first parent made a session of its own and has gone. Somebody's child
 * is in our session, or leads one. */
static gboolean
is_orphan(pid_t pid)
{
    pid_t session = getsid(pid);

    return session > 0 && session != pid && session != getsid(0);
}

static void
reap_children_of(const char *task)
{
    g_autofree char *path = g_build_filename(TASKS, task, "children", NULL);
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return;
    words = g_strsplit(text, " ", -1);
    for (char **word = words; *word != NULL; word++) {
        pid_t pid = atoi(*word);

        if (pid > 0 && is_orphan(pid))
            waitpid(pid, NULL, WNOHANG);
    }
}

/* The kernel adopts for a process, but keeps children by thread. */
static gpointer
reap(gpointer data)
{
    int fd = GPOINTER_TO_INT(data);
    char bytes[64];
    ssize_t got;

    while ((got = read(fd, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR)) {
        g_autoptr(GDir) tasks = g_dir_open(TASKS, 0, NULL);
        const char *task;

        while (tasks != NULL && (task = g_dir_read_name(tasks)) != NULL)
            reap_children_of(task);
    }
    return NULL;
}

static void (*get_function(const struct sigaction *action))(int)
{
    gboolean plain = (action->sa_flags & SA_SIGINFO) == 0 && action->sa_handler != SIG_DFL &&
                     action->sa_handler != SIG_IGN;

    return plain ? action->sa_handler : NULL;
}

AqrReaper *
aqr_reaper_new(GError **error)
{
    struct sigaction action = { .sa_handler = note_child, .sa_flags = SA_RESTART | SA_NOCLDSTOP };
    g_autofree AqrReaper *reaper = g_new0(AqrReaper, 1);

    if (pipe2(reaper->fds, O_CLOEXEC) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot look after children: %s",
                    g_strerror(errno));
        return NULL;
    }
    fcntl(reaper->fds[1], F_SETFL, O_NONBLOCK);
    prctl(PR_SET_CHILD_SUBREAPER, 1); /* every Linux that we run on has it */
    handler_fd = reaper->fds[1];
    sigemptyset(&action.sa_mask);
    sigaction(SIGCHLD, NULL, &reaper->before);
    handler_before = get_function(&reaper->before);
    sigaction(SIGCHLD, &action, NULL);
    reaper->thread = g_thread_new("reaper", reap, GINT_TO_POINTER(reaper->fds[0]));
    return g_steal_pointer(&reaper);
}

void
aqr_reaper_free(AqrReaper *reaper)
{
    if (reaper == NULL)
        return;
    prctl(PR_SET_CHILD_SUBREAPER, 0);
    sigaction(SIGCHLD, &reaper->before, NULL);
    handler_fd = -1;
    close(reaper->fds[1]); /* which ends the thread */
    g_thread_join(reaper->thread);
    close(reaper->fds[0]);
    g_free(reaper);
}
