/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "draft.h"

#include <glib/gstdio.h>

#include "support/check-main.h"

/* The mode of an image, and that of what a VM has of its draft: who makes it may be no root, and
 * QEMU somebody else. */
static const struct {
    mode_t image, shown;
} modes[] = {
    { 0444, 0644 }, { 0400, 0600 }, { 0440, 0640 }, { 0664, 0664 }, { 0600, 0600 },
};

START_TEST(shows)
{
    g_autofree char *dir = g_dir_make_tmp("aqr-create-draft-XXXXXX", NULL);
    g_autofree char *image = g_build_filename(dir, "x.img", NULL);
    g_autoptr(CreateDraft) draft = NULL;
    g_autoptr(GError) error = NULL;
    GStatBuf status;

    ck_assert(g_file_set_contents(image, "old", -1, NULL));
    ck_assert_int_eq(g_chmod(image, modes[_i].image), 0);
    draft = create_draft_new(image, &error);
    ck_assert_no_error(error);
    ck_assert(g_file_set_contents(create_draft_overlay(draft), "new", -1, NULL));
    ck_assert(create_draft_show(draft, &error));
    ck_assert_int_eq(g_stat(create_draft_overlay(draft), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, modes[_i].shown);
    g_clear_pointer(&draft, create_draft_free);
    ck_assert_int_eq(g_unlink(image), 0);
    ck_assert_int_eq(g_rmdir(dir), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, shows, 0, G_N_ELEMENTS(modes));
}
