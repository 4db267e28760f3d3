/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "serve.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "clock.h"

/* SIGTERM is init's when the system shuts down; a test's is no reason to go. */
static void
handle_signals(int signals, Commands *commands)
{
    struct signalfd_siginfo caught;

    while (read(signals, &caught, sizeof caught) == (ssize_t)sizeof caught) {
        if (caught.ssi_signo == SIGCHLD)
            commands_reap(commands);
        else if (caught.ssi_signo == SIGTERM && caught.ssi_pid == 1)
            exit(0);
    }
}

/* Waits for something to do. POLLHUP on the port cannot be masked, so a port
 * that nobody listens to is left out, until a SIGIO. */
static void
wait_for_work(const Commands *commands, int signals, bool connected, int timeout)
{
    size_t n = commands_poll_fds(commands, NULL, 0);
    struct pollfd *fds = calloc(n + 2, sizeof *fds);
    short port_events = POLLIN;

    if (fds == NULL)
        abort();
    if (buffer_length(&commands->port->out) > 0)
        port_events |= POLLOUT;
    fds[0] = (struct pollfd){ signals, POLLIN, 0 };
    fds[1] = (struct pollfd){ connected ? commands->port->fd : -1, port_events, 0 };
    n = commands_poll_fds(commands, fds + 2, n);
    poll(fds, n + 2, timeout);
    free(fds);
}

static void
handle_frames(Commands *commands)
{
    AqrWireHeader header;
    const uint8_t *payload;

    while (port_next(commands->port, &header, &payload))
        commands_handle(commands, &header, payload);
}

void
serve(Commands *commands, int signals)
{
    bool connected = true;

    while (connected) {
        wait_for_work(commands, signals, true, commands_timeout(commands));
        handle_signals(signals, commands);
        connected = port_read(commands->port);
        handle_frames(commands);
        commands_step(commands);
        connected = connected && !commands->port->confused && port_write(commands->port);
    }
}

bool
serve_alone(Commands *commands, int signals, int ms, bool for_server)
{
    int64_t until = now_ms() + ms;
    bool back = false;

    for (int64_t left = ms; !back && left > 0; left = until - now_ms()) {
        wait_for_work(&(Commands){ .port = commands->port }, signals, false, (int)left);
        handle_signals(signals, commands);
        back = for_server && port_read(commands->port);
    }
    return back;
}
