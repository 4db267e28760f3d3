/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Which saved VMs there are, and which of them go. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"
#include "warm-pairs.h"

#define KIB 1024
#define MIB (1024 * KIB)

static AqrWarmCache *cache;
static AqrWarmKey *keys[4];

static const char *const images[] = { "a", "b", "c", "d" };

static void
set_up(void)
{
    warm_set_up();
    cache = warm_open(G_MAXUINT64);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        keys[i] = warm_key(images[i]);
}

static void
tear_down(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        aqr_warm_key_free(keys[i]);
    aqr_warm_cache_free(cache);
    warm_tear_down();
}

static void
set_used(const AqrWarmKey *key, gint64 used)
{
    g_autofree char *lock = warm_find_file(key, "lock");
    struct timespec times[2] = { { .tv_sec = used }, { .tv_sec = used } };

    ck_assert_int_eq(utimensat(AT_FDCWD, lock, times, 0), 0);
}

/* Which of them are there: "abd". */
static char *
remaining(void)
{
    GString *names = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_autofree char *found = warm_find_dir(keys[i]);

        if (found != NULL)
            g_string_append(names, images[i]);
    }
    return g_string_free(names, FALSE);
}

#define ck_assert_remaining(wanted)           \
    do {                                      \
        g_autofree char *names = remaining(); \
        ck_assert_str_eq(names, (wanted));    \
    } while (0)

/* --- which go ---------------------------------------------------------- */

/* Three of 1 MiB, b used first, then c, then a. */
static void
save_three(void)
{
    for (int i = 0; i < 3; i++)
        warm_save(cache, keys[i], MIB);
    set_used(keys[1], 1000);
    set_used(keys[2], 2000);
    set_used(keys[0], 3000);
}

/* A draft takes at most what its memory does, 4 MiB: so that is made free first. */
static const struct {
    guint limit; /* KiB */
    const char *remaining;
} limits[] = {
    { 10240, "abcd" }, { 7168, "acd" }, { 6144, "ad" }, { 5120, "d" }, { 4096, "d" },
};

START_TEST(those_used_longest_ago_go)
{
    g_autoptr(AqrWarmCache) small = warm_open((guint64)limits[_i].limit * KIB);

    save_three();
    warm_save(small, keys[3], MIB);
    ck_assert_remaining(limits[_i].remaining);
}
END_TEST

START_TEST(one_that_is_used_stays)
{
    g_autoptr(AqrWarmCache) small = warm_open(6144 * KIB);
    g_autoptr(AqrWarmPair) pair = NULL;

    save_three();
    pair = aqr_warm_cache_find(cache, keys[1], NULL);
    ck_assert_ptr_nonnull(pair);
    set_used(keys[1], 1000);
    warm_save(small, keys[3], MIB);
    ck_assert_remaining("bd");
}
END_TEST

START_TEST(to_find_is_to_use)
{
    g_autoptr(AqrWarmCache) small = warm_open(6144 * KIB);

    save_three();
    ck_assert(warm_is_there(cache, keys[1]));
    warm_save(small, keys[3], MIB);
    ck_assert_remaining("bd");
}
END_TEST

START_TEST(the_new_one_stays)
{
    g_autoptr(AqrWarmCache) small = warm_open(4 * MIB);
    g_autoptr(GBytes) much = g_bytes_new_take(g_malloc0(5 * MIB), 5 * MIB);
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmDraft) draft = NULL;

    save_three();
    draft = aqr_warm_cache_draft(small, keys[3], WARM_RAM_MIB, &error);
    ck_assert_no_error(error);
    warm_fill(draft, MIB);
    ck_assert(aqr_warm_draft_publish(draft, much, &error)); /* more than there may be */
    ck_assert_remaining("d");
    ck_assert(warm_is_there(small, keys[3]));
}
END_TEST

START_TEST(useless_ones_go_first)
{
    g_autofree char *image = g_build_filename(warm_dir(), "a", NULL);
    g_autofree char *memory = NULL;

    save_three();
    memory = warm_find_file(keys[2], "memory");
    ck_assert_int_eq(g_unlink(image), 0);
    ck_assert_int_eq(truncate(memory, 5), 0);
    warm_save(cache, keys[3], MIB);
    ck_assert_remaining("bd");
}
END_TEST

START_TEST(a_later_one_of_its_key_stands_for_it)
{
    warm_save(cache, keys[0], KIB);
    warm_save(cache, keys[0], KIB);
    ck_assert_uint_eq(warm_count(), 1);
    ck_assert(warm_is_there(cache, keys[0]));
}
END_TEST

/* --- lists ------------------------------------------------------------- */

static const AqrWarmEntry *
find_entry(const GPtrArray *entries, const AqrWarmKey *key)
{
    const AqrWarmEntry *found = NULL;

    for (guint i = 0; i < entries->len; i++) {
        const AqrWarmEntry *entry = g_ptr_array_index(entries, i);

        if (!g_str_equal(entry->key, key->name))
            continue;
        ck_assert_ptr_null(found);
        found = entry;
    }
    return found;
}

static void
check_state(const AqrWarmKey *key, const char *state)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) entries = aqr_warm_cache_list(cache, &error);
    const AqrWarmEntry *entry;

    ck_assert_no_error(error);
    entry = find_entry(entries, key);
    ck_assert_pstr_eq(entry == NULL ? NULL : entry->state, state);
}

START_TEST(are_listed)
{
    g_autoptr(GPtrArray) entries = NULL;
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autofree char *image = g_build_filename(warm_dir(), "a", NULL);
    static const int order[] = { 0, 2, 1 };

    save_three();
    entries = aqr_warm_cache_list(cache, NULL);
    ck_assert_uint_eq(entries->len, 3);
    for (guint i = 0; i < 3; i++) {
        const AqrWarmEntry *entry = g_ptr_array_index(entries, i);

        ck_assert_str_eq(entry->key, keys[order[i]]->name);
        ck_assert_int_eq(entry->used, 3000 - i * 1000);
        ck_assert_int_le(ABS(entry->made - now), 30);
        ck_assert_uint_ge(entry->bytes, MIB);
        ck_assert_uint_le(entry->bytes, 2 * MIB);
    }
    ck_assert_str_eq(((AqrWarmEntry *)g_ptr_array_index(entries, 0))->image, image);
}
END_TEST

START_TEST(have_states)
{
    g_autofree char *image = g_build_filename(warm_dir(), "a", NULL), *memory = NULL;
    AqrWarmPair *pair;
    AqrWarmDraft *draft;

    save_three();
    check_state(keys[0], "ready");
    pair = aqr_warm_cache_find(cache, keys[0], NULL);
    check_state(keys[0], "in use");
    aqr_warm_pair_drop(pair);
    check_state(keys[0], "dropped");
    aqr_warm_pair_free(pair);
    check_state(keys[0], NULL);

    draft = aqr_warm_cache_draft(cache, keys[0], 1, NULL);
    check_state(keys[0], "being made");
    check_state(keys[0], "being made"); /* to look is not to touch */
    aqr_warm_draft_free(draft);
    check_state(keys[0], NULL);

    memory = warm_find_file(keys[1], "memory");
    ck_assert_int_eq(truncate(memory, 5), 0);
    check_state(keys[1], "damaged");
    warm_save(cache, keys[0], 1);
    ck_assert_int_eq(g_unlink(image), 0);
    check_state(keys[0], "stale");
    check_state(keys[2], "ready");
}
END_TEST

START_TEST(are_dropped)
{
    g_autoptr(GError) error = NULL;
    AqrWarmDraft *draft;

    save_three();
    draft = aqr_warm_cache_draft(cache, keys[3], 1, NULL);
    ck_assert(!aqr_warm_cache_drop(cache, keys[3]->name, &error));
    ck_assert_error(error, AQR_ERROR_USAGE);
    ck_assert(!aqr_warm_cache_drop(cache, "../warm", &error));
    ck_assert_error(error, AQR_ERROR_USAGE);
    ck_assert(aqr_warm_cache_drop(cache, keys[1]->name, &error));
    ck_assert_remaining("ac");
    ck_assert(aqr_warm_cache_drop(cache, NULL, &error));
    ck_assert_remaining("");
    check_state(keys[3], "being made");
    aqr_warm_draft_free(draft);
    ck_assert(aqr_warm_cache_drop(cache, NULL, &error)); /* nothing is no error */
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, those_used_longest_ago_go, 0, G_N_ELEMENTS(limits));
    tcase_add_test(tcase, one_that_is_used_stays);
    tcase_add_test(tcase, to_find_is_to_use);
    tcase_add_test(tcase, the_new_one_stays);
    tcase_add_test(tcase, useless_ones_go_first);
    tcase_add_test(tcase, a_later_one_of_its_key_stands_for_it);
    tcase_add_test(tcase, are_listed);
    tcase_add_test(tcase, have_states);
    tcase_add_test(tcase, are_dropped);
}
