/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What stands in the file of a GPU's failures (host/gpu-strikes): how many in a row, and why the
 * last time, as a line. Anybody may have written it: what is read is short, one line and
 * printable, and need not be true. */

/* So many, and nobody gets it any more. One may be an accident, as a reset that came to nothing
 * once, and the second such a one's successor; a GPU that three guests could not use would fail
 * every job of a queue. */
#define AQR_STRIKE_LIMIT 3

typedef struct {
    unsigned count; /* 0: none */
    char *reason;   /* of the last; NULL: none */
} AqrStrikeNote;

/* A line, with its end; transfer full. */
char *aqr_strike_note_to_string(const AqrStrikeNote *note) G_GNUC_WARN_UNUSED_RESULT;

/* What is none of ours counts for nothing. @note is overwritten. */
void aqr_strike_note_parse(const char *text, AqrStrikeNote *note);

/* (transfer full): "2 failures in a row: REASON"; NULL: there is none. */
char *aqr_strike_note_describe(const AqrStrikeNote *note) G_GNUC_WARN_UNUSED_RESULT;

void aqr_strike_note_clear(AqrStrikeNote *note);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrStrikeNote, aqr_strike_note_clear)
