/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm-place.h"

#include "base/error.h"
#include "support/check-main.h"
#include "support/data.h"

static char *dir;

START_TEST(is_made_once)
{
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *work = NULL, *store = NULL;

    ck_assert(aqr_vm_place_make(place, dir, FALSE, &error));
    ck_assert_no_error(error);
    work = g_strdup(aqr_vm_place_get_work(place));
    store = g_strdup(aqr_vm_place_get_store(place));
    ck_assert(g_str_has_prefix(store, dir));
    ck_assert_str_ne(work, store);
    ck_assert(aqr_vm_place_make(place, "/elsewhere", FALSE, &error));
    ck_assert_str_eq(aqr_vm_place_get_work(place), work);
    ck_assert_str_eq(aqr_vm_place_get_store(place), store);
    g_clear_pointer(&place, aqr_vm_place_free);
    ck_assert(!g_file_test(work, G_FILE_TEST_EXISTS));
    ck_assert(!g_file_test(store, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(may_be_one_directory)
{
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();
    g_autoptr(GError) error = NULL;

    ck_assert(aqr_vm_place_make(place, g_get_tmp_dir(), FALSE, &error));
    ck_assert_str_eq(aqr_vm_place_get_work(place), aqr_vm_place_get_store(place));
    ck_assert_int_ge(aqr_vm_place_get_locks(place)[0], 0);
    ck_assert_int_eq(aqr_vm_place_get_locks(place)[1], -1);
}
END_TEST

START_TEST(may_not_be_made)
{
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();
    g_autoptr(GError) error = NULL;

    ck_assert(!aqr_vm_place_make(place, "/nowhere", FALSE, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

START_TEST(may_never_be_made)
{
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();

    ck_assert_ptr_null(aqr_vm_place_get_work(place));
    ck_assert_int_eq(aqr_vm_place_get_locks(place)[0], -1);
}
END_TEST

static void
set_up(void)
{
    dir = test_make_dir();
}

static void
tear_down(void)
{
    test_remove_dir(dir);
}

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, is_made_once);
    tcase_add_test(tcase, may_be_one_directory);
    tcase_add_test(tcase, may_not_be_made);
    tcase_add_test(tcase, may_never_be_made);
}
