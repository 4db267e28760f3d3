/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "warm-pairs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "host/file-id.h"
#include "support/check-main.h"
#include "support/data.h"

static char *dir, *cache_dir;

void
warm_set_up(void)
{
    dir = test_make_dir();
    cache_dir = g_build_filename(dir, "warm", NULL);
}

void
warm_tear_down(void)
{
    g_free(cache_dir);
    test_remove_dir(dir);
}

const char *
warm_dir(void)
{
    return dir;
}

const char *
warm_cache_dir(void)
{
    return cache_dir;
}

AqrWarmCache *
warm_open(guint64 limit)
{
    g_autoptr(GError) error = NULL;
    AqrWarmCache *cache = aqr_warm_cache_open(cache_dir, limit, &error);

    ck_assert_no_error(error);
    return cache;
}

AqrWarmKey *
warm_key(const char *name)
{
    g_autofree char *image = g_build_filename(dir, name, NULL);
    g_autoptr(AqrWarmFacts) facts = aqr_warm_facts_new();
    g_autoptr(GError) error = NULL;

    if (!g_file_test(image, G_FILE_TEST_EXISTS))
        g_file_set_contents(image, name, -1, &error);
    ck_assert_no_error(error);
    facts->shape = g_strdup("<domain/>");
    g_ptr_array_add(facts->files, aqr_file_id_stat(image, &error));
    ck_assert_no_error(error);
    return aqr_warm_key_new(facts);
}

void
warm_fill(AqrWarmDraft *draft, gsize bytes)
{
    int fd = open(aqr_warm_draft_memory(draft), O_RDWR | O_CLOEXEC);
    g_autofree char *data = g_strnfill(bytes, 'm');
    g_autoptr(GError) error = NULL;

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, data, bytes, 65536), (ssize_t)bytes);
    close(fd);
    g_file_set_contents(aqr_warm_draft_disk(draft), "a disk", -1, &error);
    ck_assert_no_error(error);
}

void
warm_save(AqrWarmCache *cache, const AqrWarmKey *key, gsize bytes)
{
    g_autoptr(GBytes) state = g_bytes_new_static(WARM_STATE, strlen(WARM_STATE));
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmDraft) draft = aqr_warm_cache_draft(cache, key, WARM_RAM_MIB, &error);

    ck_assert_no_error(error);
    ck_assert_ptr_nonnull(draft);
    warm_fill(draft, bytes);
    aqr_warm_draft_publish(draft, state, &error);
    ck_assert_no_error(error);
}

char *
warm_find_dir(const AqrWarmKey *key)
{
    g_autoptr(GDir) list = g_dir_open(cache_dir, 0, NULL);
    char *found = NULL;
    const char *name;

    while ((name = g_dir_read_name(list)) != NULL) {
        if (!g_str_has_prefix(name, key->name) || g_str_has_suffix(name, ".lock") ||
            g_str_has_suffix(name, ".making"))
            continue;
        ck_assert_ptr_null(found);
        found = g_build_filename(cache_dir, name, NULL);
    }
    return found;
}

char *
warm_find_file(const AqrWarmKey *key, const char *name)
{
    g_autofree char *found = warm_find_dir(key);

    return found == NULL ? NULL : g_build_filename(found, name, NULL);
}

guint
warm_count(void)
{
    g_autoptr(GDir) list = g_dir_open(cache_dir, 0, NULL);
    guint n = 0;

    while (g_dir_read_name(list) != NULL)
        n++;
    return n;
}

gboolean
warm_is_there(AqrWarmCache *cache, const AqrWarmKey *key)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmPair) pair = aqr_warm_cache_find(cache, key, &error);

    ck_assert_no_error(error);
    return pair != NULL;
}
