/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/unit-name.h"

static gboolean
may_stay(const char *letter, const char *text)
{
    if (*letter == '.')
        return letter != text;
    return g_ascii_isalnum(*letter) || *letter == ':' || *letter == '_';
}

char *
aqr_unit_name_escape(const char *text)
{
    GString *name = g_string_new(NULL);

    for (const char *letter = text; *letter != '\0'; letter++) {
        if (*letter == '/')
            g_string_append_c(name, '-');
        else if (may_stay(letter, text))
            g_string_append_c(name, *letter);
        else
            g_string_append_printf(name, "\\x%02x", (guint)(guint8)*letter);
    }
    return g_string_free(name, FALSE);
}
