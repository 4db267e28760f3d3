/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/config-files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

static void
take(const char *text, gpointer data)
{
    g_string_append(data, text);
}

static void
write_file(const char *root, const char *path, const char *text)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    g_autofree char *dir = g_path_get_dirname(file);

    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    ck_assert(g_file_set_contents(file, text, -1, NULL));
}

static void
link_file(const char *root, const char *path, const char *target)
{
    g_autofree char *file = g_build_filename(root, path, NULL);

    ck_assert_int_eq(symlink(target, file), 0);
}

static const char *const dirs[] = { "/etc/x.d", "/run/x.d", "/lib/x.d", NULL };

START_TEST(reads_in_order_and_hides)
{
    char *root = test_make_dir();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) unreadable = g_ptr_array_new_with_free_func(g_free);
    const AqrConfigRoot place = { root, unreadable };

    write_file(root, "/etc/x.d/20-b.conf", "b ");
    write_file(root, "/etc/x.d/10-a.conf", "a ");
    write_file(root, "/etc/x.d/15-x.conf.dpkg-old", "old ");
    write_file(root, "/lib/x.d/20-b.conf", "hidden ");
    write_file(root, "/lib/x.d/15-c.conf", "c ");
    write_file(root, "/lib/x.d/99-masked.conf", "masked ");
    link_file(root, "/etc/x.d/99-masked.conf", "/dev/null");
    aqr_config_files_read(&place, dirs, ".conf", take, text);
    test_remove_dir(root);
    ck_assert_str_eq(text->str, "a c b ");
    ck_assert_uint_eq(unreadable->len, 0);
}
END_TEST

/* One that cannot be read is told, and does not keep the others from being read. */
START_TEST(tells_what_it_cannot_read)
{
    char *root = test_make_dir();
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GPtrArray) unreadable = g_ptr_array_new_with_free_func(g_free);
    const AqrConfigRoot place = { root, unreadable };
    g_autofree char *fifo = g_build_filename(root, "/etc/x.d/30-fifo.conf", NULL);

    write_file(root, "/etc/x.d/20-b.conf", "b ");
    link_file(root, "/etc/x.d/10-loop.conf", "10-loop.conf");
    link_file(root, "/etc/x.d/15-gone.conf", "/nonexistent");
    write_file(root, "/lib/x.d", "a file");
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    aqr_config_files_read(&place, dirs, ".conf", take, text);
    aqr_config_file_read(&place, "/etc/x.d/10-loop.conf", take, text);
    aqr_config_file_read(&place, "/etc/none", take, text);
    aqr_config_file_read(&place, "/lib/x.d/none", take, text);
    test_remove_dir(root);
    ck_assert_str_eq(text->str, "b ");
    ck_assert_uint_eq(unreadable->len, 3);
    ck_assert_ptr_nonnull(strstr(g_ptr_array_index(unreadable, 0), "/lib/x.d"));
    ck_assert_ptr_nonnull(strstr(g_ptr_array_index(unreadable, 1), "10-loop.conf"));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, reads_in_order_and_hides);
    tcase_add_test(tcase, tells_what_it_cannot_read);
}
