/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/udev-rules.h"

#include <string.h>

enum { OWNER, GROUP, MODE, N_KEYS };
static const char *const keys[N_KEYS] = { "OWNER", "GROUP", "MODE" };

typedef struct {
    char *key;
    char *operator;
    char *value;
} Token;

static void
free_token(gpointer data)
{
    Token *token = data;

    g_free(token->key);
    g_free(token->operator);
    g_free(token->value);
    g_free(token);
}

void
aqr_udev_vfio_clear(AqrUdevVfio *node)
{
    g_free(node->owner);
    g_free(node->group);
    g_free(node->mode);
    *node = (AqrUdevVfio){ 0 };
}

/* KEY OPERATOR "VALUE", commas between; NULL for what is not that. */
static GPtrArray *
split_rule(const char *line)
{
    g_autoptr(GRegex) regex = g_regex_new(
        "\\G[\\s,]*([A-Za-z_]+(?:\\{[^}]*\\})?)\\s*([=!+:-]?=)\\s*[ei]?\"((?:[^\"\\\\]|\\\\.)*)\"",
        0, 0, NULL);
    g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func(free_token);
    g_autoptr(GMatchInfo) match = NULL;
    int end = 0;

    for (g_regex_match(regex, line, 0, &match); g_match_info_matches(match);
         g_match_info_next(match, NULL)) {
        Token *token = g_new0(Token, 1);

        token->key = g_match_info_fetch(match, 1);
        token->operator= g_match_info_fetch(match, 2);
        token->value = g_match_info_fetch(match, 3);
        g_ptr_array_add(tokens, token);
        g_match_info_fetch_pos(match, 0, NULL, &end);
    }
    if (tokens->len == 0 || strspn(line + end, " \t\r,") != strlen(line + end))
        return NULL;
    return g_steal_pointer(&tokens);
}

/* "a|b*": any of them. */
static gboolean
matches(const char *patterns, const char *text)
{
    g_auto(GStrv) each = g_strsplit(patterns, "|", -1);

    for (char **pattern = each; *pattern != NULL; pattern++) {
        if (g_pattern_match_simple(*pattern, text))
            return TRUE;
    }
    return FALSE;
}

/* KERNEL="[0-9]*" would need more than GLib's patterns: it means any group's node. */
static gboolean
may_name_a_group(const char *patterns)
{
    return strchr(patterns, '[') != NULL || strpbrk(patterns, "0123456789") != NULL ||
           matches(patterns, "7");
}

static gboolean
contradicts(const Token *token)
{
    gboolean wanted = g_str_equal(token->operator, "==");

    if (!wanted && !g_str_equal(token->operator, "!="))
        return FALSE;
    if (g_str_equal(token->key, "SUBSYSTEM"))
        return matches(token->value, "vfio") != wanted;
    return g_str_equal(token->key, "KERNEL") && wanted && !may_name_a_group(token->value);
}

/* Rules that name no subsystem are for what has other marks: not ours. */
static gboolean
is_for_vfio(const GPtrArray *tokens)
{
    gboolean named = FALSE;

    for (guint i = 0; i < tokens->len; i++) {
        const Token *token = g_ptr_array_index(tokens, i);

        if (contradicts(token))
            return FALSE;
        named |= g_str_equal(token->key, "SUBSYSTEM") && g_str_equal(token->operator, "==") &&
                 strchr(token->value, '*') == NULL;
    }
    return named;
}

static void
assign(AqrUdevVfio *node, const Token *token)
{
    char **const places[N_KEYS] = { &node->owner, &node->group, &node->mode };

    for (int i = 0; i < N_KEYS; i++) {
        if (!g_str_equal(token->key, keys[i]) || node->is_final[i] ||
            (!g_str_equal(token->operator, "=") && !g_str_equal(token->operator, ":=")))
            continue;
        g_free(*places[i]);
        *places[i] = g_strdup(token->value);
        node->is_final[i] = token->operator[0] == ':';
    }
}

static void
read_rule(AqrUdevVfio *node, const char *line)
{
    g_autoptr(GPtrArray) tokens = split_rule(line);

    if (tokens == NULL)
        node->n_bad += strstr(line, "vfio") != NULL;
    if (tokens == NULL || !is_for_vfio(tokens))
        return;
    node->has_rule = TRUE;
    for (guint i = 0; i < tokens->len; i++)
        assign(node, g_ptr_array_index(tokens, i));
}

/* A backslash at its end joins a line with the next. */
void
aqr_udev_rules_read(AqrUdevVfio *node, const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_auto(GStrv) lines = g_strsplit(valid, "\n", -1);
    g_autoptr(GString) rule = g_string_new(NULL);

    for (char **line = lines; *line != NULL; line++) {
        gboolean goes_on;

        g_strstrip(*line);
        if (**line == '#')
            continue;
        goes_on = g_str_has_suffix(*line, "\\") && line[1] != NULL;
        g_string_append_len(rule, *line, (gssize)(strlen(*line) - (goes_on ? 1 : 0)));
        if (goes_on)
            continue;
        if (rule->len > 0)
            read_rule(node, rule->str);
        g_string_truncate(rule, 0);
    }
}
