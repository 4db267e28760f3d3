/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/percent.h"

#include <string.h>

static gboolean
is_safe(char c)
{
    return g_ascii_isalnum(c) || (c != '\0' && strchr("_.-~/", c) != NULL);
}

char *
aqr_percent_encode(const char *text)
{
    GString *word = g_string_new(NULL);

    for (; *text != '\0'; text++) {
        if (is_safe(*text))
            g_string_append_c(word, *text);
        else
            g_string_append_printf(word, "%%%02X", (guint8)*text);
    }
    return g_string_free(word, FALSE);
}

char *
aqr_percent_decode(const char *word)
{
    g_autoptr(GString) text = g_string_new(NULL);

    while (*word != '\0') {
        if (word[0] == '%' && g_ascii_isxdigit(word[1]) && g_ascii_isxdigit(word[2])) {
            g_string_append_c(
                text, (char)(g_ascii_xdigit_value(word[1]) * 16 + g_ascii_xdigit_value(word[2])));
            word += 3;
        } else {
            g_string_append_c(text, *word++);
        }
    }
    if (!g_utf8_validate(text->str, (gssize)text->len, NULL))
        return NULL;
    return g_string_free(g_steal_pointer(&text), FALSE);
}
