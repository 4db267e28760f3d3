/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "serve.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/program.h"
#include "host/wait.h"

typedef struct {
    AqrStop *stop;
    GString *input;    /* what has been read and not been answered */
    gsize searched;    /* how much of it holds no newline */
    gboolean ended;    /* end of file */
    gboolean overlong; /* more waits than a caller has any reason to send */
    gboolean busy;     /* a command is being carried out */
} Conversation;

/* autopkgtest's longest line holds two paths. */
#define MAX_WAITING (16u << 20)

#define OVERLONG "the caller has sent more than 16 MiB of commands ahead"

/* Lines that were sent before the caller went are answered still; what is being
 * carried out is not worth finishing. */
static gboolean
read_input(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    Conversation *conversation = data;
    char bytes[65536];
    ssize_t got = read(fd, bytes, sizeof bytes);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got > 0) {
        g_string_append_len(conversation->input, bytes, got);
        if (conversation->input->len <= MAX_WAITING)
            return G_SOURCE_CONTINUE;
        conversation->overlong = TRUE;
    }
    conversation->ended = TRUE;
    if (conversation->busy)
        aqr_stop_request(conversation->stop,
                         conversation->overlong ? OVERLONG : "end of file: the caller has gone");
    return G_SOURCE_REMOVE;
}

static gboolean
has_line_or_end(gpointer data)
{
    Conversation *conversation = data;
    const GString *input = conversation->input;

    if (conversation->ended ||
        memchr(input->str + conversation->searched, '\n', input->len - conversation->searched))
        return TRUE;
    conversation->searched = input->len;
    return FALSE;
}

/* (transfer full): the next line without its newline; NULL and @error: none
 * will come. */
static char *
take_line(Conversation *conversation, GError **error)
{
    AqrPatience patience = aqr_patience(0, conversation->stop);
    char *end, *line;

    if (!aqr_wait_until(has_line_or_end, conversation, "a command", &patience, error))
        return NULL;
    end = memchr(conversation->input->str, '\n', conversation->input->len);
    if (end == NULL || conversation->overlong) {
        g_set_error_literal(
            error, AQR_ERROR, AQR_ERROR_PROTOCOL,
            conversation->overlong ? OVERLONG : "end of file: the caller quit without saying so");
        return NULL;
    }
    if (memchr(conversation->input->str, '\0', (gsize)(end - conversation->input->str)) != NULL) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "a command holds a NUL byte");
        return NULL;
    }
    line = g_strndup(conversation->input->str, (gsize)(end - conversation->input->str));
    g_string_erase(conversation->input, 0, end + 1 - conversation->input->str);
    conversation->searched = 0;
    return line;
}

/* A caller that has closed its end is gone: what it sends will tell. One whom the
 * answer does not reach for another reason would wait for it for ever. */
static gboolean
write_line(const char *line, GError **error)
{
    g_autofree char *text = g_strconcat(line, "\n", NULL);
    gsize length = strlen(text), done = 0;

    while (done < length) {
        ssize_t written = write(STDOUT_FILENO, text + done, length - done);

        if (written < 0 && errno == EPIPE)
            return TRUE;
        if (written < 0 && errno != EINTR) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "cannot answer on stdout: %s",
                        g_strerror(errno));
            return FALSE;
        }
        done += (gsize)MAX(written, 0);
    }
    return TRUE;
}

static gboolean
converse(AqrSession *session, Conversation *conversation, GError **error)
{
    while (!aqr_session_is_over(session)) {
        g_autofree char *line = take_line(conversation, error);
        g_autofree char *answer = NULL;

        if (line == NULL)
            return FALSE;
        aqr_program_debug("asked: %s", line);
        conversation->busy = TRUE;
        answer = aqr_session_answer(session, line, error);
        conversation->busy = FALSE;
        aqr_program_debug("answered: %s", answer == NULL ? "nothing, it failed" : answer);
        if (answer == NULL)
            return FALSE;
        if (*answer != '\0' && !write_line(answer, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
aqr_serve(AqrSession *session, AqrStop *stop, GError **error)
{
    Conversation conversation = { .stop = stop, .input = g_string_new(NULL) };
    guint source = g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, read_input, &conversation);
    gboolean done;

    done = write_line(aqr_session_greeting(), error) && converse(session, &conversation, error);
    if (!conversation.ended)
        g_source_remove(source);
    g_string_free(conversation.input, TRUE);
    return done;
}
