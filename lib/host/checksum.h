/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Checksums against accidents, fast enough to look at a guest's memory each time it is used:
 * XXH3, 128 bits, as 32 hexadecimal digits. Not against somebody who means harm. */

/* (transfer full): of the open file @fd, which is @size bytes long then. Its holes are not
 * read; it makes no difference where they are, or whether the file system has any. NULL and
 * errno. */
char *aqr_checksum_file(int fd, guint64 *size) G_GNUC_WARN_UNUSED_RESULT;

/* The same, and makes holes of what is all zero, where the file system can. */
char *aqr_checksum_file_and_punch(int fd, guint64 *size) G_GNUC_WARN_UNUSED_RESULT;

char *aqr_checksum_bytes(GBytes *bytes) G_GNUC_WARN_UNUSED_RESULT;
