/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/undo.h"

#include "support/check-main.h"

static GString *done;

static void
set_up(void)
{
    done = g_string_new(NULL);
}

static void
tear_down(void)
{
    g_string_free(done, TRUE);
}

static void
note(gpointer data)
{
    g_string_append(done, data);
}

static void
push_note(AqrUndo *undo, const char *text)
{
    aqr_undo_push(undo, note, (gpointer)text);
}

START_TEST(runs_last_first)
{
    g_autoptr(AqrUndo) undo = aqr_undo_new();

    push_note(undo, "a");
    push_note(undo, "b");
    push_note(undo, "c");
    ck_assert_str_eq(done->str, "");
    aqr_undo_run(undo);
    ck_assert_str_eq(done->str, "cba");
}
END_TEST

START_TEST(runs_once)
{
    AqrUndo *undo = aqr_undo_new();

    push_note(undo, "a");
    aqr_undo_run(undo);
    aqr_undo_run(undo);
    push_note(undo, "b");
    aqr_undo_free(undo);
    ck_assert_str_eq(done->str, "ab");
}
END_TEST

START_TEST(runs_when_freed)
{
    {
        g_autoptr(AqrUndo) undo = aqr_undo_new();

        push_note(undo, "a");
        push_note(undo, "b");
    }
    ck_assert_str_eq(done->str, "ba");
    aqr_undo_free(NULL);
}
END_TEST

static void
run_again(gpointer data)
{
    g_string_append_c(done, '(');
    aqr_undo_run(data);
    g_string_append_c(done, ')');
}

static void
push_more(gpointer data)
{
    g_string_append_c(done, '+');
    push_note(data, "x");
}

/* A step may use the stack: a failing close closes what is left. */
START_TEST(stands_use_by_a_step)
{
    g_autoptr(AqrUndo) undo = aqr_undo_new();

    push_note(undo, "a");
    aqr_undo_push(undo, run_again, undo);
    aqr_undo_push(undo, push_more, undo);
    aqr_undo_run(undo);
    ck_assert_str_eq(done->str, "+x(a)");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, runs_last_first);
    tcase_add_test(tcase, runs_once);
    tcase_add_test(tcase, runs_when_freed);
    tcase_add_test(tcase, stands_use_by_a_step);
}
