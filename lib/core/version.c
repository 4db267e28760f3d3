/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/version.h"

gboolean
aqr_version_parse(const char *text, guint *major, guint *minor)
{
    g_autoptr(GRegex) regex = g_regex_new("(?<![0-9])([0-9]{1,6})\\.([0-9]{1,6})", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;
    g_autofree char *first = NULL, *second = NULL;

    if (!g_regex_match(regex, text, 0, &match))
        return FALSE;
    first = g_match_info_fetch(match, 1);
    second = g_match_info_fetch(match, 2);
    *major = (guint)g_ascii_strtoull(first, NULL, 10);
    *minor = (guint)g_ascii_strtoull(second, NULL, 10);
    return TRUE;
}

gboolean
aqr_version_is_at_least(const char *text, guint major, guint minor)
{
    guint have_major, have_minor;

    return text != NULL && aqr_version_parse(text, &have_major, &have_minor) &&
           (have_major > major || (have_major == major && have_minor >= minor));
}
