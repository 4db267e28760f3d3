/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

static const int signals[] = { SIGTERM, SIGHUP, SIGINT, SIGQUIT };

struct AqrStop {
    struct sigaction before[G_N_ELEMENTS(signals)];
    int fds[2]; /* the handler writes the signal's number into the second */
    guint source;
    int signal;
    char *reason;
};

/* A signal handler has no other way to reach its data. */
static int handler_fd = -1;
static char *const *volatile last_resort;
static volatile sig_atomic_t n_signals;
static struct timespec first_signal;

/* A sender may reach us twice, as timeout(1) does by our number and our group's. */
#define SAME_SIGNAL_S 0.5

/* Only what a handler may call. A further signal ends the process while the last
 * resort is still running. */
static void
end_at_once(int number)
{
    sigset_t ours;
    pid_t child;

    sigemptyset(&ours);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        signal(signals[i], SIG_DFL);
        sigaddset(&ours, signals[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &ours, NULL);
    child = _Fork();
    if (child == 0) {
        execv(last_resort[0], last_resort);
        _exit(127);
    }
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    raise(number);
}

static gboolean
is_second(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    n_signals = n_signals + 1;
    if (n_signals == 1)
        first_signal = now;
    return (double)(now.tv_sec - first_signal.tv_sec) +
               (double)(now.tv_nsec - first_signal.tv_nsec) / 1e9 >=
           SAME_SIGNAL_S;
}

static void
write_signal(int number)
{
    guint8 byte = (guint8)number;
    int saved = errno;

    if (is_second() && last_resort != NULL)
        end_at_once(number);
    if (write(handler_fd, &byte, 1) < 0) {
        /* The pipe is full: enough signals wait in it already. */
    }
    errno = saved;
}

static void
take_signals(AqrStop *stop)
{
    struct sigaction action = { .sa_handler = write_signal, .sa_flags = SA_RESTART };

    sigemptyset(&action.sa_mask);
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++) {
        sigaction(signals[i], NULL, &stop->before[i]);
        if (stop->before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

static void
give_signals_back(AqrStop *stop)
{
    for (gsize i = 0; i < G_N_ELEMENTS(signals); i++)
        sigaction(signals[i], &stop->before[i], NULL);
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
    n_signals = 0;
    take_signals(stop);
    signal(SIGPIPE, SIG_IGN);
    return stop;
}

void
aqr_stop_free(AqrStop *stop)
{
    if (stop == NULL)
        return;
    give_signals_back(stop);
    last_resort = NULL;
    g_source_remove(stop->source);
    close(stop->fds[0]);
    close(stop->fds[1]);
    g_free(stop->reason);
    g_free(stop);
}

void
aqr_stop_set_last_resort(const char *const *argv)
{
    last_resort = (char *const *)argv;
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
