/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Holds the conversations of tests/protocol with a fake world. A line
 * starts with what it is:
 *
 *     # a comment
 *     @ no-user, or @ fails REQUEST: how the world is from here on
 *     > what autopkgtest writes
 *     < what the server answers; without one it must answer nothing
 *     ! what the error says, which ends the session
 *     * what the world was asked for it, all of it, if there is such a line
 *
 * In > lines \NNN is a byte, as in C. */
#include "session.h"

#include <string.h>

#include "support/check-main.h"
#include "support/data.h"
#include "support/fake-world.h"

typedef struct {
    const char *file;
    guint line;
    FakeWorld *world;
    AqrTestbed *testbed;
    AqrSession *session;
    char *said;     /* what autopkgtest wrote last */
    char *answer;   /* NULL: none, or it has been compared */
    GError *error;  /* NULL: none, or it has been compared */
    GString *asked; /* what the world should have been asked; empty: whatever */
    gboolean ended; /* by an error */
} Talk;

#define HERE(talk) (talk)->file, (talk)->line

static GStrv files;

/* What was said must be settled before the next thing is. */
static void
settle(Talk *talk)
{
    g_autofree char *asked = fake_world_take(talk->world);

    ck_assert_msg(talk->answer == NULL, "%s:%u: not expected after \"%s\": < %s", HERE(talk),
                  talk->said, talk->answer);
    ck_assert_msg(talk->error == NULL, "%s:%u: not expected after \"%s\": ! %s", HERE(talk),
                  talk->said, talk->error == NULL ? "" : talk->error->message);
    ck_assert_msg(talk->asked->len == 0 || g_str_equal(talk->asked->str, asked),
                  "%s:%u: the world was asked\n%s", HERE(talk), asked);
    g_string_truncate(talk->asked, 0);
}

static void
say(Talk *talk, const char *text)
{
    settle(talk);
    ck_assert_msg(!talk->ended && !aqr_session_is_over(talk->session), "%s:%u: it is over",
                  HERE(talk));
    g_free(talk->said);
    talk->said = g_strcompress(text);
    talk->answer = aqr_session_answer(talk->session, talk->said, &talk->error);
    ck_assert_msg((talk->answer == NULL) == (talk->error != NULL), "%s:%u: both or none",
                  HERE(talk));
    if (talk->answer != NULL && *talk->answer == '\0')
        g_clear_pointer(&talk->answer, g_free);
    talk->ended = talk->error != NULL;
}

static void
expect_answer(Talk *talk, const char *text)
{
    ck_assert_msg(g_strcmp0(talk->answer, text) == 0, "%s:%u: after \"%s\": < %s", HERE(talk),
                  talk->said, talk->answer);
    g_clear_pointer(&talk->answer, g_free);
}

static void
expect_error(Talk *talk, const char *text)
{
    ck_assert_msg(talk->error != NULL && g_str_equal(talk->error->message, text),
                  "%s:%u: after \"%s\": ! %s", HERE(talk), talk->said,
                  talk->error == NULL ? "" : talk->error->message);
    ck_assert_uint_eq(talk->error->domain, AQR_ERROR);
    ck_assert_int_eq(aqr_error_exit_status(talk->error), 12);
    g_clear_error(&talk->error);
}

static void
set_world(Talk *talk, char *words)
{
    settle(talk);
    if (g_str_equal(words, "no-user"))
        talk->world->user = NULL;
    else if (g_str_has_prefix(words, "fails "))
        talk->world->fails = words + strlen("fails ");
    else
        ck_abort_msg("%s:%u: the world cannot be \"%s\"", HERE(talk), words);
}

static void
take_line(Talk *talk, char *line)
{
    char *text = line[0] != '\0' && line[1] == ' ' ? line + 2 : line + strlen(line);

    if (line[0] == '>')
        say(talk, text);
    else if (line[0] == '<')
        expect_answer(talk, text);
    else if (line[0] == '!')
        expect_error(talk, text);
    else if (line[0] == '*')
        g_string_append_printf(talk->asked, "%s\n", text);
    else if (line[0] == '@')
        set_world(talk, text);
    else
        ck_assert_msg(line[0] == '#' || line[0] == '\0', "%s:%u: what is this?", HERE(talk));
}

START_TEST(answers)
{
    g_autofree char *name = g_strconcat("protocol/", files[_i], NULL);
    g_autofree char *text = test_data_read(name, NULL);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    Talk talk = { .file = files[_i], .world = fake_world_new(), .asked = g_string_new(NULL) };

    talk.testbed = aqr_testbed_new(&fake_world, talk.world, 300 * G_TIME_SPAN_SECOND);
    talk.session = aqr_session_new(talk.testbed);
    for (char **line = lines; *line != NULL; line++) {
        talk.line++;
        take_line(&talk, *line);
    }
    settle(&talk);
    ck_assert_msg(talk.said != NULL, "%s: nothing is said", talk.file);
    g_free(talk.said);
    g_string_free(talk.asked, TRUE);
    aqr_session_free(talk.session);
    aqr_testbed_free(talk.testbed);
    fake_world_free(talk.world);
}
END_TEST

START_TEST(greets)
{
    ck_assert_str_eq(aqr_session_greeting(), "ok");
}
END_TEST

/* Only "quit" ends it: after "close" there may be another "open". */
START_TEST(is_over_after_quit)
{
    g_autoptr(FakeWorld) world = fake_world_new();
    g_autoptr(AqrTestbed) testbed = aqr_testbed_new(&fake_world, world, 0);
    g_autoptr(AqrSession) session = aqr_session_new(testbed);
    static const char *const lines[] = { "open", "close", "open", "quit" };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autofree char *answer = NULL;

        ck_assert(!aqr_session_is_over(session));
        answer = aqr_session_answer(session, lines[i], NULL);
        ck_assert_ptr_nonnull(answer);
    }
    ck_assert(aqr_session_is_over(session));
}
END_TEST

void
add_tests(TCase *tcase)
{
    files = test_data_list("protocol");
    tcase_add_loop_test(tcase, answers, 0, (int)g_strv_length(files));
    tcase_add_test(tcase, greets);
    tcase_add_test(tcase, is_over_after_quit);
}
