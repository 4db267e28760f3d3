/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "host/guest-run.h"
#include "host/sink.h"

/* Of what was typed ahead; what is more than any paste is dropped. */
#define MAX_TYPED (16u << 20)

typedef struct {
    int in, out;
    struct termios before;
    AqrGuestJob job;
    /* With an escape key, what is typed goes through a pipe. */
    AqrSink *typed; /* NULL: without */
    gsize waiting;
    guint source;
    gboolean left;
} Terminal;

static gboolean
pass_size(gpointer data)
{
    Terminal *terminal = data;
    struct winsize size;

    if (terminal->job.command != NULL && ioctl(terminal->out, TIOCGWINSZ, &size) == 0)
        aqr_guest_command_resize(terminal->job.command, size.ws_row, size.ws_col);
    return G_SOURCE_CONTINUE;
}

/* @name for the error. */
static gboolean
make_raw(Terminal *terminal, const char *name, GError **error)
{
    struct termios raw;

    if (terminal->in < 0 || tcgetattr(terminal->in, &terminal->before) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "no terminal for a shell: %s: %s", name,
                    g_strerror(errno));
        return FALSE;
    }
    raw = terminal->before;
    cfmakeraw(&raw);
    tcsetattr(terminal->in, TCSADRAIN, &raw);
    return TRUE;
}

static gboolean
has_ended(gpointer data)
{
    const Terminal *terminal = data;

    return terminal->job.ended || terminal->left;
}

static gboolean
run(Terminal *terminal, AqrGuestLink *link, int input, const char *const *argv,
    const AqrPatience *patience, GError **error)
{
    guint watch;
    gboolean ended;

    aqr_guest_job_start(&terminal->job, link, argv, TRUE,
                        (const int[3]){ input, terminal->out, -1 });
    pass_size(terminal);
    watch = g_unix_signal_add(SIGWINCH, pass_size, terminal);
    ended = aqr_wait_until(has_ended, terminal, "the shell to end", patience, error);
    g_source_remove(watch);
    aqr_guest_job_end(&terminal->job);
    tcsetattr(terminal->in, TCSADRAIN, &terminal->before);
    return ended;
}

gboolean
aqr_guest_terminal_run(AqrGuestLink *link, const char *const *argv, const AqrPatience *patience,
                       GError **error)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    Terminal terminal = { .in = fd, .out = fd };
    gboolean done =
        make_raw(&terminal, "/dev/tty", error) && run(&terminal, link, fd, argv, patience, error);

    if (fd >= 0)
        close(fd);
    return done;
}

/* --- with an escape key ------------------------------------------------- */

static void
typed_gone(gsize length, G_GNUC_UNUSED gboolean broken, gpointer data)
{
    Terminal *terminal = data;

    terminal->waiting -= length;
}

/* It is read in any case, so that one can leave a guest that does not read. */
static gboolean
read_typed(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    Terminal *terminal = data;
    guint8 bytes[4096];
    ssize_t got = read(fd, bytes, sizeof bytes);
    const guint8 *escape;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    escape = got <= 0 ? NULL : memchr(bytes, AQR_TERMINAL_ESCAPE, (gsize)got);
    if (got <= 0 || escape != NULL) {
        terminal->left = TRUE;
        terminal->source = 0;
        return G_SOURCE_REMOVE;
    }
    if (terminal->waiting + (gsize)got <= MAX_TYPED) {
        terminal->waiting += (gsize)got;
        aqr_sink_write(terminal->typed, bytes, (gsize)got);
    }
    return G_SOURCE_CONTINUE;
}

static gboolean
run_with_escape(Terminal *terminal, AqrGuestLink *link, const char *const *argv,
                const AqrPatience *patience, GError **error)
{
    int ends[2];
    gboolean done;

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a pipe: %s", g_strerror(errno));
        return FALSE;
    }
    terminal->typed = aqr_sink_new(ends[1], typed_gone, terminal);
    terminal->source = g_unix_fd_add(terminal->in, G_IO_IN | G_IO_HUP, read_typed, terminal);
    done =
        make_raw(terminal, "stdin", error) && run(terminal, link, ends[0], argv, patience, error);
    if (terminal->source != 0)
        g_source_remove(terminal->source);
    aqr_sink_free(terminal->typed);
    close(ends[0]);
    return done;
}

gboolean
aqr_guest_terminal_attach(AqrGuestLink *link, const char *const *argv, const AqrPatience *patience,
                          AqrTerminalEnd *end, int *status, GError **error)
{
    Terminal terminal = { .in = STDIN_FILENO, .out = STDOUT_FILENO };

    if (!run_with_escape(&terminal, link, argv, patience, error))
        return FALSE;
    if (!terminal.job.ended)
        *end = AQR_TERMINAL_LEFT;
    else
        *end = terminal.job.status < 0 ? AQR_TERMINAL_LOST : AQR_TERMINAL_ENDED;
    *status = terminal.job.status;
    return TRUE;
}
