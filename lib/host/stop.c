/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"

static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

struct AqrStop {
    int fds[2]; /* the handler writes the signal's number into the second */
    guint source;
    int signal;
    char *reason;
};

/* A signal handler has no other way to reach its data. */
static int handler_fd = -1;

static void
write_signal(int number)
{
    guint8 byte = (guint8)number;
    int saved = errno;

    if (write(handler_fd, &byte, 1) < 0) {
        /* The pipe is full: enough signals wait in it already. */
    }
    errno = saved;
}

static void
handle_signals(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &action, NULL);
}

static gboolean
read_signal(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrStop *stop = data;
    guint8 number;

    while (read(fd, &number, 1) == 1) {
        g_autofree char *reason =
            g_strdup_printf("stopped by signal %d (%s)", (int)number, g_strsignal(number));

        if (stop->signal == 0)
            stop->signal = number;
        aqr_stop_request(stop, reason);
    }
    return G_SOURCE_CONTINUE;
}

AqrStop *
aqr_stop_new(GError **error)
{
    AqrStop *stop;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a pipe: %s", g_strerror(errno));
        return NULL;
    }
    stop = g_new0(AqrStop, 1);
    memcpy(stop->fds, fds, sizeof fds);
    stop->source = g_unix_fd_add(fds[0], G_IO_IN, read_signal, stop);
    handler_fd = fds[1];
    handle_signals(write_signal);
    signal(SIGPIPE, SIG_IGN);
    return stop;
}

void
aqr_stop_free(AqrStop *stop)
{
    if (stop == NULL)
        return;
    handle_signals(SIG_DFL);
    g_source_remove(stop->source);
    close(stop->fds[0]);
    close(stop->fds[1]);
    g_free(stop->reason);
    g_free(stop);
}

void
aqr_stop_request(AqrStop *stop, const char *reason)
{
    if (stop->reason == NULL)
        stop->reason = g_strdup(reason);
}

const char *
aqr_stop_reason(const AqrStop *stop)
{
    return stop == NULL ? NULL : stop->reason;
}

int
aqr_stop_signal(const AqrStop *stop)
{
    return stop->signal;
}
