/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <string.h>

#include "base/error.h"
#include "base/percent.h"

typedef enum { CLOSED = 1 << 0, OPEN = 1 << 1, OVER = 1 << 2, ANY = CLOSED | OPEN } State;

struct AqrSession {
    AqrTestbed *testbed;
    State state;
};

/* Adds to @reply the words that follow "ok", or replaces the "ok". */
typedef gboolean (*Handle)(AqrSession *session, char **arguments, GPtrArray *reply, GError **error);

typedef struct {
    const char *name;
    guint min_args, max_args;
    State from;
    State to; /* 0: stays */
    Handle handle;
} Command;

static void
add_word(GPtrArray *reply, const char *word)
{
    g_ptr_array_add(reply, g_strdup(word));
}

/* --- the commands ------------------------------------------------------ */

static gboolean
handle_capabilities(AqrSession *session, G_GNUC_UNUSED char **arguments, GPtrArray *reply,
                    G_GNUC_UNUSED GError **error)
{
    g_auto(GStrv) capabilities = aqr_testbed_capabilities(session->testbed);

    for (char **capability = capabilities; *capability != NULL; capability++)
        add_word(reply, *capability);
    return TRUE;
}

static gboolean
handle_open(AqrSession *session, G_GNUC_UNUSED char **arguments, GPtrArray *reply, GError **error)
{
    const char *scratch;

    if (!aqr_testbed_open(session->testbed, &scratch, error))
        return FALSE;
    add_word(reply, scratch);
    return TRUE;
}

static gboolean
handle_revert(AqrSession *session, G_GNUC_UNUSED char **arguments, GPtrArray *reply, GError **error)
{
    const char *scratch;

    if (!aqr_testbed_revert(session->testbed, &scratch, error))
        return FALSE;
    add_word(reply, scratch);
    return TRUE;
}

static gboolean
handle_reboot(AqrSession *session, char **arguments, G_GNUC_UNUSED GPtrArray *reply, GError **error)
{
    gboolean prepare_only = arguments[0] != NULL;

    if (prepare_only && !g_str_equal(arguments[0], "prepare-only")) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "unknown kind of reboot \"%s\"",
                    arguments[0]);
        return FALSE;
    }
    return aqr_testbed_reboot(session->testbed, prepare_only, error);
}

static gboolean
handle_close(AqrSession *session, G_GNUC_UNUSED char **arguments, G_GNUC_UNUSED GPtrArray *reply,
             G_GNUC_UNUSED GError **error)
{
    aqr_testbed_close(session->testbed);
    return TRUE;
}

static gboolean
handle_print_execute_command(AqrSession *session, G_GNUC_UNUSED char **arguments, GPtrArray *reply,
                             G_GNUC_UNUSED GError **error)
{
    g_autoptr(GString) word = g_string_new(NULL);

    for (const char *const *part = aqr_testbed_exec_argv(session->testbed); *part != NULL; part++) {
        g_autofree char *encoded = aqr_percent_encode(*part);

        g_string_append_printf(word, "%s%s", word->len > 0 ? "," : "", encoded);
    }
    add_word(reply, word->str);
    return TRUE;
}

static gboolean
copy(AqrSession *session, char **arguments, gboolean down, GPtrArray *reply, GError **error)
{
    static const char *const words[] = {
        [AQR_COPY_FAILED] = "copy-failed",
        [AQR_COPY_TIMED_OUT] = "timeout",
    };
    AqrCopyResult result;
    AqrCopy planned;

    if (!aqr_copy_plan(arguments[0], arguments[1], down, &planned, error) ||
        !aqr_testbed_copy(session->testbed, &planned, &result, error))
        return FALSE;
    if (result != AQR_COPY_DONE) {
        g_ptr_array_set_size(reply, 0);
        add_word(reply, words[result]);
    }
    return TRUE;
}

static gboolean
handle_copydown(AqrSession *session, char **arguments, GPtrArray *reply, GError **error)
{
    return copy(session, arguments, TRUE, reply, error);
}

static gboolean
handle_copyup(AqrSession *session, char **arguments, GPtrArray *reply, GError **error)
{
    return copy(session, arguments, FALSE, reply, error);
}

/* autopkgtest writes NAME="value". */
static char *
unquote_variable(const char *word)
{
    const char *equals = strchr(word, '=');
    gsize length = strlen(word);

    if (equals == NULL || equals[1] != '"' || !g_str_has_suffix(equals + 2, "\""))
        return g_strdup(word);
    return g_strdup_printf("%.*s%.*s", (int)(equals + 1 - word), word,
                           (int)(word + length - 1 - (equals + 2)), equals + 2);
}

static gboolean
handle_shell(AqrSession *session, char **arguments, G_GNUC_UNUSED GPtrArray *reply, GError **error)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) environment = NULL;

    for (char **word = arguments + 1; *word != NULL; word++) {
        g_autofree char *variable = unquote_variable(*word);

        g_strv_builder_add(builder, variable);
    }
    environment = g_strv_builder_end(builder);
    return aqr_testbed_shell(session->testbed, arguments[0], (const char *const *)environment,
                             error);
}

static gboolean
handle_auxverb_debug_fail(AqrSession *session, G_GNUC_UNUSED char **arguments,
                          G_GNUC_UNUSED GPtrArray *reply, G_GNUC_UNUSED GError **error)
{
    aqr_testbed_explain(session->testbed);
    return TRUE;
}

/* autopkgtest has closed its end by now: nothing is answered. */
static gboolean
handle_quit(AqrSession *session, G_GNUC_UNUSED char **arguments, GPtrArray *reply,
            G_GNUC_UNUSED GError **error)
{
    aqr_testbed_close(session->testbed);
    g_ptr_array_set_size(reply, 0);
    return TRUE;
}

#define UNLIMITED G_MAXUINT

static const Command commands[] = {
    { "capabilities", 0, 0, ANY, 0, handle_capabilities },
    { "open", 0, 0, CLOSED, OPEN, handle_open },
    { "revert", 0, 0, OPEN, 0, handle_revert },
    { "reboot", 0, 1, OPEN, 0, handle_reboot },
    { "close", 0, 0, OPEN, CLOSED, handle_close },
    { "print-execute-command", 0, 0, OPEN, 0, handle_print_execute_command },
    { "copydown", 2, 2, OPEN, 0, handle_copydown },
    { "copyup", 2, 2, OPEN, 0, handle_copyup },
    { "shell", 1, UNLIMITED, OPEN, 0, handle_shell },
    { "auxverb-debug-fail", 0, 0, ANY, 0, handle_auxverb_debug_fail },
    { "quit", 0, 0, ANY, OVER, handle_quit },
};

/* --- split, match, do, move, reply -------------------------------------- */

static GStrv
split_line(const char *line, GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) parts = g_strsplit_set(line, " \t\r\v\f", -1);

    for (char **part = parts; *part != NULL; part++) {
        g_autofree char *word = **part == '\0' ? NULL : aqr_percent_decode(*part);

        if (word != NULL) {
            g_strv_builder_add(words, word);
        } else if (**part != '\0') {
            g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "a word is not valid UTF-8");
            return NULL;
        }
    }
    return g_strv_builder_end(words);
}

static const Command *
find_command(const char *word)
{
    g_autofree char *name = g_strdelimit(g_strdup(word), "_", '-');

    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (g_str_equal(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

static const Command *
match_command(const AqrSession *session, GStrv words, GError **error)
{
    const Command *command;
    guint n = g_strv_length(words);

    if (n == 0) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_PROTOCOL,
                            "empty commands are not permitted");
        return NULL;
    }
    command = find_command(words[0]);
    if (command == NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "unknown command \"%.60s\"", words[0]);
    else if ((command->from & session->state) == 0)
        g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "\"%s\" when the testbed is %s",
                    command->name, session->state == OPEN ? "open" : "not open");
    else if (n - 1 < command->min_args || n - 1 > command->max_args)
        g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "\"%s\" with %u arguments", command->name,
                    n - 1);
    else
        return command;
    return NULL;
}

char *
aqr_session_answer(AqrSession *session, const char *line, GError **error)
{
    g_auto(GStrv) words = split_line(line, error);
    g_autoptr(GPtrArray) reply = g_ptr_array_new_with_free_func(g_free);
    const Command *command;

    if (words == NULL)
        return NULL;
    command = match_command(session, words, error);
    if (command == NULL)
        return NULL;
    add_word(reply, "ok");
    if (!command->handle(session, words + 1, reply, error))
        return NULL;
    if (command->to != 0)
        session->state = command->to;
    g_ptr_array_add(reply, NULL);
    return g_strjoinv(" ", (GStrv)reply->pdata);
}

const char *
aqr_session_greeting(void)
{
    return "ok";
}

gboolean
aqr_session_is_over(const AqrSession *session)
{
    return session->state == OVER;
}

AqrSession *
aqr_session_new(AqrTestbed *testbed)
{
    AqrSession *session = g_new0(AqrSession, 1);

    session->testbed = testbed;
    session->state = CLOSED;
    return session;
}

void
aqr_session_free(AqrSession *session)
{
    g_free(session);
}
