/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Where evidence cannot be kept, from the beginning or any more. */
#include <glib/gstdio.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "kept-evidence.h"
#include "support/check-main.h"

/* Whatever is done then is harmless, and nothing more is said. */
static void
go_on(void)
{
    g_autoptr(GBytes) dump = g_bytes_new_static("dump", 4);

    for (int i = 0; i < 3; i++) {
        tell("open", NULL);
        aqr_evidence_begin_vm(evidence);
        log_much(AQR_EVIDENCE_CONSOLE, 20);
        aqr_evidence_put(evidence, "gpus.json", "{}");
        aqr_evidence_add_dump(evidence, dump);
        aqr_evidence_flush(evidence);
    }
}

static void
check_said_once(const char *why)
{
    const char *warning = "no evidence of this run is kept from here on: ";

    ck_assert_msg(g_str_has_prefix(said->str, warning), "%s", said->str);
    ck_assert_msg(strstr(said->str, why) != NULL, "%s", said->str);
    ck_assert_ptr_eq(strchr(said->str, '\n'), said->str + said->len - 1);
}

static void
put_in_the_way(const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    ck_assert_int_eq(g_mkdir(path, 0755), 0);
}

static const struct {
    const char *parent, *why;
} unusable[] = {
    { "file", "\": Not a directory" },
    { "file/below", "\": Not a directory" },
    { "link", "\": No such file or directory" },
};

static const char *const in_the_way[] = { "testbed/console.log", "testbed/gpus.json.new" };

/* The user wants nothing kept, or it can be no longer: a directory is where a file is to be. */
START_TEST(warns_all_the_same)
{
    aqr_evidence_free(evidence);
    evidence = new_evidence(_i == 0 ? NULL : dir);
    aqr_evidence_begin(evidence);
    ck_assert_int_eq(aqr_evidence_is_kept(evidence), _i != 0);
    if (_i != 0) {
        put_in_the_way("testbed/console.log");
        log_console("text", 4);
        check_said_once("console.log\": File exists");
        g_string_truncate(said, 0);
    }
    ck_assert(!aqr_evidence_is_kept(evidence));
    aqr_evidence_warn(evidence, "gpu-trouble", "it is lost");
    ck_assert_str_eq(said->str, "it is lost\n");
    ck_assert_int_eq(is_there("testbed"), _i != 0);
}
END_TEST

/* Whoever reads it later must not take it for how they were at the end. */
START_TEST(leaves_no_word_of_gpus)
{
    aqr_evidence_begin(evidence);
    aqr_evidence_put(evidence, AQR_EVIDENCE_GPUS, "before the first VM");
    aqr_evidence_put(evidence, "guest-firmware.txt", "that of the first VM");
    ck_assert(is_there("testbed/gpus.json"));
    put_in_the_way(in_the_way[_i]);
    log_console("text", 4);
    aqr_evidence_put(evidence, AQR_EVIDENCE_GPUS, "after VM 1");
    check_said_once("File exists");
    ck_assert(!is_there("testbed/gpus.json"));
    ck_assert(is_there("testbed/guest-firmware.txt"));
    ck_assert_uint_eq(count_events(), 0);
}
END_TEST

START_TEST(stands_no_directory)
{
    g_autofree char *file = g_build_filename(dir, "file", NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *parent = g_build_filename(dir, unusable[_i].parent, NULL);

    ck_assert(g_file_set_contents(file, "", 0, NULL));
    ck_assert_int_eq(symlink("/no/such/place", link), 0);
    aqr_evidence_free(evidence);
    evidence = new_evidence(parent);
    aqr_evidence_begin(evidence);
    go_on();
    check_said_once(unusable[_i].why);
}
END_TEST

/* In a mount namespace of this test's process; only root can have one. */
static gboolean
mount_at_dir(unsigned long flags, const char *options)
{
    if (geteuid() != 0 || unshare(CLONE_NEWNS) < 0)
        return FALSE;
    ck_assert_int_eq(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    ck_assert_int_eq(mount("none", dir, "tmpfs", flags, options), 0);
    return TRUE;
}

static void
unmount(void)
{
    g_clear_pointer(&evidence, aqr_evidence_free); /* its files are open */
    ck_assert_int_eq(umount2(dir, MNT_DETACH), 0);
}

START_TEST(stands_a_read_only_disk)
{
    if (!mount_at_dir(MS_RDONLY, "mode=0755"))
        return;
    aqr_evidence_begin(evidence);
    go_on();
    check_said_once("Read-only file system");
    unmount();
}
END_TEST

/* What was written before stays, and the timeline is one still. */
START_TEST(stands_a_full_disk)
{
    if (!mount_at_dir(0, "size=300k,mode=0755"))
        return;
    aqr_evidence_begin(evidence);
    tell("open", "before");
    aqr_evidence_put(evidence, AQR_EVIDENCE_GPUS, "before the first VM");
    go_on();
    check_said_once("console.log\": No space left on device");
    ck_assert_uint_eq(count_events(), 2);
    ck_assert_uint_gt(size_of("console.log"), 100 << 10);
    ck_assert(!is_there("testbed/gpus.json"));
    unmount();
}
END_TEST

/* Each page of a tmpfs that is full is the last one that fits somewhere. */
START_TEST(stands_a_timeline_that_does_not_fit)
{
    g_autofree char *message = g_strnfill(3000, 'x');
    guint kept = 0;

    if (!mount_at_dir(0, "size=64k,mode=0755"))
        return;
    aqr_evidence_begin(evidence);
    while (said->len == 0) {
        kept = count_events();
        ck_assert_uint_lt(kept, 30);
        tell("note", message);
    }
    check_said_once("timeline.json\": No space left on device");
    ck_assert_uint_gt(kept, 10);
    ck_assert_uint_eq(count_events(), kept);
    unmount();
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_evidence, tear_down_evidence);
    tcase_add_loop_test(tcase, warns_all_the_same, 0, 2);
    tcase_add_loop_test(tcase, leaves_no_word_of_gpus, 0, G_N_ELEMENTS(in_the_way));
    tcase_add_loop_test(tcase, stands_no_directory, 0, G_N_ELEMENTS(unusable));
    tcase_add_test(tcase, stands_a_read_only_disk);
    tcase_add_test(tcase, stands_a_full_disk);
    tcase_add_test(tcase, stands_a_timeline_that_does_not_fit);
}
