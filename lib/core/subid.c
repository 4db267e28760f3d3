/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/subid.h"

#define FIRST 100000u /* login.defs(5): SUB_UID_MIN */

typedef struct {
    const char *owner; /* a name or a number */
    guint64 first, count;
} Range;

static gboolean
parse_range(GStrv words, Range *range)
{
    if (g_strv_length(words) != 3)
        return FALSE;
    range->owner = words[0];
    return g_ascii_string_to_unsigned(words[1], 10, 0, G_MAXUINT32, &range->first, NULL) &&
           g_ascii_string_to_unsigned(words[2], 10, 1, G_MAXUINT32, &range->count, NULL);
}

static void
for_each_range(const char *text, void (*take)(const Range *range, gpointer data), gpointer data)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, ":", -1);
        Range range;

        if (parse_range(words, &range))
            take(&range, data);
    }
}

typedef struct {
    const char *name;
    const char *number;
    gboolean found;
} Search;

static void
compare_owner(const Range *range, gpointer data)
{
    Search *search = data;

    if (range->count >= AQR_SUBID_COUNT &&
        (g_str_equal(range->owner, search->name) || g_str_equal(range->owner, search->number)))
        search->found = TRUE;
}

gboolean
aqr_subid_has(const char *text, const char *name, guint32 uid)
{
    g_autofree char *number = g_strdup_printf("%u", uid);
    Search search = { .name = name, .number = number };

    for_each_range(text, compare_owner, &search);
    return search.found;
}

static void
pass_over(const Range *range, gpointer data)
{
    guint64 *next = data;

    *next = MAX(*next, range->first + range->count);
}

guint32
aqr_subid_next(const char *text)
{
    guint64 next = FIRST;

    for_each_range(text, pass_over, &next);
    return next + AQR_SUBID_COUNT > G_MAXUINT32 ? 0 : (guint32)next;
}
