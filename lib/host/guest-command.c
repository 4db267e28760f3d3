/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-command.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "host/sink.h"

typedef struct {
    AqrGuestCommand *command;
    guint8 channel;
    AqrSink *sink; /* NULL: what comes is dropped */
    gsize owed;    /* credit to be given back to the agent */
    gsize granted; /* what it may still send */
    gboolean ended;
} Output;

struct AqrGuestCommand {
    AqrGuestLink *link;
    guint32 stream;
    int input; /* -1: none, or it has ended */
    guint input_source;
    gsize input_credit;
    Output outputs[3]; /* 1 and 2 */
    gboolean exited;
    int status;
    int host_error;
    AqrGuestCommandEnded ended; /* NULL: killed */
    gpointer data;
};

static void
send(AqrGuestCommand *command, AqrWireType type, guint8 channel, const void *payload, gsize length)
{
    aqr_guest_link_send(command->link, type, command->stream, channel, payload, length);
}

static void
close_input(AqrGuestCommand *command)
{
    if (command->input_source != 0)
        g_source_remove(command->input_source);
    command->input_source = 0;
    if (command->input >= 0)
        close(command->input);
    command->input = -1;
}

static void
close_outputs(AqrGuestCommand *command)
{
    for (int i = 1; i <= 2; i++)
        g_clear_pointer(&command->outputs[i].sink, aqr_sink_free);
}

static void
note_host_error(AqrGuestCommand *command, int failed)
{
    if (command->host_error == 0)
        command->host_error = failed;
}

static void
end_if_complete(AqrGuestCommand *command)
{
    if (!command->exited)
        return;
    for (int i = 1; i <= 2; i++) {
        if (command->outputs[i].sink != NULL && !aqr_sink_is_empty(command->outputs[i].sink))
            return;
    }
    aqr_guest_link_remove(command->link, command->stream);
    close_input(command);
    close_outputs(command);
    if (command->ended != NULL)
        command->ended(command->status, command->data);
    g_free(command);
}

/* --- its output -------------------------------------------------------- */

/* Credit goes back in large pieces, once half of the window has been used. */
static void
output_gone(gsize length, gboolean broken, gpointer data)
{
    Output *output = data;
    AqrGuestCommand *command = output->command;
    guint8 number[4];

    output->owed += length;
    if (broken && !output->ended) {
        output->ended = TRUE;
        note_host_error(command, aqr_sink_error(output->sink));
        send(command, AQR_WIRE_END, output->channel, NULL, 0);
    }
    if (output->owed >= AQR_WIRE_WINDOW / 2) {
        aqr_wire_put32(number, (guint32)output->owed);
        output->granted += output->owed;
        output->owed = 0;
        send(command, AQR_WIRE_CREDIT, output->channel, number, sizeof number);
    }
    end_if_complete(command);
}

static void
take_output(AqrGuestCommand *command, guint8 channel, const guint8 *bytes, gsize length)
{
    Output *output = &command->outputs[channel];

    output->granted -= length;
    if (output->sink != NULL)
        aqr_sink_write(output->sink, bytes, length);
    else
        output_gone(length, FALSE, output);
}

/* --- its input --------------------------------------------------------- */

static gboolean
read_input(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrGuestCommand *command = data;
    guint8 bytes[AQR_WIRE_MAX_DATA];
    ssize_t got = read(fd, bytes, MIN(sizeof bytes, command->input_credit));

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got <= 0) {
        note_host_error(command, got < 0 ? errno : 0);
        send(command, AQR_WIRE_END, 0, NULL, 0);
        close_input(command);
        return G_SOURCE_REMOVE;
    }
    send(command, AQR_WIRE_DATA, 0, bytes, (gsize)got);
    command->input_credit -= (gsize)got;
    if (command->input_credit > 0)
        return G_SOURCE_CONTINUE;
    command->input_source = 0;
    return G_SOURCE_REMOVE;
}

static void
take_credit(AqrGuestCommand *command, gsize credit)
{
    command->input_credit += credit;
    if (command->input >= 0 && command->input_source == 0)
        command->input_source =
            g_unix_fd_add(command->input, G_IO_IN | G_IO_HUP, read_input, command);
}

/* --- its stream -------------------------------------------------------- */

static void
lose(AqrGuestCommand *command)
{
    close_outputs(command);
    command->exited = TRUE;
    command->status = -1;
    end_if_complete(command);
}

static void
take_exit(AqrGuestCommand *command, int status)
{
    command->exited = TRUE;
    command->status = status;
    close_input(command);
    end_if_complete(command);
}

/* What a well-behaved agent sends. A test is root in the guest, and may speak in
 * the agent's place: that must not make us run out of memory, or worse. */
static gboolean
is_sound(const AqrGuestCommand *command, const AqrWireHeader *header, const guint8 *payload)
{
    switch ((AqrWireType)header->type) {
    case AQR_WIRE_DATA:
        return header->channel > 0 && header->length <= command->outputs[header->channel].granted;
    case AQR_WIRE_CREDIT:
        return header->channel == 0 && header->length == 4 && aqr_wire_get32(payload) > 0 &&
               aqr_wire_get32(payload) <= AQR_WIRE_WINDOW - command->input_credit;
    case AQR_WIRE_EXIT:
        return header->length == 4 && aqr_wire_get32(payload) <= 255;
    case AQR_WIRE_EXEC:
    case AQR_WIRE_END:
    case AQR_WIRE_KILL:
    case AQR_WIRE_RESIZE:
    case AQR_WIRE_GREET:
    default:
        return FALSE;
    }
}

static gboolean
receive(const AqrWireHeader *header, const guint8 *payload, gpointer data)
{
    AqrGuestCommand *command = data;

    if (header == NULL) {
        lose(command);
        return TRUE;
    }
    if (!is_sound(command, header, payload))
        return FALSE;
    if (header->type == AQR_WIRE_DATA)
        take_output(command, header->channel, payload, header->length);
    else if (header->type == AQR_WIRE_CREDIT)
        take_credit(command, aqr_wire_get32(payload));
    else
        take_exit(command, (int)aqr_wire_get32(payload));
    return TRUE;
}

static void
send_exec(AqrGuestCommand *command, const char *const *argv, gboolean terminal)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();
    guint8 flags = terminal ? AQR_WIRE_TERMINAL : 0;

    g_byte_array_append(payload, &flags, 1);
    for (; *argv != NULL; argv++)
        g_byte_array_append(payload, (const guint8 *)*argv, (guint)strlen(*argv) + 1);
    send(command, AQR_WIRE_EXEC, 0, payload->data, payload->len);
}

static void
open_outputs(AqrGuestCommand *command, const int fds[3])
{
    for (guint8 i = 1; i <= 2; i++) {
        int fd = fds[i] < 0 ? -1 : aqr_sink_open_fd(fds[i], O_WRONLY);

        command->outputs[i] =
            (Output){ .command = command, .channel = i, .granted = AQR_WIRE_WINDOW };
        if (fd >= 0)
            command->outputs[i].sink = aqr_sink_new(fd, output_gone, &command->outputs[i]);
        else if (fds[i] >= 0)
            note_host_error(command, errno);
    }
}

AqrGuestCommand *
aqr_guest_command_start(AqrGuestLink *link, const char *const *argv, gboolean terminal,
                        const int fds[3], AqrGuestCommandEnded ended, gpointer data)
{
    AqrGuestCommand *command;

    if (!aqr_guest_link_is_up(link)) {
        ended(-1, data);
        return NULL;
    }
    command = g_new0(AqrGuestCommand, 1);
    command->link = link;
    command->stream = aqr_guest_link_add(link, receive, command);
    command->ended = ended;
    command->data = data;
    open_outputs(command, fds);
    send_exec(command, argv, terminal);
    command->input = fds[0] < 0 ? -1 : aqr_sink_open_fd(fds[0], O_RDONLY);
    if (command->input < 0) {
        note_host_error(command, fds[0] < 0 ? 0 : errno);
        send(command, AQR_WIRE_END, 0, NULL, 0);
    }
    take_credit(command, AQR_WIRE_WINDOW);
    return command;
}

void
aqr_guest_command_kill(AqrGuestCommand *command)
{
    command->ended = NULL;
    close_input(command);
    close_outputs(command);
    send(command, AQR_WIRE_END, 1, NULL, 0);
    send(command, AQR_WIRE_END, 2, NULL, 0);
    send(command, AQR_WIRE_KILL, 0, NULL, 0);
    end_if_complete(command);
}

void
aqr_guest_command_resize(AqrGuestCommand *command, guint16 rows, guint16 columns)
{
    guint8 size[8];

    aqr_wire_put32(size, rows);
    aqr_wire_put32(size + 4, columns);
    send(command, AQR_WIRE_RESIZE, 0, size, sizeof size);
}

int
aqr_guest_command_host_error(const AqrGuestCommand *command)
{
    return command->host_error;
}
