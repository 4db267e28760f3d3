/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The files under tests/, and directories to play in. */
#include <glib.h>

/* (transfer full): the path of tests/@name. */
char *test_data_path(const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): what is in tests/@name; fails the test when it is not there. */
char *test_data_read(const char *name, gsize *length) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the names of the files in tests/@dir, sorted. */
GStrv test_data_list(const char *dir) G_GNUC_WARN_UNUSED_RESULT;

/* @text is what tests/@name holds. With AQR_REGENERATE in the environment it is
 * written there instead: then read the difference before you commit it. */
void test_data_compare(const char *name, const char *text);

/* (transfer full): a new empty directory. test_remove_dir() frees the name. */
char *test_make_dir(void) G_GNUC_WARN_UNUSED_RESULT;
void test_remove_dir(char *dir);
