/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A copy between host and testbed, as README.virtualisation-server wants it:
 * a file goes through cat, a directory through a pair of tars. It computes the
 * commands; the testbed runs them. */
typedef struct {
    gboolean down;       /* host to testbed */
    gboolean directory;  /* both paths end in "/" */
    const char *host;    /* borrowed */
    const char *guest;   /* borrowed */
    gboolean executable; /* down: the host's file has an x bit */
    gboolean privileged; /* up: who unpacks could make device nodes, and must not */
} AqrCopy;

/* AQR_ERROR_PROTOCOL when a path is empty or only one ends in "/". */
gboolean aqr_copy_plan(const char *from, const char *to, gboolean down, AqrCopy *copy,
                       GError **error);

/* What runs in the guest: reads its stdin on the way down, writes its stdout on
 * the way up. */
GStrv aqr_copy_guest_argv(const AqrCopy *copy) G_GNUC_WARN_UNUSED_RESULT;

/* What runs on the host, in the directory copy->host; only for directories. */
GStrv aqr_copy_host_argv(const AqrCopy *copy) G_GNUC_WARN_UNUSED_RESULT;

/* Merges the directory @from into @to, on the host. */
GStrv aqr_copy_merge_argv(const char *from, const char *to) G_GNUC_WARN_UNUSED_RESULT;
