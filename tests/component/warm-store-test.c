/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The directory of the cache: what is fit for it, and what is not. */
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"
#include "warm-pairs.h"

#define NOBODY 65534

static void
check_refused(const char *path, const char *why)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_warm_cache_open(path, 0, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error->message, why) != NULL, "%s", error->message);
    ck_assert_ptr_nonnull(strstr(error->message, path));
    ck_assert(g_str_has_suffix(error->message, "with --warm-dir, or none with --warm=off"));
    ck_assert_error(error, AQR_ERROR_HOST);
}

START_TEST(has_a_place)
{
    g_autofree char *usual = aqr_warm_cache_dir(NULL), *given = aqr_warm_cache_dir("/a/../b");
    g_autofree char *none = aqr_warm_cache_dir("");

    ck_assert(g_str_has_suffix(usual, "/autopkgtest-virt-qemu-rocm/warm"));
    ck_assert(g_path_is_absolute(usual));
    ck_assert(geteuid() != 0 || g_str_has_prefix(usual, "/var/cache/"));
    ck_assert_str_eq(given, "/b");
    ck_assert_str_eq(none, usual);
}
END_TEST

START_TEST(is_made)
{
    g_autofree char *path = g_build_filename(warm_dir(), "a", "b", "warm", NULL);
    g_autoptr(GError) error = NULL;
    struct stat status;

    for (int i = 0; i < 2; i++) { /* made, and there */
        g_autoptr(AqrWarmCache) cache = NULL;

        umask(i == 0 ? 022 : 0777);
        cache = aqr_warm_cache_open(path, 0, &error);
        ck_assert_no_error(error);
        ck_assert_ptr_nonnull(cache);
    }
    ck_assert_int_eq(stat(path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 07777, geteuid() == 0 ? 0711 : 0700);
}
END_TEST

typedef enum { PLAIN, LINK, DANGLING, GROUP, WORLD, OTHERS } Kind;

static const struct {
    Kind kind;
    const char *why;
} found[] = {
    { PLAIN, ": it is no directory;" },       { LINK, ": it is a symbolic link;" },
    { DANGLING, ": it is a symbolic link;" }, { GROUP, ": others may write to it;" },
    { WORLD, ": others may write to it;" },   { OTHERS, ": it belongs to another user;" },
};

static gboolean
put(Kind kind, const char *path)
{
    if (kind == PLAIN)
        return g_file_set_contents(path, "", 0, NULL);
    if (kind == LINK || kind == DANGLING)
        return symlink(kind == LINK ? warm_dir() : "/nowhere", path) == 0;
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    if (kind == OTHERS)
        return geteuid() == 0 && chown(path, NOBODY, NOBODY) == 0;
    return g_chmod(path, kind == GROUP ? 0770 : 01777) == 0;
}

START_TEST(is_judged)
{
    if (put(found[_i].kind, warm_cache_dir()))
        check_refused(warm_cache_dir(), found[_i].why);
    else
        ck_assert(found[_i].kind == OTHERS && geteuid() != 0);
}
END_TEST

START_TEST(is_not_made_below_a_file)
{
    g_autofree char *file = g_build_filename(warm_dir(), "file", NULL);
    g_autofree char *path = g_build_filename(file, "warm", NULL);

    ck_assert(g_file_set_contents(file, "", 0, NULL));
    check_refused(path, ": Not a directory;");
}
END_TEST

START_TEST(is_not_read_only)
{
    g_autofree char *below = g_build_filename(warm_cache_dir(), "warm", NULL);

    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
        return;
    ck_assert_int_eq(g_mkdir(warm_cache_dir(), 0700), 0);
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("none", warm_cache_dir(), "tmpfs", MS_RDONLY, "mode=0700"), 0);
    check_refused(warm_cache_dir(), ": Read-only file system;");
    check_refused(below, ": Read-only file system;");
    ck_assert_int_eq(umount(warm_cache_dir()), 0);
}
END_TEST

/* What others have put there has other names. */
START_TEST(leaves_what_is_not_its_own)
{
    g_autofree char *file = g_build_filename(warm_cache_dir(), "README", NULL);
    g_autofree char *sub = g_build_filename(warm_cache_dir(), "x.making", NULL);
    g_autoptr(AqrWarmCache) cache = warm_open(0);
    g_autoptr(GPtrArray) entries = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert(g_file_set_contents(file, "", 0, NULL));
    ck_assert_int_eq(g_mkdir(sub, 0700), 0);
    entries = aqr_warm_cache_list(cache, &error);
    ck_assert_no_error(error);
    ck_assert_uint_eq(entries->len, 0);
    ck_assert(aqr_warm_cache_drop(cache, NULL, &error));
    ck_assert_uint_eq(warm_count(), 2);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, warm_set_up, warm_tear_down);
    tcase_add_test(tcase, has_a_place);
    tcase_add_test(tcase, is_made);
    tcase_add_loop_test(tcase, is_judged, 0, G_N_ELEMENTS(found));
    tcase_add_test(tcase, is_not_made_below_a_file);
    tcase_add_test(tcase, is_not_read_only);
    tcase_add_test(tcase, leaves_what_is_not_its_own);
}
