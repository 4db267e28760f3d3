/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent-link.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

void
wait_until(AqrPredicate predicate, gpointer data)
{
    AqrPatience patience = aqr_patience(PATIENCE, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_msg(aqr_wait_until(predicate, data, "the test", &patience, &error), "%s",
                  error == NULL ? "" : error->message);
}

static gboolean
make_true(gpointer data)
{
    *(gboolean *)data = TRUE;
    return G_SOURCE_REMOVE;
}

static gboolean
is_true(gpointer data)
{
    return *(gboolean *)data;
}

void
attend_for(guint ms)
{
    gboolean over = FALSE;

    g_timeout_add(ms, make_true, &over);
    wait_until(is_true, &over);
}

/* --- the link ------------------------------------------------------------ */

static int
connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0); /* inherited by the agent */

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

GPid
agent_start(int fd)
{
    g_autofree char *number = g_strdup_printf("%d", fd);
    const char *argv[] = { g_getenv("AQR_TEST_AGENT"), number, AGENT_NONCE, NULL };
    g_autoptr(GError) error = NULL;
    GPid pid = 0;

    g_spawn_async(NULL, (char **)argv, NULL,
                  G_SPAWN_LEAVE_DESCRIPTORS_OPEN | G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid,
                  &error);
    ck_assert_no_error(error);
    return pid;
}

/* The listener takes its socket away once it has its one connection. */
static gboolean
is_accepted(gpointer path)
{
    return !g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean
is_up(gpointer link)
{
    return aqr_guest_link_is_up(link);
}

AgentLink *
agent_link_new(void)
{
    static const char program[] = ""; /* it runs already */
    g_autoptr(GBytes) nothing = g_bytes_new_static(program, 0);
    AgentLink *through = g_new0(AgentLink, 1);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int fd;

    through->dir = test_make_dir();
    path = g_build_filename(through->dir, "link", NULL);
    through->link = aqr_guest_link_new(path, &error);
    ck_assert_no_error(error);
    fd = connect_to(path);
    through->agent = agent_start(fd);
    close(fd);
    wait_until(is_accepted, path);
    aqr_guest_link_bring(through->link, nothing, AGENT_NONCE);
    wait_until(is_up, through->link);
    return through;
}

void
agent_link_free(AgentLink *through)
{
    int status = 0;

    aqr_guest_link_free(through->link);
    waitpid(through->agent, &status, 0);
    /* What a sanitizer finds in it ends it with another. */
    ck_assert_int_eq(status, through->killed ? SIGKILL : 0);
    test_remove_dir(through->dir);
    g_free(through);
}

AgentLink *agent;

void
set_up(void)
{
    agent = agent_link_new();
}

void
tear_down(void)
{
    agent_link_free(agent);
}

/* --- commands -------------------------------------------------------------- */

void
job_init(Job *job, const void *input, gsize length)
{
    *job = (Job){ .fds = { -1, -1, -1 }, .status = G_MININT };
    for (int i = 0; i < 3; i++)
        job->fds[i] = memfd_create("job", MFD_CLOEXEC);
    if (input != NULL)
        ck_assert_int_eq(pwrite(job->fds[0], input, length, 0), (ssize_t)length);
}

static void
note_end(int status, gpointer data)
{
    Job *job = data;

    ck_assert(!job->ended);
    job->command = NULL;
    job->ended = TRUE;
    job->status = status;
}

void
job_start(Job *job, AgentLink *through, const char *const *argv, gboolean terminal)
{
    job->command = aqr_guest_command_start(through->link, argv, terminal, job->fds, note_end, job);
}

static gboolean
has_ended(gpointer data)
{
    return ((Job *)data)->ended;
}

void
job_wait(Job *job)
{
    wait_until(has_ended, job);
}

void
job_kill(Job *job)
{
    ck_assert_ptr_nonnull(job->command);
    aqr_guest_command_kill(job->command);
    job->command = NULL;
}

void
job_clear(Job *job)
{
    for (int i = 0; i < 3; i++) {
        if (job->fds[i] >= 0)
            close(job->fds[i]);
    }
}

GBytes *
job_output(const Job *job, int n)
{
    struct stat status;
    guint8 *bytes;

    ck_assert_int_eq(fstat(job->fds[n], &status), 0);
    bytes = g_malloc((gsize)status.st_size + 1);
    ck_assert_int_eq(pread(job->fds[n], bytes, (gsize)status.st_size, 0), status.st_size);
    return g_bytes_new_take(bytes, (gsize)status.st_size);
}

void
run(Job *job, AgentLink *through, const char *const *argv, const void *input, gsize length)
{
    job_init(job, input, length);
    job_start(job, through, argv, FALSE);
    job_wait(job);
}

int
run_script(AgentLink *through, const char *script, char **output)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    Job job;

    run(&job, through, argv, NULL, 0);
    if (output != NULL) {
        g_autoptr(GBytes) bytes = job_output(&job, 1);

        *output = g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
    }
    job_clear(&job);
    return job.status;
}
