/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image-check.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "support/check-main.h"

#define CLUSTER 512u

static char *dir, *path;

static void
set_up(void)
{
    dir = g_dir_make_tmp("aqr-image-check-XXXXXX", NULL);
    path = g_build_filename(dir, "image", NULL);
}

static void
tear_down(void)
{
    g_remove(path);
    g_rmdir(dir);
    g_free(path);
    g_free(dir);
}

/* --- kinds ----------------------------------------------------------------- */

static const struct {
    mode_t mode; /* 0: nothing is there */
    gboolean taken;
} kinds[] = {
    { 0, FALSE },
    { S_IFREG | 0600, TRUE },
    { S_IFIFO | 0600, FALSE },
    { S_IFSOCK | 0600, FALSE },
    { S_IFDIR | 0700, FALSE },
};

START_TEST(knows_kind)
{
    g_autoptr(GError) error = NULL;

    if (S_ISDIR(kinds[_i].mode))
        ck_assert_int_eq(g_mkdir(path, 0700), 0);
    else if (kinds[_i].mode != 0)
        ck_assert_int_eq(mknod(path, kinds[_i].mode, 0), 0);
    ck_assert_int_eq(aqr_image_check_kind(path, &error), kinds[_i].taken);
    if (!kinds[_i].taken)
        ck_assert_error(error, AQR_ERROR_IMAGE);
}
END_TEST

/* --- qcow2 ------------------------------------------------------------------ */

static void
put(guint8 *bytes, guint64 number, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        bytes[i] = (guint8)(number >> 8 * (n - 1 - i));
}

/* Clusters of 512 bytes: the header, the table, two blocks of 256 counts; and what
 * the second block says is in use. */
static void
make_qcow(unsigned last_used, gsize length)
{
    guint8 bytes[4 * CLUSTER] = { 'Q', 'F', 'I', 0xfb };

    put(bytes + 4, 3, 4);
    put(bytes + 20, 9, 4);
    put(bytes + 48, CLUSTER, 8);
    put(bytes + 56, 1, 4);
    put(bytes + 96, 4, 4);
    put(bytes + CLUSTER, 2 * CLUSTER, 8);
    put(bytes + CLUSTER + 8, 3 * CLUSTER, 8);
    put(bytes + 2 * CLUSTER, 1, 2);
    if (last_used >= 256)
        put(bytes + 3 * CLUSTER + 2 * (last_used - 256), 1, 2);
    else
        put(bytes + 2 * CLUSTER + 2 * last_used, 1, 2);
    ck_assert(g_file_set_contents(path, (char *)bytes, (gssize)MIN(length, sizeof bytes), NULL));
    ck_assert_int_eq(truncate(path, (off_t)length), 0);
}

static const struct {
    gsize length;
    unsigned last_used;
    gboolean whole;
} qcows[] = {
    /* the last one need not be whole */
    { 301 * CLUSTER, 300, TRUE },
    { 300 * CLUSTER + 1, 300, TRUE },
    { 300 * CLUSTER, 300, FALSE },
    { 150 * CLUSTER, 300, FALSE },
    { 4 * CLUSTER, 300, FALSE },
    { 1000 * CLUSTER, 300, TRUE },
    /* nothing in the second block, which is cut then */
    { 4 * CLUSTER, 3, TRUE },
    { 4 * CLUSTER - 1, 3, FALSE },
    /* so is the table */
    { CLUSTER + 8, 300, FALSE },
};

START_TEST(knows_whole_qcow)
{
    g_autoptr(AqrDisk) top = aqr_disk_new("/no/such/file", "qcow2");
    g_autoptr(GError) error = NULL;

    make_qcow(qcows[_i].last_used, qcows[_i].length);
    top->backing = aqr_disk_new(path, "qcow2");
    ck_assert_int_eq(aqr_image_check_whole(top, &error), qcows[_i].whole);
    if (qcows[_i].whole)
        return;
    ck_assert_ptr_nonnull(error);
    ck_assert_ptr_nonnull(strstr(error->message, path));
    ck_assert_error(error, AQR_ERROR_IMAGE);
}
END_TEST

/* --- raw ---------------------------------------------------------------------- */

static const struct {
    const char *format;
    gsize length;
    gboolean whole;
    guint8 sectors; /* of a partition that starts at the first */
} raws[] = {
    { "raw", 100 * 512, TRUE, 99 }, { "raw", 100 * 512 - 1, FALSE, 99 },
    { "raw", 512, FALSE, 99 },      { "raw", 511, TRUE, 99 }, /* no table at all */
    { "raw", 512, TRUE, 0 },        { "vmdk", 512, TRUE, 99 },
};

START_TEST(knows_whole_raw)
{
    g_autoptr(AqrDisk) disk = aqr_disk_new(path, raws[_i].format);
    g_autoptr(GError) error = NULL;
    guint8 sector[512] = { 0 };

    sector[446 + 4] = 0x83;
    sector[446 + 8] = 1;
    sector[446 + 12] = raws[_i].sectors;
    sector[510] = 0x55;
    sector[511] = 0xaa;
    ck_assert(g_file_set_contents(path, (char *)sector, sizeof sector, NULL));
    ck_assert_int_eq(truncate(path, (off_t)raws[_i].length), 0);
    ck_assert_int_eq(aqr_image_check_whole(disk, &error), raws[_i].whole);
    if (!raws[_i].whole)
        ck_assert_error(error, AQR_ERROR_IMAGE);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, knows_kind, 0, G_N_ELEMENTS(kinds));
    tcase_add_loop_test(tcase, knows_whole_qcow, 0, G_N_ELEMENTS(qcows));
    tcase_add_loop_test(tcase, knows_whole_raw, 0, G_N_ELEMENTS(raws));
}
