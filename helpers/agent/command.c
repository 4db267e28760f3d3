/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A command has ended when its direct child has: what background processes
 * write later goes nowhere, but the pipes stay open for them, because a test
 * that waits to be rebooted (autopkgtest-reboot-prepare) has lost its parent
 * and must not die of SIGPIPE. What was written before the end is all sent. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "clock.h"
#include "process.h"

#define BIG_PIPE (1 << 20)
#define KILL_GRACE_MS 3000
#define DISCARD_AT_ONCE (64u << 10)

struct Command {
    uint32_t stream;
    Process process;
    Buffer input;       /* for its stdin */
    bool input_ended;   /* close stdin once the buffer is empty */
    uint32_t credit[3]; /* how much we may send; [0]: to be given back */
    bool wide[3];       /* its pipe has been made larger */
    bool exited;
    int status;
    size_t remaining[3]; /* once exited: what is still to be sent */
    bool reported;
    Family *doomed; /* to be killed at kill_at */
    int64_t kill_at;
};

static void
close_fd(Command *command, int channel)
{
    if (command->process.fds[channel] < 0)
        return;
    close(command->process.fds[channel]);
    command->process.fds[channel] = -1;
}

/* There is much to move: in larger pieces, with fewer changes between it and us. */
static void
widen(Command *command, int channel)
{
    if (!command->wide[channel])
        fcntl(command->process.fds[channel], F_SETPIPE_SZ, BIG_PIPE);
    command->wide[channel] = true;
}

Command *
command_start(uint32_t stream, const char *const argv[], bool terminal, int *failed)
{
    Command *command = calloc(1, sizeof *command);

    if (command == NULL)
        abort();
    *failed = process_start(argv, terminal, &command->process);
    if (*failed != 0) {
        free(command);
        return NULL;
    }
    command->stream = stream;
    command->credit[1] = command->credit[2] = AQR_WIRE_WINDOW;
    return command;
}

void
command_free(Command *command)
{
    free(command);
}

uint32_t
command_stream(const Command *command)
{
    return command->stream;
}

pid_t
command_pid(const Command *command)
{
    return command->process.pid;
}

/* --- what the server says ---------------------------------------------- */

/* Returns credit in large pieces, once half of the window has been used. */
static void
give_credit(Port *port, Command *command, size_t length)
{
    command->credit[0] += (uint32_t)length;
    if (command->credit[0] < AQR_WIRE_WINDOW / 2)
        return;
    port_send_number(port, AQR_WIRE_CREDIT, command->stream, 0, command->credit[0]);
    command->credit[0] = 0;
}

static void
take_input(Port *port, Command *command, const uint8_t *bytes, size_t length)
{
    if (command->process.fds[0] < 0) { /* nobody reads it */
        give_credit(port, command, length);
        return;
    }
    if (length >= AQR_WIRE_MAX_DATA)
        widen(command, 0);
    buffer_append(&command->input, bytes, length);
}

/* More than fits in is still much: starting again at 0, the command would never end. */
static void
take_credit(Command *command, int channel, uint32_t more)
{
    uint32_t room = UINT32_MAX - command->credit[channel];

    command->credit[channel] += more < room ? more : room;
}

static void
abandon_output(Command *command, int channel)
{
    command->remaining[channel] = 0;
    close_fd(command, channel);
}

void
command_kill(Command *command)
{
    if (command->exited || command->doomed != NULL)
        return;
    command->doomed = family_find(command->process.pid);
    command->kill_at = now_ms() + KILL_GRACE_MS;
    family_signal(command->doomed, SIGTERM);
    family_signal(command->doomed, SIGCONT);
}

static void
resize_terminal(Command *command, const uint8_t *payload)
{
    struct winsize size = {
        .ws_row = (unsigned short)aqr_wire_get32(payload),
        .ws_col = (unsigned short)aqr_wire_get32(payload + 4),
    };

    ioctl(command->process.fds[0], TIOCSWINSZ, &size);
}

void
command_handle(Command *command, Port *port, const AqrWireHeader *header, const uint8_t *payload)
{
    if (header->type == AQR_WIRE_DATA)
        take_input(port, command, payload, header->length);
    else if (header->type == AQR_WIRE_END && header->channel == 0)
        command->input_ended = true;
    else if (header->type == AQR_WIRE_END)
        abandon_output(command, header->channel);
    else if (header->type == AQR_WIRE_CREDIT && header->channel > 0 && header->length == 4)
        take_credit(command, header->channel, aqr_wire_get32(payload));
    else if (header->type == AQR_WIRE_KILL)
        command_kill(command);
    else if (header->type == AQR_WIRE_RESIZE && header->length == 8)
        resize_terminal(command, payload);
}

/* --- moving bytes ------------------------------------------------------ */

static void
move_input(Port *port, Command *command)
{
    ptrdiff_t taken = 0;

    if (command->process.fds[0] < 0)
        return;
    if (buffer_length(&command->input) > 0)
        taken = buffer_drain(&command->input, command->process.fds[0]);
    if (taken > 0)
        give_credit(port, command, (size_t)taken);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) { /* it does not read any more */
        give_credit(port, command, buffer_length(&command->input));
        buffer_clear(&command->input);
        close_fd(command, 0);
    } else if (command->input_ended && buffer_length(&command->input) == 0) {
        close_fd(command, 0);
    }
}

static bool
wants_output(const Port *port, const Command *command, int channel)
{
    return command->process.fds[channel] >= 0 && command->credit[channel] > 0 &&
           !port_is_full(port) && (!command->exited || command->remaining[channel] > 0);
}

static size_t
min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* False when there is nothing to move, or nowhere to put it. */
static bool
move_piece(Port *port, Command *command, int channel)
{
    size_t length = min_size(command->credit[channel], AQR_WIRE_MAX_DATA);
    uint8_t *room;
    ssize_t got;

    if (!wants_output(port, command, channel))
        return false;
    if (command->exited)
        length = min_size(length, command->remaining[channel]);
    room = port_begin_data(port, length);
    got = read(command->process.fds[channel], room, length);
    port_end_data(port, command->stream, (uint8_t)channel, got > 0 ? (size_t)got : 0);
    if (got == AQR_WIRE_MAX_DATA)
        widen(command, channel);
    if (got > 0) {
        command->credit[channel] -= (uint32_t)got;
        if (command->exited)
            command->remaining[channel] -= (size_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        abandon_output(command, channel);
    } else if (command->exited && errno == EAGAIN) {
        command->remaining[channel] = 0;
    }
    return got > 0;
}

/* What an ended command left behind does not announce itself again. */
static void
move_output(Port *port, Command *command, int channel)
{
    while (move_piece(port, command, channel) && command->exited)
        ;
}

static void
discard_output(Command *command, int channel)
{
    char nowhere[DISCARD_AT_ONCE];
    ssize_t got;

    if (command->process.fds[channel] < 0)
        return;
    got = read(command->process.fds[channel], nowhere, sizeof nowhere);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(command, channel);
}

/* --- the end ----------------------------------------------------------- */

/* How much it has left behind. A terminal does not count what is still on its way
 * through the kernel, but read() waits for that, and once the session's leader has
 * gone nobody adds to it. */
static size_t
count_left(int fd)
{
    int n = 0;

    if (fd < 0)
        return 0;
    if (isatty(fd))
        return SIZE_MAX;
    ioctl(fd, FIONREAD, &n);
    return (size_t)n;
}

void
command_note_exit(Command *command, int wait_status)
{
    if (command->exited) /* another has got its number by now */
        return;
    command->exited = true;
    command->status = process_exit_status(wait_status);
    for (int channel = 1; channel <= 2; channel++)
        command->remaining[channel] = count_left(command->process.fds[channel]);
}

static void
close_stream(Command *command)
{
    close_fd(command, 0);
    buffer_clear(&command->input);
    command->reported = true;
}

static void
report_exit(Port *port, Command *command)
{
    if (!command->exited || command->reported || command->remaining[1] > 0 ||
        command->remaining[2] > 0)
        return;
    close_stream(command);
    port_send_number(port, AQR_WIRE_EXIT, command->stream, 0, (uint32_t)command->status);
}

void
command_forget(Command *command)
{
    command_kill(command);
    close_stream(command);
}

static void
finish_kill(Command *command)
{
    Family *late;

    if (command->doomed == NULL || now_ms() < command->kill_at)
        return;
    family_signal(command->doomed, SIGKILL);
    late = family_find(command->process.pid); /* what they started in the meantime */
    family_signal(late, SIGKILL);
    family_free(late);
    family_free(command->doomed);
    command->doomed = NULL;
}

void
command_step(Port *port, Command *command)
{
    move_input(port, command);
    for (int channel = 1; channel <= 2; channel++) {
        if (command->reported)
            discard_output(command, channel);
        else
            move_output(port, command, channel);
    }
    report_exit(port, command);
    finish_kill(command);
}

bool
command_is_reported(const Command *command)
{
    return command->reported;
}

bool
command_is_over(const Command *command)
{
    return command->reported && command->process.fds[1] < 0 && command->process.fds[2] < 0 &&
           command->doomed == NULL;
}

/* --- waiting ----------------------------------------------------------- */

static short
wanted_events(const Port *port, const Command *command, int channel)
{
    if (channel == 0)
        return buffer_length(&command->input) > 0 ? POLLOUT : 0;
    return command->reported || wants_output(port, command, channel) ? POLLIN : 0;
}

size_t
command_poll_fds(const Command *command, const Port *port, struct pollfd fds[3])
{
    size_t used = 0;

    for (int channel = 0; channel < 3; channel++) {
        short events = wanted_events(port, command, channel);

        if (command->process.fds[channel] >= 0 && events != 0)
            fds[used++] = (struct pollfd){ command->process.fds[channel], events, 0 };
    }
    return used;
}

int64_t
command_timeout(const Command *command)
{
    int64_t now = now_ms();

    if (command->doomed == NULL)
        return -1;
    return command->kill_at > now ? command->kill_at - now : 0;
}
