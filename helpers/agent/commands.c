/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "greet.h"

struct Entry {
    Entry *next;
    Command *command;
};

static Command *
find_command(const Commands *commands, uint32_t stream)
{
    for (Entry *entry = commands->first; entry != NULL; entry = entry->next) {
        if (command_stream(entry->command) == stream && !command_is_reported(entry->command))
            return entry->command;
    }
    return NULL;
}

/* --- starting ---------------------------------------------------------- */

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
add_command(Commands *commands, Command *command)
{
    Entry *entry = calloc(1, sizeof *entry);

    if (entry == NULL)
        abort();
    entry->command = command;
    entry->next = commands->first;
    commands->first = entry;
}

/* The flags, then at least one argument. */
static bool
is_complete(const AqrWireHeader *header, const uint8_t *payload)
{
    return header->length >= 2 && payload[header->length - 1] == '\0';
}

static void
start_command(Commands *commands, const AqrWireHeader *header, const uint8_t *payload)
{
    char **argv;
    Command *command;
    int failed;

    if (!is_complete(header, payload)) {
        report_failed_start(commands->port, header->stream, "", EINVAL);
        return;
    }
    argv = split_arguments(payload + 1, header->length - 1);
    command = command_start(header->stream, (const char *const *)argv,
                            (payload[0] & AQR_WIRE_TERMINAL) != 0, &failed);
    if (command == NULL)
        report_failed_start(commands->port, header->stream, argv[0], failed);
    else
        add_command(commands, command);
    free(argv);
}

void
commands_handle(Commands *commands, const AqrWireHeader *header, const uint8_t *payload)
{
    Command *command = find_command(commands, header->stream);

    if (header->type == AQR_WIRE_GREET)
        greet(commands, header, payload);
    else if (command != NULL)
        command_handle(command, commands->port, header, payload);
    else if (header->type == AQR_WIRE_EXEC)
        start_command(commands, header, payload);
}

/* --- all of them ------------------------------------------------------- */

void
commands_reap(Commands *commands)
{
    int wait_status;
    pid_t pid;

    while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
        for (Entry *entry = commands->first; entry != NULL; entry = entry->next) {
            if (command_pid(entry->command) == pid)
                command_note_exit(entry->command, wait_status);
        }
    }
}

void
commands_step(Commands *commands)
{
    Entry **link = &commands->first;

    while (*link != NULL) {
        Entry *entry = *link;

        command_step(commands->port, entry->command);
        if (command_is_over(entry->command)) {
            *link = entry->next;
            command_free(entry->command);
            free(entry);
        } else {
            link = &entry->next;
        }
    }
}

size_t
commands_poll_fds(const Commands *commands, struct pollfd *fds, size_t n)
{
    size_t used = 0;

    for (const Entry *entry = commands->first; entry != NULL; entry = entry->next) {
        struct pollfd wanted[3];
        size_t more = command_poll_fds(entry->command, commands->port, wanted);

        for (size_t i = 0; i < more; i++, used++) {
            if (used < n)
                fds[used] = wanted[i];
        }
    }
    return used;
}

int
commands_timeout(const Commands *commands)
{
    int64_t soonest = -1;

    for (const Entry *entry = commands->first; entry != NULL; entry = entry->next) {
        int64_t left = command_timeout(entry->command);

        if (left >= 0 && (soonest < 0 || left < soonest))
            soonest = left;
    }
    return (int)soonest;
}

void
commands_kill_all(Commands *commands)
{
    for (Entry *entry = commands->first; entry != NULL; entry = entry->next)
        command_kill(entry->command);
}

void
commands_forget_all(Commands *commands)
{
    for (Entry *entry = commands->first; entry != NULL; entry = entry->next)
        command_forget(entry->command);
}
