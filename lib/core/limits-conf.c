/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/limits-conf.h"

#include <string.h>

#define MIB (1024.0 * 1024)
#define GIB ((guint64)1024 * 1024 * 1024)

/* Who a line is for. The nearer one wins; of the same, the later. */
enum { NOBODY, EVERYBODY, GROUP, HIMSELF };

/* "1000", ":1000", "1000:", "1000:2000": TRUE for those that @id is in. */
static gboolean
is_in_range(const char *text, guint32 id)
{
    g_auto(GStrv) ends = g_strsplit(text, ":", 2);
    guint64 from = 0, to = G_MAXUINT32;

    if (ends[0] == NULL || ends[1] == NULL || (*ends[0] == '\0' && *ends[1] == '\0'))
        return FALSE;
    if (*ends[0] != '\0' && !g_ascii_string_to_unsigned(ends[0], 10, 0, G_MAXUINT32, &from, NULL))
        return FALSE;
    if (*ends[1] != '\0' && !g_ascii_string_to_unsigned(ends[1], 10, 0, G_MAXUINT32, &to, NULL))
        return FALSE;
    if (*ends[0] == '\0') /* pam_limits: ":1000" is that one alone */
        from = to;
    return from <= id && id <= to;
}

static gboolean
has_gid_in_range(const char *text, const AqrHostUser *user)
{
    for (guint i = 0; user->gids != NULL && i < user->gids->len; i++) {
        if (is_in_range(text, g_array_index(user->gids, guint32, i)))
            return TRUE;
    }
    return FALSE;
}

/* Neither groups nor "*" mean root. */
static int
rank_of(const char *domain, const AqrHostUser *user)
{
    if (g_str_equal(domain, user->name))
        return HIMSELF;
    if (user->uid == 0)
        return NOBODY;
    if (g_str_equal(domain, "*"))
        return EVERYBODY;
    if (*domain == '@')
        return aqr_host_user_is_in(user, domain + 1) || has_gid_in_range(domain + 1, user) ? GROUP
                                                                                           : NOBODY;
    return is_in_range(domain, user->uid) ? HIMSELF : NOBODY;
}

static gboolean
parse_value(const char *text, guint64 *bytes)
{
    guint64 kib;

    if (g_str_equal(text, "unlimited") || g_str_equal(text, "infinity") ||
        g_str_equal(text, "-1")) {
        *bytes = AQR_MEMLOCK_UNLIMITED;
        return TRUE;
    }
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64 / 2048, &kib, NULL))
        return FALSE;
    *bytes = kib * 1024;
    return TRUE;
}

static void
take(guint64 *limit, int *limit_rank, guint64 bytes, int rank)
{
    if (rank < *limit_rank)
        return;
    *limit = bytes;
    *limit_rank = rank;
}

static GStrv
split_words(const char *line)
{
    g_auto(GStrv) pieces = g_strsplit_set(line, " \t\r", -1);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (char **piece = pieces; *piece != NULL && **piece != '#'; piece++) {
        if (**piece != '\0')
            g_strv_builder_add(words, *piece);
    }
    return g_strv_builder_end(words);
}

static void
read_line(AqrMemlock *memlock, const char *line, const AqrHostUser *user)
{
    g_auto(GStrv) words = split_words(line);
    guint64 bytes;
    int rank;

    if (g_strv_length(words) != 4 || g_ascii_strcasecmp(words[2], "memlock") != 0)
        return;
    rank = rank_of(words[0], user);
    if (rank == NOBODY || !parse_value(words[3], &bytes))
        return;
    if (g_str_equal(words[1], "-") || g_ascii_strcasecmp(words[1], "soft") == 0)
        take(&memlock->soft, &memlock->soft_rank, bytes, rank);
    if (g_str_equal(words[1], "-") || g_ascii_strcasecmp(words[1], "hard") == 0)
        take(&memlock->hard, &memlock->hard_rank, bytes, rank);
}

void
aqr_limits_conf_read(AqrMemlock *memlock, const char *text, const AqrHostUser *user)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        read_line(memlock, *line, user);
}

char *
aqr_memlock_to_string(guint64 limit)
{
    if (limit == AQR_MEMLOCK_UNTOLD)
        return g_strdup("untold");
    if (limit == AQR_MEMLOCK_UNLIMITED)
        return g_strdup("unlimited");
    if (limit < GIB)
        return g_strdup_printf("%.1f MiB", (double)limit / MIB);
    return g_strdup_printf("%.1f GiB", (double)limit / (double)GIB);
}
