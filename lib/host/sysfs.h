/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Reading sysfs: files of a line, links, lists. What is not there, or not any more, or may
 * not be read, is NULL: which of these it is makes no difference to those who ask. */

/* What @dir/@name says, without the blanks at its end. */
char *aqr_sysfs_read(const char *dir, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* The number in @dir/@name, "0x" before a hexadecimal one; @otherwise without one. */
gint64 aqr_sysfs_read_number(const char *dir, const char *name, gint64 otherwise);

/* The last part of what the link @dir/@name points to: of "driver", its name. */
char *aqr_sysfs_read_link(const char *dir, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* The names in the directory @dir/@name, sorted; empty without it. */
GStrv aqr_sysfs_list(const char *dir, const char *name) G_GNUC_WARN_UNUSED_RESULT;

/* The first @size bytes of a binary file, or as many as we may read. */
GBytes *aqr_sysfs_read_bytes(const char *dir, const char *name,
                             gsize size) G_GNUC_WARN_UNUSED_RESULT;
