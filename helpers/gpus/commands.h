/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The commands of rocm-qemu-gpus. Results go to stdout. */

typedef struct {
    gboolean json;
    gboolean absent;
    int timeout;    /* seconds; 0: none */
    char **testbed; /* the options of the testbed that is to have them; NULL: none */
} GpusOptions;

gboolean gpus_list(const GpusOptions *options, char **words, GError **error);
gboolean gpus_reset(const GpusOptions *options, char **words, GError **error);
gboolean gpus_quarantine(const GpusOptions *options, char **words, GError **error);
gboolean gpus_release(const GpusOptions *options, char **words, GError **error);
gboolean gpus_wait(const GpusOptions *options, char **words, GError **error);
