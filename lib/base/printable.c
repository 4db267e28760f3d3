/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/printable.h"

char *
aqr_printable(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GString) kept = g_string_new(NULL);

    for (const char *next = valid; *next != '\0'; next = g_utf8_next_char(next)) {
        gunichar character = g_utf8_get_char(next);

        if (character == '\t' || character == '\n' || !g_unichar_iscntrl(character))
            g_string_append_unichar(kept, character);
    }
    return g_strdup(kept->str);
}

char *
aqr_printable_line(const char *text, gsize max)
{
    g_autofree char *some = g_strndup(text, max);

    return g_strstrip(g_strdelimit(aqr_printable(some), "\n\r\t", ' '));
}
