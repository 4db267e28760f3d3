/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Configuration in the manner of systemd, udev and modprobe: files in several directories,
 * read in the order of their names, where one in an earlier directory hides those of the
 * same name in later ones. */

typedef void (*AqrTakeText)(const char *text, gpointer data);

typedef struct {
    const char *root;      /* of the file system: "/" */
    GPtrArray *unreadable; /* of char: gets what cannot be read, and why; NULL: never mind */
} AqrConfigRoot;

/* Hands the text of each file of @directories whose name has the @suffix to @take. */
void aqr_config_files_read(const AqrConfigRoot *root, const char *const *directories,
                           const char *suffix, AqrTakeText take, gpointer data);

/* The same for one file. What does not exist is passed over. */
void aqr_config_file_read(const AqrConfigRoot *root, const char *path, AqrTakeText take,
                          gpointer data);
