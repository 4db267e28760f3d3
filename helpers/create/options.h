/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The command line of rocm-qemu-create. */

typedef enum {
    CREATE_BUILD,
    CREATE_CHECK,
    CREATE_UPDATE,
    CREATE_PRINT_SOURCES,
    CREATE_PRINT_VERSION,
} CreateTask;

typedef struct {
    CreateTask task;
    char *image;
    /* What build-image is told. NULL: its default; these three are known when one is built. */
    char *release, *size, *boot;
    char *arch, *mirror, *sources, *keyring, *proxy, *kernel, *authorized_keys, *script, *format;
    char *log;
    GStrv users, packages; /* NULL: none were named */
    /* What it is proven with. */
    gboolean no_check, json, show_boot;
    GStrv gpus; /* NULL: this host's */
    char *accel, *connect;
    int timeout, update_timeout; /* seconds; 0: by default */
    gboolean dry_run;
} CreateOptions;

/* AQR_ERROR_USAGE. --help prints itself and ends the process. */
gboolean create_options_parse(CreateOptions *options, char **argv, GError **error);

void create_options_clear(CreateOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CreateOptions, create_options_clear)
