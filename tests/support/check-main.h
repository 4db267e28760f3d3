/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What every test program has in common: main() is here, the program defines
 * add_tests(). Not for what only some of them need. */
#include <check.h>
#include <glib.h>

#include "base/error.h"

/* Adds the program's tests to its one case. A test has 30 seconds. */
void add_tests(TCase *tcase);

/* @error is one of ours, with the code @wanted. Frees it. */
#define ck_assert_error(error, wanted)                                       \
    do {                                                                     \
        ck_assert_ptr_nonnull(error);                                        \
        ck_assert_msg(g_error_matches(error, AQR_ERROR, (wanted)), "%s: %s", \
                      g_quark_to_string((error)->domain), (error)->message); \
        g_clear_error(&(error));                                             \
    } while (0)

#define ck_assert_no_error(error) \
    ck_assert_msg((error) == NULL, "%s", (error) == NULL ? "" : (error)->message)

/* The argv, joined by blanks. */
#define ck_assert_argv_eq(argv, wanted)                    \
    do {                                                   \
        g_autofree char *joined = g_strjoinv(" ", (argv)); \
        ck_assert_str_eq(joined, (wanted));                \
    } while (0)
