/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/strike-note.h"

#include "base/printable.h"

#define MAX_REASON 400 /* bytes; a quarantine's has 500 */
#define MAX_COUNT 99

char *
aqr_strike_note_to_string(const AqrStrikeNote *note)
{
    g_autofree char *reason = aqr_printable_line(note->reason, MAX_REASON);

    return g_strdup_printf("%u %s\n", note->count, reason);
}

void
aqr_strike_note_parse(const char *text, AqrStrikeNote *note)
{
    char *end;
    guint64 count = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &end, 10) : 0;

    *note = (AqrStrikeNote){ 0 };
    if (count == 0 || count > MAX_COUNT || *end != ' ')
        return;
    note->count = (unsigned)count;
    note->reason = aqr_printable_line(end, MAX_REASON);
}

char *
aqr_strike_note_describe(const AqrStrikeNote *note)
{
    if (note->count == 0)
        return NULL;
    return g_strdup_printf("%u failure%s in a row: %s", note->count, note->count == 1 ? "" : "s",
                           note->reason);
}

void
aqr_strike_note_clear(AqrStrikeNote *note)
{
    g_free(note->reason);
    *note = (AqrStrikeNote){ 0 };
}
