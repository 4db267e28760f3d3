/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A command has ended when its direct child has: what background processes
 * write later goes nowhere, but the pipes stay open for them, because a test
 * that waits to be rebooted (autopkgtest-reboot-prepare) has lost its parent
 * and must not die of SIGPIPE. What was written before the end is all sent. */
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "process.h"

#define BIG_PIPE (1 << 20)
#define KILL_GRACE_MS 3000
#define DISCARD_AT_ONCE (64u << 10)

struct Command {
    Command *next;
    uint32_t stream;
    Process process;
    Buffer input;       /* for its stdin */
    bool input_ended;   /* close stdin once the buffer is empty */
    uint32_t credit[3]; /* how much we may send; [0]: to be given back */
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

static Command *
find_command(const Commands *commands, uint32_t stream)
{
    for (Command *command = commands->first; command != NULL; command = command->next) {
        if (command->stream == stream && !command->reported)
            return command;
    }
    return NULL;
}

/* --- what the server says ---------------------------------------------- */

/* What a shell would say and answer. */
static void
report_failed_start(Port *port, uint32_t stream, const char *name, int failed)
{
    char text[512];
    int length = snprintf(text, sizeof text, "%.256s: %s\n", name, strerror(failed));
    AqrWireHeader header = {
        .length = (uint32_t)length, .stream = stream, .type = AQR_WIRE_DATA, .channel = 2
    };

    port_send(port, &header, text);
    port_send_number(port, AQR_WIRE_EXIT, stream, 0, failed == ENOENT ? 127 : 126);
}

/* Splits @payload, whose arguments each end in a NUL, in place. */
static char **
split_arguments(const uint8_t *payload, size_t length)
{
    size_t n = 0;
    char **argv;

    for (size_t i = 0; i < length; i++)
        n += payload[i] == '\0';
    argv = calloc(n + 1, sizeof *argv);
    if (argv == NULL)
        abort();
    for (size_t i = 0; i < n; i++) {
        argv[i] = (char *)payload;
        payload += strlen(argv[i]) + 1;
    }
    return argv;
}

static void
start_command(Commands *commands, const AqrWireHeader *header, const uint8_t *payload)
{
    char **argv = header->length < 2 || payload[header->length - 1] != '\0'
                      ? calloc(1, sizeof *argv)
                      : split_arguments(payload + 1, header->length - 1);
    Command *command = calloc(1, sizeof *command);
    int failed;

    if (command == NULL || argv == NULL)
        abort();
    failed = argv[0] == NULL
                 ? EINVAL
                 : process_start((const char *const *)argv, (payload[0] & AQR_WIRE_TERMINAL) != 0,
                                 &command->process);
    if (failed != 0) {
        report_failed_start(commands->port, header->stream, argv[0] == NULL ? "" : argv[0], failed);
        free(command);
    } else {
        command->stream = header->stream;
        command->credit[1] = command->credit[2] = AQR_WIRE_WINDOW;
        command->next = commands->first;
        commands->first = command;
    }
    free(argv);
}

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
take_input(Commands *commands, Command *command, const uint8_t *bytes, size_t length)
{
    if (command->process.fds[0] < 0) { /* nobody reads it */
        give_credit(commands->port, command, length);
        return;
    }
    if (length >= AQR_WIRE_MAX_DATA)
        fcntl(command->process.fds[0], F_SETPIPE_SZ, BIG_PIPE);
    buffer_append(&command->input, bytes, length);
}

static void
abandon_output(Command *command, int channel)
{
    command->remaining[channel] = 0;
    close_fd(command, channel);
}

static void
kill_command(Command *command)
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
commands_handle(Commands *commands, const AqrWireHeader *header, const uint8_t *payload)
{
    Command *command = find_command(commands, header->stream);

    if (header->type == AQR_WIRE_EXEC && command == NULL)
        start_command(commands, header, payload);
    if (command == NULL)
        return;
    if (header->type == AQR_WIRE_DATA)
        take_input(commands, command, payload, header->length);
    else if (header->type == AQR_WIRE_END && header->channel == 0)
        command->input_ended = true;
    else if (header->type == AQR_WIRE_END)
        abandon_output(command, header->channel);
    else if (header->type == AQR_WIRE_CREDIT && header->length == 4)
        command->credit[header->channel] += aqr_wire_get32(payload);
    else if (header->type == AQR_WIRE_KILL)
        kill_command(command);
    else if (header->type == AQR_WIRE_RESIZE && header->length == 8)
        resize_terminal(command, payload);
}

/* --- moving bytes ------------------------------------------------------ */

static void
move_input(Commands *commands, Command *command)
{
    ptrdiff_t taken = 0;

    if (command->process.fds[0] < 0)
        return;
    if (buffer_length(&command->input) > 0)
        taken = buffer_drain(&command->input, command->process.fds[0]);
    if (taken > 0)
        give_credit(commands->port, command, (size_t)taken);
    if (taken < 0 && errno != EAGAIN && errno != EINTR) { /* it does not read any more */
        give_credit(commands->port, command, buffer_length(&command->input));
        buffer_clear(&command->input);
        close_fd(command, 0);
    } else if (command->input_ended && buffer_length(&command->input) == 0) {
        close_fd(command, 0);
    }
}

static bool
wants_output(const Commands *commands, const Command *command, int channel)
{
    return command->process.fds[channel] >= 0 && command->credit[channel] > 0 &&
           !port_is_full(commands->port) && (!command->exited || command->remaining[channel] > 0);
}

static size_t
min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void
move_output(Commands *commands, Command *command, int channel)
{
    size_t length = min_size(command->credit[channel], AQR_WIRE_MAX_DATA);
    uint8_t *room;
    ssize_t got;

    if (!wants_output(commands, command, channel))
        return;
    if (command->exited)
        length = min_size(length, command->remaining[channel]);
    room = port_begin_data(commands->port, length);
    got = read(command->process.fds[channel], room, length);
    port_end_data(commands->port, command->stream, (uint8_t)channel, got > 0 ? (size_t)got : 0);
    if (got > 0) {
        command->credit[channel] -= (uint32_t)got;
        if (command->exited)
            command->remaining[channel] -= (size_t)got;
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        abandon_output(command, channel);
    }
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

static void
note_exit(Command *command, int wait_status)
{
    command->exited = true;
    command->status = process_exit_status(wait_status);
    for (int channel = 1; channel <= 2; channel++) {
        int n = 0;

        if (command->process.fds[channel] >= 0)
            ioctl(command->process.fds[channel], FIONREAD, &n);
        command->remaining[channel] = (size_t)n;
    }
}

void
commands_reap(Commands *commands)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (Command *command = commands->first; command != NULL; command = command->next) {
            if (command->process.pid == pid && !command->exited)
                note_exit(command, wait_status);
        }
    }
}

static void
report_exit(Commands *commands, Command *command)
{
    if (!command->exited || command->reported || command->remaining[1] > 0 ||
        command->remaining[2] > 0)
        return;
    close_fd(command, 0);
    buffer_clear(&command->input);
    port_send_number(commands->port, AQR_WIRE_EXIT, command->stream, 0, (uint32_t)command->status);
    command->reported = true;
}

static void
finish_kill(Command *command)
{
    if (command->doomed == NULL || now_ms() < command->kill_at)
        return;
    family_signal(command->doomed, SIGKILL);
    family_free(command->doomed);
    command->doomed = NULL;
}

static void
step_command(Commands *commands, Command *command)
{
    move_input(commands, command);
    for (int channel = 1; channel <= 2; channel++) {
        if (command->reported)
            discard_output(command, channel);
        else
            move_output(commands, command, channel);
    }
    report_exit(commands, command);
    finish_kill(command);
}

static bool
is_over(const Command *command)
{
    return command->reported && command->process.fds[1] < 0 && command->process.fds[2] < 0 &&
           command->doomed == NULL;
}

void
commands_step(Commands *commands)
{
    Command **link = &commands->first;

    while (*link != NULL) {
        Command *command = *link;

        step_command(commands, command);
        if (is_over(command)) {
            *link = command->next;
            free(command);
        } else {
            link = &command->next;
        }
    }
}

/* --- waiting ----------------------------------------------------------- */

static short
wanted_events(const Commands *commands, const Command *command, int channel)
{
    if (channel == 0)
        return buffer_length(&command->input) > 0 ? POLLOUT : 0;
    return command->reported || wants_output(commands, command, channel) ? POLLIN : 0;
}

size_t
commands_poll_fds(const Commands *commands, struct pollfd *fds, size_t n)
{
    size_t used = 0;

    for (const Command *command = commands->first; command != NULL; command = command->next) {
        for (int channel = 0; channel < 3; channel++) {
            short events = wanted_events(commands, command, channel);

            if (command->process.fds[channel] < 0 || events == 0)
                continue;
            if (used < n)
                fds[used] = (struct pollfd){ command->process.fds[channel], events, 0 };
            used++;
        }
    }
    return used;
}

int
commands_timeout(const Commands *commands)
{
    int64_t now = now_ms();
    int64_t soonest = -1;

    for (const Command *command = commands->first; command != NULL; command = command->next) {
        int64_t left = command->kill_at > now ? command->kill_at - now : 0;

        if (command->doomed != NULL && (soonest < 0 || left < soonest))
            soonest = left;
    }
    return (int)soonest;
}

void
commands_kill_all(Commands *commands)
{
    for (Command *command = commands->first; command != NULL; command = command->next)
        kill_command(command);
}
