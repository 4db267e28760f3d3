/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Whose the words of rocm-qemu-run's command line are:
 *
 *     rocm-qemu-run [OPTION]... IMAGE [QEMU OPTION]... [-- COMMAND [ARG]...]
 *
 * What they mean is not known here. */
typedef struct {
    GStrv own;     /* the program's name, then its options, all of them long ones */
    char *image;   /* NULL: none */
    GStrv qemu;    /* in order; may be empty */
    GStrv command; /* NULL: none; not empty */
} AqrRunArgs;

/* @known: the program's options; a value, where one has it, may be a word of its own, or follow a
 * short option at once. Behind IMAGE ours are: a long one of @known, "-g GPU", which
 * rocm-qemu-support's examples have there, and "-snapshot", with one dash or two, which is ours as
 * "--snapshot" and QEMU's as well. Everything else is QEMU's, to which "-m" and "-g 800x600" mean
 * something, too. AQR_ERROR_USAGE: nothing behind "--". */
gboolean aqr_run_args_sort(const char *const *argv, const GOptionEntry *known, AqrRunArgs *args,
                           GError **error);

void aqr_run_args_clear(AqrRunArgs *args);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrRunArgs, aqr_run_args_clear)
