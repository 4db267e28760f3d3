/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a guest tells at its end, through an agent. Its sys is a directory of the test's, its dmesg
 * a script. */
#include "host/evidence-guest.h"

#include <glib/gstdio.h>
#include <string.h>

#include "agent-link.h"
#include "support/check-main.h"
#include "support/data.h"

#define HANG "[   61.5] amdgpu 0000:01:00.0: amdgpu: GPU reset begin!"
#define SAYS "the GPU hung, as the guest's kernel says: " HANG "\n"
#define LOST "[   63.1] amdgpu 0000:01:00.0: amdgpu: device lost from bus!"
#define SAYS_LOST "the GPU was lost, as the guest's kernel says: " LOST "\n"
#define AMDGPU "root/sys/bus/pci/drivers/amdgpu/0000:01:00.0"
#define DUMPS "root/sys/class/devcoredump"

static char *dir, *root;
static GString *said;
static AqrEvidence *evidence;

static void
say(const char *text, gpointer data)
{
    g_string_append_printf(data, "%s\n", text);
}

static void
put(const char *name, const char *text, gsize length)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    ck_assert_int_eq(g_mkdir_with_parents(parent, 0755), 0);
    ck_assert(g_file_set_contents(path, text, (gssize)length, NULL));
}

/* @script: a line of sh. */
static void
put_program(const char *name, const char *script)
{
    g_autofree char *text = g_strconcat("#!/bin/sh\n", script, "\n", NULL);
    g_autofree char *path = g_build_filename(dir, name, NULL);

    put(name, text, strlen(text));
    ck_assert_int_eq(g_chmod(path, 0755), 0);
}

static void
put_dmesg(const char *script)
{
    put_program("bin/dmesg", script);
}

/* What the agent runs has its environment. */
static void
set_up_guest(void)
{
    g_autofree char *path = NULL, *kept = NULL;

    dir = test_make_dir();
    root = g_build_filename(dir, "root", NULL);
    kept = g_build_filename(dir, "kept", NULL);
    path = g_strconcat(dir, "/bin:", g_getenv("PATH"), NULL);
    g_setenv("PATH", path, TRUE);
    set_up();
    said = g_string_new(NULL);
    evidence = aqr_evidence_new(kept, say, said);
    aqr_evidence_begin(evidence);
    aqr_evidence_begin_vm(evidence);
}

static void
tear_down_guest(void)
{
    aqr_evidence_free(evidence);
    g_string_free(said, TRUE);
    tear_down();
    g_free(root);
    test_remove_dir(dir);
}

/* NULL: it is not there. */
static char *
read_kept(const char *name, gsize *length)
{
    g_autofree char *path = g_build_filename(dir, "kept", "testbed", name, NULL);
    char *text = NULL;

    *length = 0;
    g_file_get_contents(path, &text, length, NULL);
    return text;
}

static void
gather(void)
{
    aqr_evidence_guest_gather(evidence, agent->link, root);
    aqr_evidence_flush(evidence);
}

/* --- the kernel's log -------------------------------------------------- */

static const struct {
    const char *dmesg;
    const char *log;  /* how it ends; NULL: there is none */
    const char *said; /* how it begins; "": nothing is said */
} rows[] = {
    { "echo '[    0.0] Linux version 6.1'", "Z ===\n[    0.0] Linux version 6.1\n", "" },
    { "echo a; echo '" HANG "'; echo b; echo '" HANG "'", "\nb\n" HANG "\n", SAYS },
    { "echo '" HANG "'; echo '" LOST "'", HANG "\n" LOST "\n", SAYS SAYS_LOST },
    { "printf '" HANG "\\033[31m\\377 %01000d\\n' 1", "0001\n",
      "the GPU hung, as the guest's kernel says: " HANG "[31m\xef\xbf\xbd 000" },
    { "echo lost; exit 1", "lost\n", "" },
    { "exit 0", NULL, "" },
    { "yes '" HANG "' | head -n 50000", "GPU reset begin!\n", SAYS },
    { "head -c 3000000 /dev/zero", NULL, "" },
};

START_TEST(keeps_log)
{
    g_autofree char *log = NULL;
    gsize length;

    put_dmesg(rows[_i].dmesg);
    gather();
    log = read_kept("guest-kernel.log", &length);
    if (rows[_i].log == NULL)
        ck_assert_pstr_eq(log, NULL);
    else
        ck_assert_msg(log != NULL && g_str_has_suffix(log, rows[_i].log), "%.500s", log);
    ck_assert_uint_lt(length, 530000);
    ck_assert_msg(g_str_has_prefix(said->str, rows[_i].said), "%s", said->str);
    ck_assert_uint_lt(said->len, 700);
    ck_assert_int_eq(said->len == 0, *rows[_i].said == '\0');
}
END_TEST

/* Nobody keeps anything, or the disk is full: here a directory is where the log is to be. */
START_TEST(says_what_nobody_keeps)
{
    g_autofree char *in_the_way = g_build_filename(dir, "kept/testbed/guest-kernel.log", NULL);

    if (_i == 0) {
        aqr_evidence_free(evidence);
        evidence = aqr_evidence_new(NULL, say, said);
    } else {
        ck_assert_int_eq(g_mkdir(in_the_way, 0755), 0);
    }
    put_dmesg("echo '" HANG "'; echo '" LOST "'");
    put(DUMPS "/devcd1/data", "a\0b", 3);
    gather();
    ck_assert_msg(g_str_has_suffix(said->str, SAYS SAYS_LOST), "%s", said->str);
    ck_assert_int_eq(said->len == strlen(SAYS SAYS_LOST), _i == 0);
}
END_TEST

/* A guest that hangs is not waited for for long, nor is one that is lost. */
START_TEST(gives_up)
{
    g_autofree char *timeline = NULL;
    gint64 start = g_get_monotonic_time();
    gsize length;

    put_dmesg("exec sleep 60");
    gather();
    ck_assert_int_ge(g_get_monotonic_time() - start, 4 * G_TIME_SPAN_SECOND);
    ck_assert_int_lt(g_get_monotonic_time() - start, 9 * G_TIME_SPAN_SECOND);
    timeline = read_kept("timeline.json", &length);
    ck_assert_ptr_nonnull(strstr(timeline, "\"event\": \"guest-log\""));
    ck_assert_str_eq(said->str, "");
}
END_TEST

START_TEST(stands_a_lost_guest)
{
    g_autofree char *timeline = NULL;
    gsize length;

    aqr_guest_link_drop(agent->link);
    gather();
    timeline = read_kept("timeline.json", &length);
    ck_assert_ptr_nonnull(strstr(timeline, "the guest was lost"));
}
END_TEST

/* --- GPUs -------------------------------------------------------------- */

START_TEST(keeps_versions)
{
    g_autofree char *text = NULL, *log = NULL;
    gsize length;

    put_dmesg("echo a message");
    put(AMDGPU "/vbios_version", "113-D4120500-101\n", 17);
    put(AMDGPU "/fw_version/mec_fw_version", "0x00000061\n", 11);
    gather();
    text = read_kept("guest-firmware.txt", &length);
    ck_assert_ptr_nonnull(strstr(text, AMDGPU "/vbios_version:113-D4120500-101\n"));
    ck_assert_ptr_nonnull(strstr(text, AMDGPU "/fw_version/mec_fw_version:0x00000061"));
    log = read_kept("guest-kernel.log", &length);
    ck_assert(g_str_has_suffix(log, "Z ===\na message\n"));
}
END_TEST

#define KEPT "the guest's kernel has dumped a device's state\n"

/* What is said of one, and told, is "NAME" is not kept: WHY. */
static void
check_not_kept(const char *name, const char *why)
{
    g_autofree char *what = g_strdup_printf("/devcd%s/data\" is not kept: %s", name, why);
    g_autofree char *timeline = NULL, *told = g_strescape(what, NULL);
    gsize length;

    ck_assert_msg(strstr(said->str, what) != NULL, "%s", said->str);
    timeline = read_kept("timeline.json", &length);
    ck_assert_msg(strstr(timeline, told) != NULL, "%s", timeline);
}

START_TEST(keeps_dumps)
{
    g_autofree char *much = g_malloc0((16 << 20) + 1);
    g_autofree char *first = NULL, *second = NULL, *third = NULL;
    gsize length;

    put_dmesg("exit 0");
    put(DUMPS "/devcd1/data", "a\0b", 3);
    put(DUMPS "/devcd2/data", much, (16 << 20) + 1);
    put(DUMPS "/devcd3/data", "", 0);
    put(DUMPS "/devcd4/data", much, 16 << 20);
    gather();
    first = read_kept("guest-coredump-1", &length);
    ck_assert_uint_eq(length, 3);
    ck_assert_int_eq(memcmp(first, "a\0b", 3), 0);
    second = read_kept("guest-coredump-2", &length);
    ck_assert_uint_eq(length, 16 << 20);
    ck_assert_int_eq(memcmp(second, much, length), 0);
    third = read_kept("guest-coredump-3", &length);
    ck_assert_ptr_null(third);
    ck_assert(g_str_has_prefix(said->str, KEPT) && g_str_has_suffix(said->str, "bytes\n" KEPT));
    check_not_kept("2", "it has more than 16777216 bytes");
}
END_TEST

/* What head, of one dump, does; why that one is not kept. The next one's has no time left. */
static const struct {
    const char *head, *why, *next;
} cuts[] = {
    { "printf abc; exec sleep 60", "gave up waiting for head after", "gave up waiting for head" },
    { "printf abc; exit 1", "head ended with status 1 in the guest", "head ended with" },
    { "exec cat /dev/zero", "it has more than 16777216 bytes", "it has more than" },
};

START_TEST(keeps_no_part_of_a_dump)
{
    g_autofree char *first = NULL;
    gint64 start = g_get_monotonic_time();
    gsize length;

    put_dmesg("exit 0");
    put_program("bin/head", cuts[_i].head);
    put(DUMPS "/devcd1/data", "abcdef", 6);
    put(DUMPS "/devcd2/data", "abcdef", 6);
    gather();
    ck_assert_int_lt(g_get_monotonic_time() - start, 9 * G_TIME_SPAN_SECOND);
    first = read_kept("guest-coredump-1", &length);
    ck_assert_ptr_null(first);
    check_not_kept("1", cuts[_i].why);
    check_not_kept("2", cuts[_i].next);
}
END_TEST

START_TEST(keeps_not_too_many_dumps)
{
    g_autofree char *last = NULL, *none = NULL;
    gsize length;

    put_dmesg("exit 0");
    for (int i = 1; i <= 9; i++) {
        g_autofree char *name = g_strdup_printf(DUMPS "/devcd%d/data", i);

        put(name, "a", 1);
    }
    gather();
    last = read_kept("guest-coredump-8", &length);
    ck_assert_pstr_eq(last, "a");
    none = read_kept("guest-coredump-9", &length);
    ck_assert_ptr_null(none);
    ck_assert_msg(strstr(said->str, "devcd9/data\" is not kept: there are too many\n"), "%s",
                  said->str);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_guest, tear_down_guest);
    tcase_add_loop_test(tcase, keeps_log, 0, G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, says_what_nobody_keeps, 0, 2);
    tcase_add_test(tcase, gives_up);
    tcase_add_test(tcase, stands_a_lost_guest);
    tcase_add_test(tcase, keeps_versions);
    tcase_add_test(tcase, keeps_dumps);
    tcase_add_loop_test(tcase, keeps_no_part_of_a_dump, 0, G_N_ELEMENTS(cuts));
    tcase_add_test(tcase, keeps_not_too_many_dumps);
}
