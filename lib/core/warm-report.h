/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Saved VMs, for people and for programs. */

typedef struct {
    char *key;
    char *image;       /* what it was made of; NULL: unknown */
    guint64 bytes;     /* that it takes */
    gint64 made, used; /* seconds since 1970; 0: unknown */
    const char *state; /* "ready", "in use", "stale", "being made", "damaged", and "dropped"
                        * for one that goes when nobody uses it any more */
} AqrWarmEntry;

void aqr_warm_entry_free(AqrWarmEntry *entry);

/* Lines, with their end; transfer full. @now: seconds since 1970. */
char *aqr_warm_report_table(const GPtrArray *entries, gint64 now) G_GNUC_WARN_UNUSED_RESULT;
char *aqr_warm_report_json(const GPtrArray *entries) G_GNUC_WARN_UNUSED_RESULT;
