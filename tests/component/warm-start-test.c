/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is chosen, and what becomes of what failed, with libvirt's test driver and files that no
 * QEMU will ever read. */
#include "host/warm-start.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/qemu-args.h"
#include "support/check-main.h"
#include "support/data.h"

#define OVERLAY "/nowhere/overlay.qcow2"
#define STATE "the devices"
#define RAM_MIB 4
#define GPU "0000:03:00.0"
#define OTHER_GPU "0000:04:00.0"

static char *dir, *warm_dir;
static AqrVmSpec *spec;
static virConnectPtr connection;
static GBytes *agent;
static GString *noted;
static AqrWarmConfig config;
static AqrWarmStart *warm;

static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    g_string_append_printf(noted, "%s\n", text);
}

static void
set_up(void)
{
    g_autofree char *image = NULL, *log = NULL;

    dir = test_make_dir();
    warm_dir = g_build_filename(dir, "warm", NULL);
    image = g_build_filename(dir, "image", NULL);
    log = g_build_filename(dir, "libvirt.log", NULL);
    ck_assert(g_file_set_contents(image, "an image", -1, NULL));
    aqr_libvirt_init(log);
    connection = virConnectOpen("test:///default");
    ck_assert_ptr_nonnull(connection);
    spec = aqr_vm_spec_new();
    spec->name = g_strdup("a-name");
    spec->overlay = g_strdup(OVERLAY);
    spec->socket_dir = g_strdup("/nowhere");
    spec->ram_mib = RAM_MIB;
    g_ptr_array_add(spec->disks, aqr_disk_new(image, "qcow2"));
    agent = g_bytes_new_static("agent", 5);
    noted = g_string_new(NULL);
    config = (AqrWarmConfig){
        .mode = AQR_WARM_AUTO,
        .dir = warm_dir,
        .limit = (guint64)1 << 30,
        .wait = 50 * G_TIME_SPAN_MILLISECOND,
        .note = note,
    };
    warm = aqr_warm_start_new(&config, spec, connection, agent);
}

static void
tear_down(void)
{
    aqr_warm_start_free(warm);
    aqr_vm_spec_free(spec);
    g_bytes_unref(agent);
    g_string_free(noted, TRUE);
    virConnectClose(connection);
    g_free(warm_dir);
    test_remove_dir(dir);
}

/* --- what is asked for and expected ------------------------------------ */

static void
expect_choice(AqrWarmUse most, const char *gpus, AqrWarmUse wanted, const char *words)
{
    g_autoptr(GError) error = NULL;

    g_string_truncate(noted, 0);
    ck_assert(aqr_warm_start_choose(warm, most, gpus, &error));
    ck_assert_no_error(error);
    ck_assert_msg(spec->warm.use == wanted, "%d, not %d: %s", spec->warm.use, wanted, noted->str);
    if (words == NULL)
        ck_assert_str_eq(noted->str, "");
    else
        ck_assert_msg(strstr(noted->str, words) != NULL, "%s", noted->str);
}

/* With --warm=on. */
static void
expect_failure(AqrWarmUse most, const char *gpus, const char *words)
{
    g_autoptr(GError) error = NULL;

    config.mode = AQR_WARM_ON;
    g_string_truncate(noted, 0);
    ck_assert(!aqr_warm_start_choose(warm, most, gpus, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error->message, words) != NULL, "%s", error->message);
    ck_assert_int_eq(spec->warm.use, AQR_WARM_NONE);
    ck_assert_str_eq(spec->overlay, OVERLAY);
    config.mode = AQR_WARM_AUTO;
}

/* Has one that can be restored; its VM is to be started. */
static void
save(void)
{
    g_autoptr(GBytes) state = g_bytes_new_static(STATE, strlen(STATE));
    g_autoptr(GError) error = NULL;

    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_SAVE, NULL);
    ck_assert(g_file_set_contents(spec->overlay, "a disk", -1, &error));
    ck_assert(aqr_warm_start_publish(warm, state, &error));
    ck_assert_no_error(error);
    ck_assert_int_eq(spec->warm.use, AQR_WARM_NONE);
    ck_assert_str_eq(spec->overlay, OVERLAY);
}

static guint
count_files(void)
{
    g_autoptr(GDir) list = g_dir_open(warm_dir, 0, NULL);
    guint n = 0;

    while (list != NULL && g_dir_read_name(list) != NULL)
        n++;
    return n;
}

static GError *
some_error(void)
{
    return g_error_new_literal(AQR_ERROR, AQR_ERROR_GUEST, "it does not work");
}

/* --- the tests --------------------------------------------------------- */

START_TEST(saves_then_restores)
{
    g_autoptr(GBytes) state = g_bytes_new_static(STATE, strlen(STATE));

    save();
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_RESTORE, NULL);
    ck_assert(g_bytes_equal(aqr_warm_start_state(warm), state));
    ck_assert(g_file_test(spec->warm.memory, G_FILE_TEST_IS_REGULAR));
    ck_assert(g_file_test(spec->warm.disk, G_FILE_TEST_IS_REGULAR));
    ck_assert_str_eq(spec->overlay, OVERLAY);
    expect_choice(AQR_WARM_RESTORE, GPU, AQR_WARM_RESTORE, NULL);
    expect_choice(AQR_WARM_NONE, NULL, AQR_WARM_NONE, NULL);
}
END_TEST

START_TEST(leaves_nothing_of_one_that_was_not_saved)
{
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_SAVE, NULL);
    ck_assert(g_str_has_prefix(spec->overlay, warm_dir));
    ck_assert_uint_gt(count_files(), 0);
    expect_choice(AQR_WARM_NONE, NULL, AQR_WARM_NONE, NULL);
    ck_assert_str_eq(spec->overlay, OVERLAY);
    ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(is_off)
{
    config.mode = AQR_WARM_OFF;
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_NONE, NULL);
    ck_assert(!g_file_test(warm_dir, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(says_what_prevents_it)
{
    ck_assert(g_file_set_contents(warm_dir, "no directory", -1, NULL));
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_NONE, "--warm=off");
    expect_failure(AQR_WARM_SAVE, NULL, "no directory");
}
END_TEST

START_TEST(says_that_it_has_gone)
{
    expect_choice(AQR_WARM_RESTORE, NULL, AQR_WARM_NONE, "the saved VM has gone");
    expect_failure(AQR_WARM_RESTORE, NULL, "the saved VM has gone");
}
END_TEST

START_TEST(does_not_save_what_nobody_knows)
{
    spec->qemu_args = aqr_qemu_args_split("-drive file=/data.qcow2");
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_NONE, "\"-drive\" of --qemu-options");
    expect_failure(AQR_WARM_SAVE, NULL, "\"-drive\" of --qemu-options");
}
END_TEST

/* Only what is to blame is not used again. */
START_TEST(drops_what_is_to_blame)
{
    g_autoptr(GError) why = some_error();
    gboolean drop = _i;

    save();
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_RESTORE, NULL);
    ck_assert(aqr_warm_start_reject(warm, drop, why, NULL));
    ck_assert_str_eq(noted->str, "it does not work\n");
    ck_assert_int_eq(spec->warm.use, AQR_WARM_NONE);
    expect_choice(AQR_WARM_SAVE, NULL, drop ? AQR_WARM_SAVE : AQR_WARM_RESTORE, NULL);
}
END_TEST

START_TEST(fails_of_it_where_nothing_less_will_do)
{
    g_autoptr(GError) why = some_error();
    g_autoptr(GError) error = NULL;

    save();
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_RESTORE, NULL);
    config.mode = AQR_WARM_ON;
    ck_assert(!aqr_warm_start_reject(warm, TRUE, why, &error));
    ck_assert_str_eq(error->message, "it does not work");
    ck_assert_str_eq(noted->str, "");
}
END_TEST

START_TEST(remembers_what_cannot_be_saved)
{
    g_autoptr(GError) why = some_error();

    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_SAVE, NULL);
    ck_assert(aqr_warm_start_refuse(warm, why, NULL));
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_NONE, "it does not work");
    expect_failure(AQR_WARM_SAVE, NULL, "it does not work");
    spec->ram_mib++; /* another VM may do */
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_SAVE, NULL);
}
END_TEST

/* That GPU, and the saved VM is there for others. */
START_TEST(distrusts_a_gpu)
{
    save();
    expect_choice(AQR_WARM_SAVE, GPU, AQR_WARM_RESTORE, NULL);
    expect_choice(AQR_WARM_NONE, GPU, AQR_WARM_NONE, NULL);
    aqr_warm_start_distrust(warm, GPU, "it did not come");
    expect_choice(AQR_WARM_SAVE, GPU, AQR_WARM_NONE, "it did not come");
    expect_failure(AQR_WARM_SAVE, GPU, "it did not come");
    expect_choice(AQR_WARM_SAVE, OTHER_GPU, AQR_WARM_RESTORE, NULL);
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_RESTORE, NULL);
}
END_TEST

START_TEST(waits_for_who_saves_it)
{
    AqrWarmStart *first = aqr_warm_start_new(&config, spec, connection, agent);

    ck_assert(aqr_warm_start_choose(first, AQR_WARM_SAVE, NULL, NULL));
    ck_assert_int_eq(spec->warm.use, AQR_WARM_SAVE);
    aqr_vm_warm_clear(&spec->warm);
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_NONE, "waiting for another testbed");
    ck_assert_ptr_nonnull(strstr(noted->str, "the testbed is not warm: gave up waiting"));
    expect_failure(AQR_WARM_SAVE, NULL, "gave up waiting");
    aqr_warm_start_free(first);
    expect_choice(AQR_WARM_SAVE, NULL, AQR_WARM_SAVE, NULL);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, saves_then_restores);
    tcase_add_test(tcase, leaves_nothing_of_one_that_was_not_saved);
    tcase_add_test(tcase, is_off);
    tcase_add_test(tcase, says_what_prevents_it);
    tcase_add_test(tcase, says_that_it_has_gone);
    tcase_add_test(tcase, does_not_save_what_nobody_knows);
    tcase_add_loop_test(tcase, drops_what_is_to_blame, 0, 2);
    tcase_add_test(tcase, fails_of_it_where_nothing_less_will_do);
    tcase_add_test(tcase, remembers_what_cannot_be_saved);
    tcase_add_test(tcase, distrusts_a_gpu);
    tcase_add_test(tcase, waits_for_who_saves_it);
}
