/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <pty.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/program.h"
#include "support/check-main.h"

/* Where it writes to, and where that can be read. */
typedef struct {
    FILE *stream;
    int fd;
} Place;

static Place
open_pipe(void)
{
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    return (Place){ fdopen(fds[1], "w"), fds[0] };
}

static Place
open_terminal(unsigned short columns)
{
    const struct winsize size = { .ws_row = 5, .ws_col = columns };
    int outer, inner;

    ck_assert_int_eq(openpty(&outer, &inner, NULL, NULL, &size), 0);
    g_setenv("TERM", "xterm", TRUE);
    g_unsetenv("NO_COLOR");
    return (Place){ fdopen(inner, "w"), outer };
}

static char *
read_all(Place *place)
{
    GString *text = g_string_new(NULL);
    char bytes[256];
    ssize_t n;

    /* Closing a terminal would lose what is in it. */
    fputs("<end>", place->stream);
    fflush(place->stream);
    while (!g_str_has_suffix(text->str, "<end>")) {
        n = read(place->fd, bytes, sizeof bytes);
        ck_assert_int_gt(n, 0);
        g_string_append_len(text, bytes, n);
    }
    fclose(place->stream);
    close(place->fd);
    return g_string_free(text, FALSE);
}

static void
tell(FILE *stream)
{
    g_autoptr(AqrProgress) progress = aqr_progress_new(stream);

    aqr_progress_end(progress, FALSE); /* nothing has begun */
    aqr_progress_begin(progress, "one");
    aqr_progress_end(progress, TRUE);
    aqr_progress_begin(progress, "two");
    aqr_progress_begin(progress, "three");
}

START_TEST(writes_lines)
{
    Place place = open_pipe();
    g_autofree char *text = NULL;

    g_set_prgname("me");
    tell(place.stream);
    text = read_all(&place);
    ck_assert_str_eq(text, "me: one...\nme: one: 0 s\nme: two...\nme: two: 0 s\n"
                           "me: three...\nme: three: failed after 0 s\n<end>");
}
END_TEST

#define CLEAR "\r\033[K"

static const struct {
    const char *name, *value; /* of the environment */
    const char *failed;
} looks[] = {
    { "NO_COLOR", "", "\033[31mthree: failed\033[0m" },
    { "NO_COLOR", "1", "three: failed" },
};

START_TEST(writes_a_terminal_s_line_anew)
{
    Place place = open_terminal(80);
    g_autofree char *text = NULL;
    g_autofree char *wanted =
        g_strconcat(CLEAR "one  0 s" CLEAR "one  0 s\r\n", /* the end */
                    CLEAR "two  0 s" CLEAR "two  0 s\r\n" CLEAR "three  0 s" CLEAR,
                    looks[_i].failed, "  0 s\r\n<end>", NULL);

    g_setenv(looks[_i].name, looks[_i].value, TRUE);
    tell(place.stream);
    text = read_all(&place);
    ck_assert_str_eq(text, wanted);
}
END_TEST

START_TEST(writes_lines_on_a_dumb_terminal)
{
    Place place = open_terminal(80);
    g_autofree char *text = NULL;

    g_setenv("TERM", "dumb", TRUE);
    g_set_prgname("me");
    tell(place.stream);
    text = read_all(&place);
    ck_assert(g_str_has_prefix(text, "me: one...\r\nme: one: 0 s\r\n"));
}
END_TEST

START_TEST(does_not_wrap)
{
    Place place = open_terminal(12);
    AqrProgress *progress = aqr_progress_new(place.stream);
    g_autofree char *text = NULL;

    aqr_progress_begin(progress, "a long stage");
    text = read_all(&place);
    ck_assert_str_eq(text, CLEAR "a long stag<end>");
}
END_TEST

static gboolean
stop(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

START_TEST(time_goes_by)
{
    Place place = open_terminal(80);
    AqrProgress *progress = aqr_progress_new(place.stream);
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autofree char *text = NULL;

    aqr_progress_begin(progress, "one");
    g_timeout_add(2100, stop, loop);
    g_main_loop_run(loop);
    text = read_all(&place);
    ck_assert_ptr_nonnull(strstr(text, CLEAR "one  1 s"));
}
END_TEST

/* What is said has a line of its own. */
START_TEST(makes_way)
{
    Place place = open_terminal(80);
    AqrProgress *progress = aqr_progress_new(place.stream);
    g_autofree char *text = NULL;

    aqr_progress_begin(progress, "one");
    ck_assert_int_eq(dup2(fileno(place.stream), STDERR_FILENO), STDERR_FILENO);
    g_set_prgname("me");
    aqr_program_say("something");
    text = read_all(&place);
    ck_assert_str_eq(text, CLEAR "one  0 s" CLEAR "me: something\r\n<end>");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, writes_lines);
    tcase_add_loop_test(tcase, writes_a_terminal_s_line_anew, 0, G_N_ELEMENTS(looks));
    tcase_add_test(tcase, writes_lines_on_a_dumb_terminal);
    tcase_add_test(tcase, does_not_wrap);
    tcase_add_test(tcase, time_goes_by);
    tcase_add_test(tcase, makes_way);
}
