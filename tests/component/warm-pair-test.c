/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Saved VMs that are found, and those that are not any good. */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/warm-manifest.h"
#include "support/check-main.h"
#include "support/data.h"
#include "support/lasting-child.h"
#include "warm-pairs.h"

#define DAY (24 * 60 * 60)

static AqrWarmCache *cache;
static AqrWarmKey *key;

static void
set_up(void)
{
    warm_set_up();
    cache = warm_open(G_MAXUINT64);
    key = warm_key("image");
    warm_save(cache, key, 100000);
}

static void
tear_down(void)
{
    aqr_warm_cache_free(cache);
    aqr_warm_key_free(key);
    warm_tear_down();
}

START_TEST(is_found)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmPair) pair = aqr_warm_cache_find(cache, key, &error);
    g_autofree char *memory = warm_find_file(key, "memory"),
                    *disk = warm_find_file(key, "disk.qcow2");
    g_autofree char *text = NULL;
    struct stat status;

    ck_assert_no_error(error);
    ck_assert_str_eq(aqr_warm_pair_memory(pair), memory);
    ck_assert_str_eq(aqr_warm_pair_disk(pair), disk);
    ck_assert_mem_eq(g_bytes_get_data(aqr_warm_pair_state(pair), NULL), WARM_STATE,
                     g_bytes_get_size(aqr_warm_pair_state(pair)));
    ck_assert(g_file_get_contents(disk, &text, NULL, NULL));
    ck_assert_str_eq(text, "a disk");
    ck_assert_int_eq(stat(memory, &status), 0);
    ck_assert_int_eq(status.st_size, WARM_RAM_MIB << 20);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_lt(status.st_blocks * 512, 1 << 20);
    ck_assert_uint_eq(warm_count(), 1);
}
END_TEST

START_TEST(is_no_others)
{
    g_autoptr(AqrWarmKey) other = warm_key("another");

    ck_assert(!warm_is_there(cache, other));
    ck_assert(warm_is_there(cache, key));
}
END_TEST

/* --- spoilt ------------------------------------------------------------ */

static void
truncate_file(const char *path)
{
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_int_eq(truncate(path, status.st_size / 2), 0);
}

static void
flip_bit(const char *path)
{
    int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
    guint8 byte;
    off_t at = lseek(fd, 0, SEEK_END) / 2;

    ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
    byte ^= 16;
    ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

static void
empty(const char *path)
{
    ck_assert_int_eq(truncate(path, 0), 0);
}

static void
take_away(const char *path)
{
    ck_assert_int_eq(g_unlink(path), 0);
}

/* The same contents, but who says that they stay? */
static void
link_away(const char *path)
{
    g_autofree char *real = g_build_filename(warm_dir(), "real", NULL);

    ck_assert_int_eq(g_rename(path, real), 0);
    ck_assert_int_eq(symlink(real, path), 0);
}

static void
touch(const char *path)
{
    ck_assert_int_eq(utimensat(AT_FDCWD, path, NULL, 0), 0);
}

/* By one of the same bytes, size and time. */
static void
replace(const char *path)
{
    g_autofree char *text = NULL, *other = g_strconcat(path, ".new", NULL);
    struct stat status;

    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    ck_assert(g_file_set_contents(other, text, -1, NULL));
    ck_assert_int_eq(
        utimensat(AT_FDCWD, other, (struct timespec[]){ status.st_atim, status.st_mtim }, 0), 0);
    ck_assert_int_eq(g_rename(other, path), 0);
}

static void
set_made(const char *path, gint64 age)
{
    g_autofree char *text = NULL, *older = NULL;
    g_autoptr(AqrWarmManifest) manifest = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    manifest = aqr_warm_manifest_parse(text, NULL);
    manifest->made -= age;
    older = aqr_warm_manifest_to_string(manifest);
    ck_assert(g_file_set_contents(path, older, -1, NULL));
}

static void
make_old(const char *path)
{
    set_made(path, DAY);
}

static void
make_future(const char *path)
{
    set_made(path, -DAY - 60);
}

static void
make_anothers(const char *path)
{
    g_autofree char *text = NULL, *other = NULL;
    g_autoptr(AqrWarmManifest) manifest = NULL;

    ck_assert(g_file_get_contents(path, &text, NULL, NULL));
    manifest = aqr_warm_manifest_parse(text, NULL);
    manifest->key[0] = manifest->key[0] == 'a' ? 'b' : 'a';
    other = aqr_warm_manifest_to_string(manifest);
    ck_assert(g_file_set_contents(path, other, -1, NULL));
}

static const struct {
    const char *file;
    void (*spoil)(const char *path);
    const char *why; /* in the error */
} spoilt[] = {
    { "memory", truncate_file, "\"memory\" is not as long as it was" },
    { "memory", flip_bit, "\"memory\" is not what was written" },
    { "memory", take_away, "\"memory\" cannot be read: No such file" },
    { "memory", link_away, "\"memory\" is not as long as it was" },
    { "disk.qcow2", truncate_file, "\"disk.qcow2\" is not as long as it was" },
    { "disk.qcow2", flip_bit, "\"disk.qcow2\" is not what was written" },
    { "disk.qcow2", take_away, "\"disk.qcow2\" cannot be read: No such file" },
    { "state", truncate_file, "\"state\" is not as long as it was" },
    { "state", flip_bit, "\"state\" is not what was written" },
    { "state", take_away, "\"state\" cannot be read: No such file" },
    { "lock", take_away, "\"lock\" is missing" },
    { "manifest.json", truncate_file, "its manifest is no JSON" },
    { "manifest.json", flip_bit, "its manifest " },
    { "manifest.json", empty, "its manifest is no JSON" },
    { "manifest.json", link_away, "\"manifest.json\" cannot be read" },
    { "manifest.json", make_old, "it is older than a day" },
    { "manifest.json", make_future, "it is older than a day" },
    { "manifest.json", make_anothers, "\"manifest.json\" is of another VM" },
    { NULL, touch, "is another file by now" },
    { NULL, replace, "is another file by now" },
    { NULL, flip_bit, "is another file by now" },
    { NULL, truncate_file, "is another file by now" },
    { NULL, take_away, "No such file" },
};

/* Said once; then there is none. */
START_TEST(is_dropped_when_spoilt)
{
    g_autofree char *path = spoilt[_i].file == NULL ? g_build_filename(warm_dir(), "image", NULL)
                                                    : warm_find_file(key, spoilt[_i].file);
    g_autoptr(GError) error = NULL;

    spoilt[_i].spoil(path);
    ck_assert_ptr_null(aqr_warm_cache_find(cache, key, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error->message, spoilt[_i].why) != NULL, "%s", error->message);
    ck_assert(g_str_has_prefix(error->message, "the saved VM "));
    ck_assert_ptr_null(strchr(error->message, '\n'));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(!warm_is_there(cache, key));
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

START_TEST(is_none_without_a_manifest)
{
    g_autofree char *path = warm_find_file(key, "manifest.json");

    take_away(path);
    ck_assert(!warm_is_there(cache, key));
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

START_TEST(is_young_for_a_day)
{
    g_autofree char *path = warm_find_file(key, "manifest.json");

    set_made(path, DAY - 60);
    ck_assert(warm_is_there(cache, key));
}
END_TEST

/* What stands there under such a name is not followed, and nothing of it is used. */
START_TEST(is_no_link)
{
    g_autofree char *path = warm_find_dir(key);
    g_autofree char *real = g_build_filename(warm_dir(), "real", NULL);
    g_autofree char *memory = g_build_filename(real, "memory", NULL);

    ck_assert_int_eq(g_rename(path, real), 0);
    ck_assert_int_eq(symlink(real, path), 0);
    ck_assert(!warm_is_there(cache, key));
    ck_assert(g_file_test(memory, G_FILE_TEST_EXISTS));
}
END_TEST

/* --- dropped while it is used ------------------------------------------ */

START_TEST(stays_for_who_has_it)
{
    AqrWarmPair *one = aqr_warm_cache_find(cache, key, NULL);
    g_autoptr(AqrWarmCache) others = warm_open(0);
    AqrWarmPair *two = aqr_warm_cache_find(others, key, NULL);

    ck_assert_ptr_nonnull(two);
    aqr_warm_pair_drop(one);
    ck_assert(!warm_is_there(cache, key));
    aqr_warm_pair_free(one);
    ck_assert(g_file_test(aqr_warm_pair_memory(two), G_FILE_TEST_EXISTS));
    ck_assert(g_file_test(aqr_warm_pair_disk(two), G_FILE_TEST_EXISTS));
    warm_save(cache, key, 1); /* a new one, beside it */
    ck_assert(g_file_test(aqr_warm_pair_memory(two), G_FILE_TEST_EXISTS));
    aqr_warm_pair_free(two);
    ck_assert_uint_eq(warm_count(), 1);
    ck_assert(warm_is_there(cache, key));
}
END_TEST

static gboolean
have_it(G_GNUC_UNUSED gpointer data)
{
    return aqr_warm_cache_find(warm_open(0), key, NULL) != NULL;
}

START_TEST(goes_when_who_had_it_was_killed)
{
    GPid pid = lasting_child_start(have_it, NULL);

    ck_assert(aqr_warm_cache_drop(cache, NULL, NULL));
    ck_assert_uint_eq(warm_count(), 1);
    lasting_child_end(pid);
    ck_assert(!warm_is_there(cache, key));
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

/* --- GPUs -------------------------------------------------------------- */

START_TEST(remembers_a_gpu)
{
    AqrWarmPair *pair = aqr_warm_cache_find(cache, key, NULL);
    g_autofree char *why = NULL, *other = NULL, *odd = NULL;

    ck_assert_ptr_null(aqr_warm_pair_why_distrusted(pair, "0000:03:00.0 1002:73bf"));
    aqr_warm_pair_distrust_gpu(pair, "0000:03:00.0 1002:73bf", "it did\nnot come up");
    aqr_warm_pair_distrust_gpu(pair, "../../x", "odd");
    aqr_warm_pair_free(pair);
    pair = aqr_warm_cache_find(cache, key, NULL);
    why = aqr_warm_pair_why_distrusted(pair, "0000:03:00.0 1002:73bf");
    ck_assert_str_eq(why, "it did not come up");
    other = aqr_warm_pair_why_distrusted(pair, "0000:04:00.0 1002:73bf");
    ck_assert_ptr_null(other);
    odd = aqr_warm_pair_why_distrusted(pair, "../../x");
    ck_assert_str_eq(odd, "odd");
    aqr_warm_pair_drop(pair);
    aqr_warm_pair_free(pair);
    ck_assert_uint_eq(warm_count(), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, is_found);
    tcase_add_test(tcase, is_no_others);
    tcase_add_loop_test(tcase, is_dropped_when_spoilt, 0, G_N_ELEMENTS(spoilt));
    tcase_add_test(tcase, is_none_without_a_manifest);
    tcase_add_test(tcase, is_young_for_a_day);
    tcase_add_test(tcase, is_no_link);
    tcase_add_test(tcase, stays_for_who_has_it);
    tcase_add_test(tcase, goes_when_who_had_it_was_killed);
    tcase_add_test(tcase, remembers_a_gpu);
}
