/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-hold.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/strike-note.h"
#include "gpu-asker.h"
#include "host/quarantine.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

/* --- the choice -------------------------------------------------------- */

START_TEST(leases_what_it_chooses)
{
    g_auto(Asker) asker = { 0 };
    AqrGpuHold *hold;

    asker_ask(&asker, "any", 0);
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert(aqr_lease_is_held(ONE, NULL));
    ck_assert(!aqr_lease_is_held(OTHER, NULL));
    asker_gets("any", OTHER ".0");
    asker_fails(ONE ".0", 0, AQR_ERROR_GPU,
                "no GPU is free: " ONE ".0: the GPU in slot " ONE " is in");
    aqr_gpu_hold_free(hold);
    ck_assert(!aqr_lease_is_held(ONE, NULL));
}
END_TEST

START_TEST(asks_for_none)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;

    asker_ask(&asker, "none", 0);
    asker.config.request.table = "/no/such/table";
    asker.config.keeper = "/no/such/keeper";
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert_uint_eq(aqr_gpu_hold_get_gpus(hold)->len, 0);
    aqr_gpu_hold_restore(hold);
    ck_assert(!g_file_test(asker_leases, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(names_those_refused)
{
    ck_assert(aqr_quarantine_set(ONE, "it smells", NULL));
    asker_gets("any", OTHER ".0");
    asker_fails(ONE ".0", 9, AQR_ERROR_GPU, "GPU " ONE ".0: is in quarantine: it smells;");
    ck_assert(aqr_quarantine_set(OTHER, "it smokes", NULL));
    asker_fails("any", 9, AQR_ERROR_HOST, "it smokes");
    asker_fails("any", 9, AQR_ERROR_HOST, "it smells");
}
END_TEST

START_TEST(passes_over_one_in_use)
{
    GPid pid;

    fake_gpu_write(&asker_host, "/dev/dri/renderD128", "");
    pid = fake_gpu_open(&asker_host, "/dev/dri/renderD128");
    asker_gets("any", OTHER ".0");
    asker_fails(ONE ".0", 0, AQR_ERROR_GPU, "which has /dev/dri/renderD128 open");
    lasting_child_end(pid);
    asker_gets("any", ONE ".0");
}
END_TEST

/* It is like one in quarantine: nobody gets it, waits for it, or fails for it. */
START_TEST(passes_over_an_unusable_lease)
{
    g_autofree char *path = g_build_filename(asker_leases, ONE, NULL);
    g_autoptr(AqrLease) taken = NULL;

    aqr_lease_free(asker_lease(OTHER));
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    asker_gets("any", OTHER ".0");
    asker_fails(ONE ".0", 9, AQR_ERROR_HOST, "it is no plain file; remove it");
    taken = asker_lease(OTHER);
    ck_assert_ptr_nonnull(taken);
    asker_fails("any", 0, AQR_ERROR_GPU,
                "it is no plain file; remove it; " OTHER ".0: the GPU in slot");
}
END_TEST

START_TEST(refuses_an_unsafe_directory)
{
    ck_assert_int_eq(g_mkdir(asker_leases, 0700), 0);
    ck_assert_int_eq(g_chmod(asker_leases, 0777), 0);
    asker_fails("any", 9, AQR_ERROR_HOST, "where users of GPUs meet, lets others remove");
}
END_TEST

START_TEST(leases_a_virtual_function_alone)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;

    fake_sysfs_free(asker_host.sysfs);
    asker_make_host("instinct-mi300x-vf");
    asker_ask(&asker, "any", 0);
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert(aqr_lease_is_held("0000:06:02.0", NULL));
    ck_assert(!aqr_lease_is_held("0000:06:02", NULL));
}
END_TEST

/* --- what rocm-qemu-gpus waits for ------------------------------------- */

/* The first thing that somebody hears who has to wait. */
static void
release_them(const char *text, gpointer data)
{
    g_string_append(data, text);
    ck_assert(aqr_quarantine_end(ONE, NULL));
}

START_TEST(waits_for_the_end_of_a_quarantine)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autoptr(AqrGpuHold) hold = NULL;
    g_auto(Asker) asker = { 0 };

    ck_assert(aqr_quarantine_set(ONE, "it smells", NULL));
    asker_ask(&asker, ONE ".0", 60);
    asker.config.request.mended_later = TRUE;
    asker.config.note = release_them;
    asker.config.data = notes;
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert(aqr_lease_is_held(ONE, NULL));
    ck_assert_ptr_nonnull(strstr(notes->str, "is in quarantine: it smells;"));
}
END_TEST

START_TEST(passes_over_a_quarantine_that_will_end)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    g_autofree char *address = NULL;

    ck_assert(aqr_quarantine_set(ONE, "it smells", NULL));
    asker_ask(&asker, "any", 0);
    asker.config.request.mended_later = TRUE;
    hold = asker_take(&asker);
    address = asker_address(hold);
    ck_assert_str_eq(address, OTHER ".0");
}
END_TEST

static void
plug_it_in(const char *text, gpointer data)
{
    g_string_append(data, text);
    fake_sysfs_free(asker_host.sysfs);
    asker_make_host("radeon-rx-6800-xt");
}

START_TEST(waits_for_one_that_is_not_there)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autoptr(AqrGpuHold) hold = NULL;
    g_auto(Asker) asker = { 0 };
    g_autofree char *address = NULL;

    asker_fails("gfx1030", 60, AQR_ERROR_GPU, "no GPU of this host is a gfx1030; there are");
    asker_ask(&asker, "gfx1030", 60);
    asker.config.wait_absent = TRUE;
    asker.config.request.forced = TRUE; /* it is this host's display */
    asker.config.note = plug_it_in;
    asker.config.data = notes;
    hold = asker_take(&asker);
    address = asker_address(hold);
    ck_assert_str_eq(address, "0000:03:00.0");
    ck_assert_ptr_nonnull(strstr(notes->str, "no GPU of this host is a gfx1030; there are"));
}
END_TEST

START_TEST(waits_so_long_for_one_that_is_not_there)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(GError) error = NULL;

    asker_ask(&asker, "gfx1030", 1);
    asker.config.wait_absent = TRUE;
    ck_assert_ptr_null(aqr_gpu_hold_take(&asker.config, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "after 1 s: no GPU of this host is a gfx1030"));
    ck_assert_error(error, AQR_ERROR_GPU);
}
END_TEST

static void
take_iommu(void)
{
    fake_gpu_remove(&asker_host, "/sys/kernel/iommu_groups/31/type");
    fake_gpu_remove(&asker_host, "/sys/kernel/iommu_groups/31");
}

static void
give_iommu(void)
{
    fake_gpu_write(&asker_host, "/sys/kernel/iommu_groups/31/type", "DMA\n");
}

static void
take_vfio(void)
{
    fake_gpu_remove(&asker_host, "/dev/vfio/vfio");
    fake_gpu_remove(&asker_host, "/sys/module/vfio_iommu_type1/initstate");
    fake_gpu_remove(&asker_host, "/sys/module/vfio_iommu_type1");
}

static void
give_vfio(void)
{
    fake_gpu_write(&asker_host, "/sys/module/vfio_iommu_type1/initstate", "live\n");
    fake_gpu_write(&asker_host, "/dev/vfio/vfio", "");
}

static void
open_leases(void)
{
    g_mkdir(asker_leases, 0700);
    ck_assert_int_eq(g_chmod(asker_leases, 0777), 0);
}

static void
close_leases(void)
{
    ck_assert_int_eq(g_chmod(asker_leases, 01777), 0);
}

/* What an operator has to mend. Without wait_absent it fails at once. */
static const struct {
    void (*spoil)(void);
    void (*mend)(void);
    const char *says;
} spoilt[] = {
    { take_iommu, give_iommu, "this host has no IOMMU that is switched on" },
    { take_vfio, give_vfio, "the kernel has no vfio_iommu_type1" },
    { open_leases, close_leases, "where users of GPUs meet, lets others remove" },
};

static int row;

static void
mend_it(const char *text, gpointer data)
{
    g_string_append(data, text);
    spoilt[row].mend();
}

START_TEST(waits_for_a_host_to_be_mended)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autoptr(AqrGpuHold) hold = NULL;
    g_auto(Asker) asker = { 0 };

    row = _i;
    spoilt[_i].spoil();
    asker_fails("any", 60, AQR_ERROR_HOST, spoilt[_i].says);
    asker_ask(&asker, "any", 60);
    asker.config.wait_absent = TRUE;
    asker.config.note = mend_it;
    asker.config.data = notes;
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert_msg(strstr(notes->str, spoilt[_i].says) != NULL, "%s", notes->str);
}
END_TEST

START_TEST(waits_so_long_for_a_host_to_be_mended)
{
    g_autoptr(GError) error = NULL;
    g_auto(Asker) asker = { 0 };

    spoilt[_i].spoil();
    asker_ask(&asker, "any", 1);
    asker.config.wait_absent = TRUE;
    ck_assert_ptr_null(aqr_gpu_hold_take(&asker.config, &error));
    ck_assert_msg(g_str_has_prefix(error->message, "no GPU is free after 1 s: ") &&
                      strstr(error->message, spoilt[_i].says) != NULL,
                  "%s", error->message);
    ck_assert_error(error, AQR_ERROR_GPU);
}
END_TEST

/* --- between the VMs, and after them ----------------------------------- */

START_TEST(looks_again_before_a_vm)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    g_autoptr(GError) error = NULL;
    GPid pid;

    asker_ask(&asker, ONE ".0", 0);
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    ck_assert(aqr_gpu_hold_check(hold, &error));
    fake_gpu_write(&asker_host, "/dev/dri/renderD128", "");
    pid = fake_gpu_open(&asker_host, "/dev/dri/renderD128");
    ck_assert(!aqr_gpu_hold_check(hold, &error));
    ck_assert_error(error, AQR_ERROR_GPU);
    lasting_child_end(pid);
    ck_assert(aqr_gpu_hold_check(hold, &error));
    ck_assert(aqr_quarantine_set(ONE, "it smells", NULL));
    ck_assert(!aqr_gpu_hold_check(hold, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "it smells"));
    ck_assert_error(error, AQR_ERROR_GPU);
}
END_TEST

/* --- in a guest -------------------------------------------------------- */

/* (transfer full): what a testbed that gets @word says when the one in the slot ONE has failed. */
static char *
fail_with(const char *word, GString *notes)
{
    g_autoptr(GPtrArray) failures = g_ptr_array_new();
    AqrGpuFailure failure = { (char *)ONE ".0", (char *)"no render node", FALSE };
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;

    asker_ask(&asker, word, 0);
    asker.config.data = notes;
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    g_ptr_array_add(failures, &failure);
    return aqr_gpu_hold_count(hold, failures);
}

static void
work(void)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;

    asker_ask(&asker, ONE ".0", 0);
    hold = asker_take(&asker);
    aqr_gpu_hold_forgive(hold);
}

/* The third in a row; the other one, which was well, is nobody's business. */
START_TEST(puts_what_fails_again_and_again_into_quarantine)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autofree char *said = NULL, *reason = NULL, *other = NULL;

    for (int i = 0; i < 2 * (AQR_STRIKE_LIMIT - 1); i++) {
        ck_assert_pstr_eq(fail_with(ONE ".0", notes), NULL);
        if (i == AQR_STRIKE_LIMIT - 2)
            work();
    }
    said = fail_with("all", notes);
    ck_assert_str_eq(said, "GPU " ONE ".0 is in quarantine now, as it has failed 3 times in a row; "
                           "when it is mended, rocm-qemu-gpus release " ONE ".0");
    ck_assert_str_eq(notes->str, "");
    reason = aqr_quarantine_reason(ONE);
    ck_assert_str_eq(reason, "3 failures in a row: no render node");
    other = aqr_quarantine_reason(OTHER);
    ck_assert_pstr_eq(other, NULL);
    asker_gets("any", OTHER ".0");
    ck_assert(aqr_quarantine_end(ONE, NULL));
    ck_assert_pstr_eq(fail_with(ONE ".0", notes), NULL); /* from the beginning */
}
END_TEST

/* One that cannot be counted is told of, and stays free. */
START_TEST(goes_on_where_it_cannot_count)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_autofree char *path = g_build_filename(asker_leases, ONE ".strikes", NULL);

    asker_gets(ONE ".0", ONE ".0");
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    for (int i = 0; i < AQR_STRIKE_LIMIT + 1; i++)
        ck_assert_pstr_eq(fail_with(ONE ".0", notes), NULL);
    ck_assert_ptr_nonnull(strstr(notes->str, ".strikes\": "));
    asker_gets(ONE ".0", ONE ".0");
}
END_TEST

static const char *const troubles[] = {
    "left to rocm-gpu-keeper: the VM could not be ended",
    "left to rocm-gpu-keeper: not all of the testbed's GPUs are as they were",
};

/* What was in use, and is no more, is given back after the next VM. */
START_TEST(has_no_trouble_that_is_over)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    GPid pid;

    asker_ask(&asker, ONE ".0", 0);
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    fake_gpu_write(&asker_host, "/dev/vfio/31", "");
    pid = fake_gpu_open(&asker_host, "/dev/vfio/31");
    aqr_gpu_hold_restore(hold);
    ck_assert_ptr_nonnull(aqr_gpu_hold_trouble(hold));
    lasting_child_end(pid);
    aqr_gpu_hold_restore(hold);
    ck_assert_pstr_eq(aqr_gpu_hold_trouble(hold), NULL);
}
END_TEST

/* A VM that has it still: the leases are the keeper's until it has gone. */
START_TEST(leaves_to_the_keeper_what_is_in_use)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_auto(Asker) asker = { 0 };
    AqrGpuHold *hold;
    GPid pid;

    asker_ask(&asker, ONE ".0", 0);
    asker.config.data = notes;
    hold = asker_take(&asker);
    ck_assert_ptr_nonnull(hold);
    fake_gpu_write(&asker_host, "/dev/vfio/31", "");
    pid = fake_gpu_open(&asker_host, "/dev/vfio/31");
    ck_assert_pstr_eq(aqr_gpu_hold_trouble(hold), NULL);
    if (_i == 0)
        aqr_gpu_hold_abandon(hold);
    aqr_gpu_hold_restore(hold);
    ck_assert_ptr_nonnull(strstr(aqr_gpu_hold_trouble(hold), troubles[_i]));
    ck_assert((strstr(notes->str, "which has /dev/vfio/31 open") != NULL) == (_i != 0));
    aqr_gpu_hold_free(hold);
    ck_assert(aqr_lease_is_held(ONE, NULL));
    lasting_child_end(pid);
    asker_wait_free();
}
END_TEST

/* --- an ordinary user -------------------------------------------------- */

static AqrGpuInventory *inventory;
static Asker user_asks;

static gboolean
plan(G_GNUC_UNUSED FakeGpu *tested, GError **error)
{
    g_autoptr(GPtrArray) gpus = aqr_gpu_request_plan(&user_asks.config.request, inventory, error);

    return gpus != NULL;
}

static gboolean
take_as_user(G_GNUC_UNUSED FakeGpu *tested, GError **error)
{
    g_autoptr(AqrGpuHold) hold = aqr_gpu_hold_take(&user_asks.config, error);

    return hold != NULL;
}

/* Somebody may bind it, or let him use libvirt's daemon: so it is like one that is absent. */
START_TEST(waits_for_what_the_user_may_not)
{
    static const char *const said[] = { "no GPU of this host can be had: 0000:",
                                        "no GPU is free "
                                        "after 1 s: no GPU of this host can be had: 0000:" };
    g_autofree char *why = NULL;

    ck_assert_int_eq(g_chmod(asker_dir, 0755), 0);
    ck_assert_int_eq(g_mkdir(asker_leases, 0755), 0);
    ck_assert_int_eq(g_chmod(asker_leases, 01777), 0);
    asker_ask(&user_asks, "any", 1);
    user_asks.config.request.own_qemu = TRUE;
    user_asks.config.request.mended_later = TRUE;
    user_asks.config.wait_absent = _i != 0;
    why = fake_gpu_as_nobody(&asker_host, take_as_user);
    ck_assert_msg(why != NULL && g_str_has_prefix(why, said[_i]), "%s", why);
    ck_assert_ptr_nonnull(strstr(why, "only root can bind it"));
    asker_clear(&user_asks);
}
END_TEST

/* libvirt's daemon binds it, and runs QEMU as another. */
START_TEST(judges_the_user_whose_qemu_it_is)
{
    g_autofree char *said = NULL;

    ck_assert_int_eq(g_chmod(asker_dir, 0755), 0);
    inventory = aqr_gpu_inventory_new(asker_table, NULL);
    asker_ask(&user_asks, "any", 0);
    user_asks.config.request.own_qemu = _i != 0;
    said = fake_gpu_as_nobody(&asker_host, plan);
    if (_i == 0)
        ck_assert_pstr_eq(said, NULL);
    else
        ck_assert_msg(said != NULL && strstr(said, "only root can bind it") != NULL, "%s", said);
    asker_clear(&user_asks);
    aqr_gpu_inventory_free(inventory);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, asker_set_up, asker_tear_down);
    tcase_add_test(tcase, leases_what_it_chooses);
    tcase_add_test(tcase, asks_for_none);
    tcase_add_test(tcase, names_those_refused);
    tcase_add_test(tcase, passes_over_one_in_use);
    tcase_add_test(tcase, passes_over_an_unusable_lease);
    tcase_add_test(tcase, refuses_an_unsafe_directory);
    tcase_add_test(tcase, leases_a_virtual_function_alone);
    tcase_add_test(tcase, waits_for_the_end_of_a_quarantine);
    tcase_add_test(tcase, passes_over_a_quarantine_that_will_end);
    tcase_add_test(tcase, waits_for_one_that_is_not_there);
    tcase_add_test(tcase, waits_so_long_for_one_that_is_not_there);
    tcase_add_loop_test(tcase, waits_for_a_host_to_be_mended, 0, G_N_ELEMENTS(spoilt));
    tcase_add_loop_test(tcase, waits_so_long_for_a_host_to_be_mended, 0, G_N_ELEMENTS(spoilt));
    tcase_add_test(tcase, looks_again_before_a_vm);
    tcase_add_test(tcase, puts_what_fails_again_and_again_into_quarantine);
    tcase_add_test(tcase, goes_on_where_it_cannot_count);
    tcase_add_test(tcase, has_no_trouble_that_is_over);
    tcase_add_loop_test(tcase, leaves_to_the_keeper_what_is_in_use, 0, G_N_ELEMENTS(troubles));
    tcase_add_loop_test(tcase, judges_the_user_whose_qemu_it_is, 0, 2);
    tcase_add_loop_test(tcase, waits_for_what_the_user_may_not, 0, 2);
}
