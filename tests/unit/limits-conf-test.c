/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/limits-conf.h"

#include "support/check-main.h"

#define KIB ((guint64)1024)
#define UNTOLD AQR_MEMLOCK_UNTOLD
#define UNLIMITED AQR_MEMLOCK_UNLIMITED

static const struct {
    const char *text;
    guint64 soft, hard; /* of rocky: uid 1000, groups rocky (1000) and render (106) */
} rows[] = {
    { "", UNTOLD, UNTOLD },
    { "# rocky - memlock 1\n", UNTOLD, UNTOLD },
    { "rocky - memlock 64\n", 64 * KIB, 64 * KIB },
    { "rocky soft memlock 64", 64 * KIB, UNTOLD },
    { "\trocky  hard\tmemlock 64 # enough\n", UNTOLD, 64 * KIB },
    { "rocky - MEMLOCK unlimited\n", UNLIMITED, UNLIMITED },
    { "rocky - memlock infinity\n", UNLIMITED, UNLIMITED },
    { "rocky - memlock -1\n", UNLIMITED, UNLIMITED },
    { "rocky - memlock\n", UNTOLD, UNTOLD },
    { "rocky - memlock much\n", UNTOLD, UNTOLD },
    { "rocky - memlock 64 65\n", UNTOLD, UNTOLD },
    { "rocky -\n", UNTOLD, UNTOLD },
    { "rocky - nofile 64\n", UNTOLD, UNTOLD },
    { "bull - memlock 64\n", UNTOLD, UNTOLD },
    { "* - memlock 64\n", 64 * KIB, 64 * KIB },
    { "@render - memlock 64\n", 64 * KIB, 64 * KIB },
    { "@kvm - memlock 64\n", UNTOLD, UNTOLD },
    { "1000: - memlock 64\n", 64 * KIB, 64 * KIB },
    { "1001: - memlock 64\n", UNTOLD, UNTOLD },
    { ":1000 - memlock 64\n", 64 * KIB, 64 * KIB },
    { ":2000 - memlock 64\n", UNTOLD, UNTOLD },
    { "500:1000 - memlock 64\n", 64 * KIB, 64 * KIB },
    { "500:999 - memlock 64\n", UNTOLD, UNTOLD },
    { ": - memlock 64\n", UNTOLD, UNTOLD },
    { "a:b - memlock 64\n", UNTOLD, UNTOLD },
    { "@100:200 - memlock 64\n", 64 * KIB, 64 * KIB },
    { "@107: - memlock 64\n", 64 * KIB, 64 * KIB },
    { "@1001: - memlock 64\n", UNTOLD, UNTOLD },
    /* the nearer wins, wherever it stands; of the same, the later */
    { "rocky - memlock 1\n@render - memlock 2\n* - memlock 3\n", KIB, KIB },
    { "* - memlock 3\n@render - memlock 2\n", 2 * KIB, 2 * KIB },
    { "rocky - memlock 1\nrocky - memlock 2\n", 2 * KIB, 2 * KIB },
    { "* hard memlock 3\nrocky soft memlock 2\n", 2 * KIB, 3 * KIB },
};

static AqrHostUser
rocky(void)
{
    static const guint32 gids[] = { 1000, 106 };
    AqrHostUser user = { .name = g_strdup("rocky"), .exists = TRUE, .uid = 1000 };

    user.gids = g_array_new(FALSE, FALSE, sizeof gids[0]);
    g_array_append_vals(user.gids, gids, G_N_ELEMENTS(gids));
    user.groups = g_strsplit("rocky render", " ", -1);
    return user;
}

START_TEST(reads)
{
    AqrHostUser user = rocky();
    AqrMemlock memlock = AQR_MEMLOCK_INIT;

    aqr_limits_conf_read(&memlock, rows[_i].text, &user);
    aqr_host_user_clear(&user);
    ck_assert_uint_eq(memlock.soft, rows[_i].soft);
    ck_assert_uint_eq(memlock.hard, rows[_i].hard);
}
END_TEST

/* What is meant for everybody is not meant for him. */
START_TEST(spares_root)
{
    AqrHostUser user = { .name = g_strdup("root"), .exists = TRUE };
    AqrMemlock memlock = AQR_MEMLOCK_INIT;

    user.groups = g_strsplit("root", " ", -1);
    aqr_limits_conf_read(&memlock, "* - memlock 1\n@root - memlock 2\n0: - memlock 3\n", &user);
    ck_assert_uint_eq(memlock.soft, UNTOLD);
    aqr_limits_conf_read(&memlock, "root - memlock 4\n", &user);
    ck_assert_uint_eq(memlock.soft, 4 * KIB);
    aqr_host_user_clear(&user);
}
END_TEST

static const struct {
    guint64 limit;
    const char *text;
} limits[] = {
    { UNTOLD, "untold" },
    { UNLIMITED, "unlimited" },
    { 8 * KIB * KIB, "8.0 MiB" },
    { 3 * KIB * KIB * KIB / 2, "1.5 GiB" },
};

START_TEST(prints)
{
    g_autofree char *text = aqr_memlock_to_string(limits[_i].limit);

    ck_assert_str_eq(text, limits[_i].text);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, reads, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, spares_root);
    tcase_add_loop_test(tcase, prints, 0, G_N_ELEMENTS(limits));
}
