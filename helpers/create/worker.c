/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "worker.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/program.h"
#include "host/limits.h"
#include "host/wait.h"

/* build-image has a tree of files to remove when it is stopped. */
#define STOP_TIMEOUT (60 * G_TIME_SPAN_SECOND)
#define NAME "build-image"

/* --- the command line -------------------------------------------------- */

static void
add(GStrvBuilder *words, const char *option, const char *value)
{
    if (value != NULL)
        g_strv_builder_add_many(words, option, value, NULL);
}

static void
add_each(GStrvBuilder *words, const char *option, char **values)
{
    for (char **value = values; value != NULL && *value != NULL; value++)
        add(words, option, *value);
}

GStrv
create_worker_argv(const CreateOptions *options, const char *output)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_autofree char *program = aqr_program_libexec(NAME);

    g_strv_builder_add(words, program);
    add(words, "--release", options->release);
    add(words, "--arch", options->arch);
    add(words, "--mirror", options->mirror);
    add(words, "--sources", options->sources);
    add(words, "--keyring", options->keyring);
    add(words, "--proxy", options->proxy);
    add(words, "--kernel", options->kernel);
    add_each(words, "--package", options->packages);
    add_each(words, "--user", options->users);
    add(words, "--authorized-keys", options->authorized_keys);
    add(words, "--script", options->script);
    add(words, "--size", options->size);
    add(words, "--boot", options->boot);
    add(words, "--format", options->format);
    add(words, "--log", options->log);
    if (options->task == CREATE_PRINT_SOURCES)
        g_strv_builder_add(words, "--print-sources");
    else
        g_strv_builder_add_many(words, "--stages", output, NULL);
    return g_strv_builder_end(words);
}

/* --- what it says ------------------------------------------------------ */

typedef struct {
    AqrProgress *progress;
    GString *log;  /* lines of the programs that it runs */
    GString *said; /* its own */
    guint open;    /* streams that have not ended, and the process */
} Talk;

typedef void (*TakeLine)(Talk *talk, const char *line);

typedef struct {
    Talk *talk;
    TakeLine take;
} Listener;

static void
take_stage(Talk *talk, const char *line)
{
    if (g_str_has_prefix(line, "begin "))
        aqr_progress_begin(talk->progress, line + strlen("begin "));
    else
        aqr_progress_end(talk->progress, TRUE);
}

static void
take_error(Talk *talk, const char *line)
{
    static const char *const ours[] = { NAME ": ", "apt-sources: " };

    for (gsize i = 0; i < G_N_ELEMENTS(ours); i++) {
        if (!g_str_has_prefix(line, ours[i]))
            continue;
        g_string_append_printf(talk->said, "%s%s", talk->said->len == 0 ? "" : "; ",
                               line + strlen(ours[i]));
        return;
    }
    g_string_append_printf(talk->log, "%s\n", line);
}

static void
take_line(GObject *source, GAsyncResult *result, gpointer data)
{
    GDataInputStream *stream = G_DATA_INPUT_STREAM(source);
    Listener *listener = data;
    g_autofree char *line = g_data_input_stream_read_line_finish(stream, result, NULL, NULL);

    if (line == NULL) {
        listener->talk->open--;
        g_free(listener);
        return;
    }
    listener->take(listener->talk, line);
    g_data_input_stream_read_line_async(stream, G_PRIORITY_DEFAULT, NULL, take_line, listener);
}

static void
listen_to(GInputStream *stream, TakeLine take, Talk *talk)
{
    g_autoptr(GDataInputStream) lines = g_data_input_stream_new(stream);
    Listener *listener = g_new(Listener, 1);

    *listener = (Listener){ talk, take };
    talk->open++;
    g_data_input_stream_read_line_async(lines, G_PRIORITY_DEFAULT, NULL, take_line, listener);
}

static void
note_end(GObject *source, GAsyncResult *result, gpointer data)
{
    Talk *talk = data;

    g_subprocess_wait_finish(G_SUBPROCESS(source), result, NULL);
    talk->open--;
}

static gboolean
is_over(gpointer data)
{
    const Talk *talk = data;

    return talk->open == 0;
}

/* --- its life ---------------------------------------------------------- */

/* In the child. A terminal's signals are not for it: we stop it. */
static void
set_up(gpointer parent)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != GPOINTER_TO_INT(parent))
        raise(SIGTERM);
    aqr_limits_restore(NULL);
}

static GSubprocess *
start(const char *const *argv, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher =
        g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GError) failed = NULL;
    GSubprocess *child;

    g_subprocess_launcher_set_child_setup(launcher, set_up, GINT_TO_POINTER(getpid()), NULL);
    child = g_subprocess_launcher_spawnv(launcher, argv, &failed);
    if (child == NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot run %s: %s", argv[0],
                    failed->message);
    return child;
}

/* It cleans up on SIGTERM. Its number is its own until it is reaped. */
static void
end_child(GSubprocess *child, Talk *talk)
{
    const AqrPatience patience = aqr_patience(STOP_TIMEOUT, NULL);
    const AqrPatience ending = aqr_patience(0, NULL);
    const char *pid;

    g_subprocess_send_signal(child, SIGTERM);
    if (aqr_wait_until(is_over, talk, NAME, &patience, NULL))
        return;
    pid = g_subprocess_get_identifier(child);
    if (pid != NULL)
        kill(-(pid_t)g_ascii_strtoll(pid, NULL, 10), SIGKILL);
    (void)aqr_wait_until(is_over, talk, NAME, &ending, NULL);
}

static gboolean
judge(GSubprocess *child, const Talk *talk, GError **error)
{
    if (g_subprocess_get_successful(child))
        return TRUE;
    aqr_progress_end(talk->progress, FALSE);
    g_printerr("%s", talk->log->str);
    if (g_subprocess_get_if_signaled(child))
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "cannot build the image: " NAME " ended by %s",
                    g_strsignal(g_subprocess_get_term_sig(child)));
    else
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot build the image: %s",
                    talk->said->len > 0 ? talk->said->str : NAME " failed");
    return FALSE;
}

gboolean
create_worker_run(const char *const *argv, AqrProgress *progress, const AqrStop *stop,
                  GError **error)
{
    const AqrPatience patience = aqr_patience(0, stop);
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(GString) said = g_string_new(NULL);
    Talk talk = { .progress = progress, .log = log, .said = said, .open = 1 };
    g_autoptr(GSubprocess) child = start(argv, error);

    if (child == NULL)
        return FALSE;
    listen_to(g_subprocess_get_stdout_pipe(child), take_stage, &talk);
    listen_to(g_subprocess_get_stderr_pipe(child), take_error, &talk);
    g_subprocess_wait_async(child, NULL, note_end, &talk);
    if (aqr_wait_until(is_over, &talk, NAME, &patience, error))
        return judge(child, &talk, error);
    end_child(child, &talk);
    return FALSE;
}

void
create_worker_sweep(void)
{
    g_autofree char *program = aqr_program_libexec(NAME);
    const char *argv[] = { program, "--sweep", NULL };

    g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, NULL, NULL);
}
