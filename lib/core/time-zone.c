/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/time-zone.h"

#include <string.h>

#define ZONE_INFO "/zoneinfo/"

/* The zones' names have no dots. A rule such as CET-1CEST,M3.5.0 is none. */
static gboolean
is_name(const char *text)
{
    if (text == NULL || !g_ascii_isalpha(*text))
        return FALSE;
    for (; *text != '\0'; text++) {
        if (!g_ascii_isalnum(*text) && strchr("/_+-", *text) == NULL)
            return FALSE;
    }
    return TRUE;
}

static const char *
after_zone_info(const char *target)
{
    const char *found = target == NULL ? NULL : g_strrstr(target, ZONE_INFO);

    return found == NULL ? NULL : found + strlen(ZONE_INFO);
}

/* Its first line that is not empty and no comment. */
static char *
first_line(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text == NULL ? "" : text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_strstrip(*line);
        if (**line != '\0' && **line != '#')
            return g_strdup(*line);
    }
    return NULL;
}

char *
aqr_time_zone_name(const char *tz, const char *localtime_target, const char *timezone_text)
{
    g_autofree char *line = first_line(timezone_text);
    const char *names[] = {
        tz != NULL && *tz == ':' ? tz + 1 : tz,
        after_zone_info(localtime_target),
        line,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (is_name(names[i]))
            return g_strdup(names[i]);
    }
    return NULL;
}
