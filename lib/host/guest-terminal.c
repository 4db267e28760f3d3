/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/error.h"
#include "host/guest-run.h"

typedef struct {
    int fd;
    struct termios before;
    AqrGuestJob job;
} Terminal;

static gboolean
pass_size(gpointer data)
{
    Terminal *terminal = data;
    struct winsize size;

    if (terminal->job.command != NULL && ioctl(terminal->fd, TIOCGWINSZ, &size) == 0)
        aqr_guest_command_resize(terminal->job.command, size.ws_row, size.ws_col);
    return G_SOURCE_CONTINUE;
}

static gboolean
take_terminal(Terminal *terminal, GError **error)
{
    struct termios raw;

    terminal->fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    if (terminal->fd < 0 || tcgetattr(terminal->fd, &terminal->before) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "no terminal for a shell: /dev/tty: %s",
                    g_strerror(errno));
        if (terminal->fd >= 0)
            close(terminal->fd);
        return FALSE;
    }
    raw = terminal->before;
    cfmakeraw(&raw);
    tcsetattr(terminal->fd, TCSADRAIN, &raw);
    return TRUE;
}

static void
give_terminal_back(Terminal *terminal)
{
    tcsetattr(terminal->fd, TCSADRAIN, &terminal->before);
    close(terminal->fd);
}

static gboolean
has_ended(gpointer data)
{
    const Terminal *terminal = data;

    return terminal->job.ended;
}

gboolean
aqr_guest_terminal_run(AqrGuestLink *link, const char *const *argv, const AqrPatience *patience,
                       GError **error)
{
    Terminal terminal = { 0 };
    guint watch;
    gboolean ended;

    if (!take_terminal(&terminal, error))
        return FALSE;
    aqr_guest_job_start(&terminal.job, link, argv, TRUE,
                        (const int[3]){ terminal.fd, terminal.fd, -1 });
    pass_size(&terminal);
    watch = g_unix_signal_add(SIGWINCH, pass_size, &terminal);
    ended = aqr_wait_until(has_ended, &terminal, "the shell to end", patience, error);
    g_source_remove(watch);
    aqr_guest_job_end(&terminal.job);
    give_terminal_back(&terminal);
    return ended;
}
