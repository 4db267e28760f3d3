/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The command line of rocm-qemu-setup. */
typedef struct {
    char *user;
    GPtrArray *slots; /* of AqrPciAddress */
    gboolean apply, dry_run, json, version;
    gboolean debci_worker;
    char *amqp_server, *amqp_server_file; /* at most one of them; the same */
    char *backend_args;                   /* NULL: not given; empty, as the next: drop it */
    GStrv suites;                         /* NULL: not given */
} SetupOptions;

/* AQR_ERROR_USAGE. */
gboolean setup_options_parse(SetupOptions *options, int argc, char **argv, GError **error);

void setup_options_clear(SetupOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SetupOptions, setup_options_clear)
