/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

#define BLOCK 65536
#define SIZE (8 * BLOCK + 100)

static char *dir;
static int fd;

static void
set_up(void)
{
    g_autofree char *path = NULL;

    dir = test_make_dir();
    path = g_build_filename(dir, "file", NULL);
    fd = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
}

static void
tear_down(void)
{
    close(fd);
    test_remove_dir(dir);
}

static char *
sum(void)
{
    guint64 size = 0;
    char *checksum = aqr_checksum_file(fd, &size);
    struct stat status;

    ck_assert_int_eq(fstat(fd, &status), 0);
    ck_assert_ptr_nonnull(checksum);
    ck_assert_uint_eq(size, status.st_size);
    ck_assert_uint_eq(strlen(checksum), 32);
    return checksum;
}

static guint64
blocks(void)
{
    struct stat status;

    ck_assert_int_eq(fsync(fd), 0);
    ck_assert_int_eq(fstat(fd, &status), 0);
    return (guint64)status.st_blocks * 512;
}

static void
put(off_t at, const char *text)
{
    ck_assert_int_eq(pwrite(fd, text, strlen(text), at), strlen(text));
}

/* Data at the beginning, across blocks' bounds, and in the last part of one. */
static void
fill(void)
{
    put(0, "start");
    put(3 * BLOCK - 2, "across");
    put(5 * BLOCK + 4096, "middle");
    put(SIZE - 3, "end");
}

/* As it is on a file system without holes. */
static void
fill_all(void)
{
    g_autofree char *zero = g_malloc0(SIZE);

    ck_assert_int_eq(pwrite(fd, zero, SIZE, 0), SIZE);
    fill();
}

START_TEST(does_not_see_holes)
{
    g_autofree char *sparse = NULL, *full = NULL, *punched = NULL, *again = NULL;
    guint64 size, before;

    fill();
    sparse = sum();
    fill_all();
    full = sum();
    ck_assert_str_eq(sparse, full);
    before = blocks();
    punched = aqr_checksum_file_and_punch(fd, &size);
    ck_assert_str_eq(punched, full);
    ck_assert_uint_eq(size, SIZE);
    if (lseek(fd, BLOCK, SEEK_HOLE) == BLOCK) /* it can have them */
        ck_assert_uint_lt(blocks(), before);
    again = sum();
    ck_assert_str_eq(again, full);
}
END_TEST

START_TEST(sees_each_bit)
{
    static const off_t places[] = { 0, 4, BLOCK - 1, BLOCK, 2 * BLOCK + 77, SIZE - 1 };
    g_autofree char *was = NULL;

    fill();
    was = sum();
    for (gsize i = 0; i < G_N_ELEMENTS(places) * 8; i++) {
        off_t at = places[i / 8];
        guint8 byte, other;
        g_autofree char *is = NULL;

        ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
        other = (guint8)(byte ^ (1 << i % 8));
        ck_assert_int_eq(pwrite(fd, &other, 1, at), 1);
        is = sum();
        ck_assert_str_ne(is, was);
        ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
    }
}
END_TEST

START_TEST(sees_places_and_sizes)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const off_t sizes[] = { 0, 1, 4096, BLOCK - 1, BLOCK, BLOCK + 1, SIZE };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        ck_assert_int_eq(ftruncate(fd, sizes[i]), 0);
        ck_assert(g_hash_table_add(seen, sum()));
    }
    for (off_t at = 0; at < SIZE - BLOCK; at += BLOCK) {
        ck_assert_int_eq(ftruncate(fd, 0), 0);
        ck_assert_int_eq(ftruncate(fd, SIZE), 0);
        put(at, "x");
        ck_assert(g_hash_table_add(seen, sum()));
    }
}
END_TEST

START_TEST(fails_by_errno)
{
    int dir_fd = g_open(dir, O_RDONLY | O_CLOEXEC, 0);
    guint64 size = 7;

    errno = 0;
    ck_assert_ptr_null(aqr_checksum_file(-1, &size));
    ck_assert_int_eq(errno, EBADF);
    errno = 0;
    ck_assert_ptr_null(aqr_checksum_file(dir_fd, &size));
    ck_assert_int_eq(errno, EISDIR);
    ck_assert_uint_eq(size, 7);
    close(dir_fd);
}
END_TEST

START_TEST(sums_bytes)
{
    g_autoptr(GBytes) none = g_bytes_new(NULL, 0), some = g_bytes_new("abc", 3);
    g_autofree char *one = aqr_checksum_bytes(none), *other = aqr_checksum_bytes(some);

    /* XXH128 of nothing, and of "abc", as xxh128sum prints them. */
    ck_assert_str_eq(one, "99aa06d3014798d86001c324468d497f");
    ck_assert_str_eq(other, "06b05ab6733a618578af5f94892f3950");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, does_not_see_holes);
    tcase_add_test(tcase, sees_each_bit);
    tcase_add_test(tcase, sees_places_and_sizes);
    tcase_add_test(tcase, fails_by_errno);
    tcase_add_test(tcase, sums_bytes);
}
