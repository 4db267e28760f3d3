/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image.h"

#include <glib/gstdio.h>
#include <string.h>

#include "support/check-main.h"
#include "support/data.h"

static char *bin;

static void
set_up(void)
{
    g_autofree char *program = NULL, *path = NULL;

    bin = test_make_dir();
    program = g_build_filename(bin, "qemu-img", NULL);
    path = g_strconcat(bin, ":", g_getenv("PATH"), NULL);
    g_setenv("PATH", path, TRUE);
    ck_assert(g_file_set_contents(
        program, "#!/bin/sh\necho 'qemu-img: No space left on device' >&2\nexit 1\n", -1, NULL));
    ck_assert_int_eq(g_chmod(program, 0755), 0);
}

static void
tear_down(void)
{
    test_remove_dir(g_steal_pointer(&bin));
}

/* Only in a directory of a process' own it need not be that disk. */
static const struct {
    const char *file;
    const char *advice;
} rows[] = {
    { "/tmp/aqr-AbCdEf/overlay.qcow2",
      "; make room there, or choose another directory by TMPDIR, or by --overlay-dir where there "
      "is such an option" },
    { "/srv/.sid.img.new/overlay", "; make room there" },
    { "/srv/aqr/sid.img", "; make room there" },
};

START_TEST(advises_on_a_full_disk)
{
    const AqrPatience patience = aqr_patience(0, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert(!aqr_image_make_overlay(rows[_i].file, "/base", "qcow2", &patience, &error));
    ck_assert(g_str_has_suffix(error->message, rows[_i].advice));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(!aqr_image_copy("/overlay", rows[_i].file, "qcow2", &patience, &error));
    ck_assert(g_str_has_suffix(error->message, rows[_i].advice));
    ck_assert_ptr_nonnull(strstr(error->message, rows[_i].file));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, advises_on_a_full_disk, 0, G_N_ELEMENTS(rows));
}
