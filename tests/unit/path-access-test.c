/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/path-access.h"

#include "support/check-main.h"

#define QEMU 64055
static const guint32 groups[] = { 106, 64055 };

static const struct {
    guint32 user;
    AqrPathOwner owner;
    AqrPathNeed need;
    gboolean allowed;
} rows[] = {
    /* a home directory of Debian's, and of others */
    { QEMU, { 1000, 1000, 040700, FALSE }, AQR_PATH_SEARCH, FALSE },
    { QEMU, { 1000, 1000, 040750, FALSE }, AQR_PATH_SEARCH, FALSE },
    { QEMU, { 1000, 1000, 040711, FALSE }, AQR_PATH_SEARCH, TRUE },
    { QEMU, { 1000, 1000, 040755, FALSE }, AQR_PATH_SEARCH, TRUE },
    { QEMU, { 1000, 1000, 040744, FALSE }, AQR_PATH_SEARCH, FALSE },
    /* images */
    { QEMU, { 1000, 1000, 0100644, FALSE }, AQR_PATH_READ, TRUE },
    { QEMU, { 1000, 1000, 0100600, FALSE }, AQR_PATH_READ, FALSE },
    { QEMU, { 1000, 1000, 0100640, FALSE }, AQR_PATH_READ, FALSE },
    { QEMU, { 1000, 106, 0100640, FALSE }, AQR_PATH_READ, TRUE },
    { QEMU, { 1000, 106, 0100600, FALSE }, AQR_PATH_READ, FALSE },
    /* only one of the three counts */
    { QEMU, { 1000, 106, 0100604, FALSE }, AQR_PATH_READ, FALSE },
    { QEMU, { QEMU, 106, 0100044, FALSE }, AQR_PATH_READ, FALSE },
    { QEMU, { QEMU, 106, 0100400, FALSE }, AQR_PATH_READ, TRUE },
    /* an ACL may say anything of others, but not of the owner */
    { QEMU, { 1000, 1000, 040700, TRUE }, AQR_PATH_SEARCH, TRUE },
    { QEMU, { QEMU, 1000, 040070, TRUE }, AQR_PATH_SEARCH, FALSE },
    { 0, { 1000, 1000, 040000, FALSE }, AQR_PATH_SEARCH, TRUE },
};

START_TEST(allows)
{
    AqrPathUser user = { .uid = rows[_i].user, .gids = groups, .n_gids = G_N_ELEMENTS(groups) };

    ck_assert_int_eq(aqr_path_access_allows(&user, &rows[_i].owner, rows[_i].need),
                     rows[_i].allowed);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, allows, 0, G_N_ELEMENTS(rows));
}
