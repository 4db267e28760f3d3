/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/guardian.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/program.h"
#include "host/process.h"

/* In the environment of all that the work starts: whose it is. */
#define MARK "AQR_GUARDIAN"

/* A terminal sends its signals to the child, too, which takes what comes within half a second
 * for one (host/stop). */
static const int passed_on[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

/* Whether @child has ended. All else that has is an orphan, which nobody asks for. */
static gboolean
reap(pid_t child, int *status)
{
    gboolean ended = FALSE;
    int other;
    pid_t pid;

    while ((pid = waitpid(-1, &other, WNOHANG)) > 0) {
        if (pid != child)
            continue;
        *status = other;
        ended = TRUE;
    }
    return ended;
}

static int
watch(pid_t child, const sigset_t *signals)
{
    int status = 0;

    while (!reap(child, &status)) {
        int number = sigwaitinfo(signals, NULL);

        if (number > 0 && number != SIGCHLD)
            kill(child, number);
    }
    return status;
}

/* What libvirt starts for everybody, as a daemon for qemu:///session and its machines, comes to
 * us as an orphan, too. It has an environment that libvirt chose, without our mark. */
static gboolean
is_marked(const char *name)
{
    g_autofree char *path = g_build_filename("/proc", name, "environ", NULL);
    const char *mark = g_getenv(MARK);
    g_autofree char *environment = NULL;
    gsize length = 0;

    if (mark == NULL || !g_file_get_contents(path, &environment, &length, NULL))
        return FALSE;
    for (const char *entry = environment; entry < environment + length; entry += strlen(entry) + 1)
        if (g_str_has_prefix(entry, MARK "=") && g_str_equal(entry + strlen(MARK "="), mark))
            return TRUE;
    return FALSE;
}

/* Whether there was one. */
static gboolean
end_marked_children(void)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    gboolean found = FALSE;
    const char *name;

    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL) {
        pid_t pid = (pid_t)g_ascii_strtoll(name, NULL, 10);

        if (pid <= 0 || aqr_process_parent(pid) != getpid() || !is_marked(name))
            continue;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        found = TRUE;
    }
    return found;
}

/* Each that ends leaves us its own children. */
static void
end_the_rest(void)
{
    while (end_marked_children()) {
    }
}

static void
set_mark(void)
{
    g_autofree char *mark =
        g_strdup_printf("%d-%" G_GUINT64_FORMAT, (int)getpid(), aqr_process_start(getpid()));

    g_setenv(MARK, mark, TRUE);
}

static void
end_by(int number)
{
    sigset_t all;

    signal(number, SIG_DFL);
    sigfillset(&all);
    pthread_sigmask(SIG_UNBLOCK, &all, NULL);
    raise(number);
}

/* In the child. It cleans up after itself, too: the parent may be gone by then. */
static void
do_work(pid_t parent, const sigset_t *mask, int (*work)(gpointer data), gpointer data)
{
    int status;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    pthread_sigmask(SIG_SETMASK, mask, NULL);
    if (getppid() != parent)
        raise(SIGTERM);
    status = work(data);
    end_the_rest();
    if (status < 0)
        end_by(-status);
    exit(status);
}

static int
end_as(int status)
{
    if (!WIFSIGNALED(status))
        return WEXITSTATUS(status);
    end_by(WTERMSIG(status));
    return EXIT_FAILURE;
}

int
aqr_guardian_run(int (*work)(gpointer data), void (*clean_up)(gpointer data), gpointer data)
{
    pid_t parent = getpid(), child;
    sigset_t signals, before;
    int status;

    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    for (gsize i = 0; i < G_N_ELEMENTS(passed_on); i++)
        sigaddset(&signals, passed_on[i]);
    pthread_sigmask(SIG_BLOCK, &signals, &before);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    set_mark();
    child = fork();
    if (child < 0) {
        aqr_program_say("cannot start a process: %s", g_strerror(errno));
        return EXIT_FAILURE;
    }
    if (child == 0)
        do_work(parent, &before, work, data);
    status = watch(child, &signals);
    end_the_rest();
    clean_up(data);
    return end_as(status);
}
