/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image-write.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "support/check-main.h"

static char *dir, *path;

static void
set_up(void)
{
    dir = g_dir_make_tmp("aqr-image-write-XXXXXX", NULL);
    path = g_build_filename(dir, "image", NULL);
    ck_assert(g_file_set_contents(path, "image", -1, NULL));
}

static void
tear_down(void)
{
    g_remove(path);
    g_rmdir(dir);
    g_free(path);
    g_free(dir);
}

/* What QEMU locks: 100 and more what it uses, 200 and more what nobody else may use. */
static const struct {
    off_t byte; /* 0: none */
    gboolean taken, replaced;
} locks[] = {
    { 0, TRUE, TRUE },     { 99, TRUE, TRUE },  { 100, TRUE, TRUE }, /* reads */
    { 101, FALSE, FALSE },                                           /* writes */
    { 102, TRUE, TRUE },  /* writes what is there already */
    { 103, FALSE, TRUE }, /* makes it larger */
    { 201, FALSE, TRUE }, /* an overlay is over it */
    { 203, FALSE, TRUE },  { 204, TRUE, TRUE },
};

START_TEST(knows_users)
{
    g_autoptr(GError) error = NULL;
    struct flock lock = {
        .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = locks[_i].byte, .l_len = 1
    };
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (locks[_i].byte > 0)
        ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &lock), 0);
    ck_assert_int_eq(aqr_image_write_check(path, &error), locks[_i].taken);
    if (!locks[_i].taken) {
        g_autofree char *us = g_strdup_printf("in use by pid %d (image-write-tes", (int)getpid());

        ck_assert_msg(strstr(error->message, us) != NULL, "%s", error->message);
        ck_assert_error(error, AQR_ERROR_IMAGE);
        g_clear_error(&error);
    }
    ck_assert_int_eq(aqr_image_replace_check(path, &error), locks[_i].replaced);
    if (!locks[_i].replaced)
        ck_assert_error(error, AQR_ERROR_IMAGE);
    close(fd);
}
END_TEST

static const struct {
    const char *file; /* NULL: our directory */
    const char *says;
} refused[] = {
    { "/no/such/image", "is its name right" },
    { NULL, "Is a directory" },
    { "/proc/self/exe", "it cannot be written to: Text file busy" },
};

START_TEST(refuses)
{
    const char *file = refused[_i].file == NULL ? dir : refused[_i].file;
    g_autoptr(GError) error = NULL;

    ck_assert(!aqr_image_write_check(file, &error));
    ck_assert_msg(strstr(error->message, refused[_i].says) != NULL, "%s", error->message);
    ck_assert_error(error, AQR_ERROR_IMAGE);
    ck_assert(aqr_image_replace_check(file, NULL));
}
END_TEST

START_TEST(changes_nothing)
{
    g_autofree char *contents = NULL;

    ck_assert(aqr_image_write_check(path, NULL));
    ck_assert(g_file_get_contents(path, &contents, NULL, NULL));
    ck_assert_str_eq(contents, "image");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, knows_users, 0, G_N_ELEMENTS(locks));
    tcase_add_loop_test(tcase, refuses, 0, G_N_ELEMENTS(refused));
    tcase_add_test(tcase, changes_nothing);
}
