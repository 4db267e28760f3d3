/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is kept of a run, how much of it, and where it cannot be kept. */
#include "host/evidence.h"

#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

#define MIB (1 << 20)

static char *dir;
static GString *said;
static AqrEvidence *evidence;

static void
say(const char *text, gpointer data)
{
    g_string_append_printf(data, "%s\n", text);
}

static AqrEvidence *
new_evidence(const char *parent)
{
    return aqr_evidence_new(parent, say, said);
}

static void
set_up(void)
{
    dir = test_make_dir();
    said = g_string_new(NULL);
    evidence = new_evidence(dir);
}

static void
tear_down(void)
{
    aqr_evidence_free(evidence);
    g_string_free(said, TRUE);
    test_remove_dir(dir);
}

static void
tell(const char *name, const char *message)
{
    const AqrEvent event = { .name = name, .message = message };

    aqr_evidence_tell(evidence, &event);
}

static char *
read_kept(const char *name)
{
    g_autofree char *path = g_build_filename(dir, "testbed", name, NULL);
    char *text;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    return text;
}

static gboolean
is_there(const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gsize
size_of(const char *name)
{
    g_autofree char *path = g_build_filename(dir, "testbed", name, NULL);
    struct stat status;

    return stat(path, &status) == 0 ? (gsize)status.st_size : 0;
}

/* How many events the timeline has; it is JSON, whenever one looks. */
static guint
count_events(void)
{
    g_autofree char *text = read_kept("timeline.json");
    g_autoptr(JsonNode) parsed = json_from_string(text, NULL);

    ck_assert_msg(parsed != NULL && JSON_NODE_HOLDS_ARRAY(parsed), "%s", text);
    return json_array_get_length(json_node_get_array(parsed));
}

static void
log_console(const char *text, gsize length)
{
    aqr_evidence_log(evidence, AQR_EVIDENCE_CONSOLE, text, length);
}

/* --- what is kept ------------------------------------------------------ */

START_TEST(writes_nothing_before)
{
    tell("note", "early");
    log_console("early", 5);
    aqr_evidence_put(evidence, "gpus.json", "{}");
    aqr_evidence_flush(evidence);
    ck_assert(!is_there("testbed"));
    aqr_evidence_begin(evidence);
    aqr_evidence_begin(evidence);
    ck_assert(is_there("testbed/timeline.json"));
    ck_assert(!is_there("testbed/console.log"));
    ck_assert(!is_there("testbed.2"));
}
END_TEST

START_TEST(keeps_events)
{
    aqr_evidence_begin(evidence);
    for (guint i = 1; i <= 5; i++) {
        tell("open", i % 2 == 0 ? "a ]\n message" : NULL);
        ck_assert_uint_eq(count_events(), i);
    }
    aqr_evidence_warn(evidence, "gpu-trouble", "the GPU hung");
    ck_assert_uint_eq(count_events(), 6);
    ck_assert_str_eq(said->str, "the GPU hung\n");
}
END_TEST

START_TEST(tells_vms_apart)
{
    g_autofree char *text = NULL;
    const char *second;

    aqr_evidence_begin(evidence);
    aqr_evidence_begin_vm(evidence);
    log_console("a", 1);
    log_console("b\n", 2);
    aqr_evidence_begin_vm(evidence);
    aqr_evidence_begin_vm(evidence);
    log_console("c\n", 2);
    text = read_kept("console.log");
    second = strstr(text, "Z ===\nab\n\n=== VM 3, ");
    ck_assert_msg(g_str_has_prefix(text, "=== VM 1, 2") && second != NULL, "%s", text);
    ck_assert_msg(g_str_has_suffix(second, "Z ===\nc\n"), "%s", text);
}
END_TEST

START_TEST(replaces_files)
{
    g_autofree char *text = NULL;

    aqr_evidence_begin(evidence);
    aqr_evidence_put(evidence, "gpus.json", "long one");
    aqr_evidence_put(evidence, "gpus.json", "{}");
    text = read_kept("gpus.json");
    ck_assert_str_eq(text, "{}");
    ck_assert(!is_there("testbed/gpus.json.new"));
}
END_TEST

START_TEST(shares_directory)
{
    g_autoptr(AqrEvidence) other = new_evidence(dir);

    aqr_evidence_begin(evidence);
    aqr_evidence_begin(other);
    ck_assert(is_there("testbed/timeline.json"));
    ck_assert(is_there("testbed.2/timeline.json"));
}
END_TEST

START_TEST(makes_directory)
{
    g_autofree char *parent = g_build_filename(dir, "a", "b", NULL);
    g_autoptr(AqrEvidence) other = new_evidence(parent);

    aqr_evidence_begin(other);
    ck_assert(is_there("a/b/testbed/timeline.json"));
}
END_TEST

/* As where nobody asks for evidence. */
START_TEST(takes_none)
{
    const AqrEvent event = { .name = "open" };

    aqr_evidence_begin(NULL);
    aqr_evidence_begin_vm(NULL);
    aqr_evidence_tell(NULL, &event);
    aqr_evidence_warn(NULL, "gpu-trouble", "text");
    aqr_evidence_log(NULL, AQR_EVIDENCE_GUEST, "text", 4);
    aqr_evidence_put(NULL, "gpus.json", "{}");
    aqr_evidence_flush(NULL);
    ck_assert_uint_eq(aqr_evidence_dump_room(NULL), 0);
    ck_assert_uint_eq(aqr_evidence_get_vm(NULL), 0);
}
END_TEST

/* --- how much ---------------------------------------------------------- */

/* 64 KiB lines, each of which begins with its number. */
static void
log_much(AqrEvidenceLog which, int lines)
{
    g_autofree char *line = g_malloc(MIB / 16 + 1);

    for (int i = 0; i < lines; i++) {
        memset(line, 'x', MIB / 16);
        line[g_snprintf(line, 20, "%05d", i)] = 'x';
        line[MIB / 16 - 1] = '\n';
        aqr_evidence_log(evidence, which, line, MIB / 16);
    }
}

START_TEST(caps_logs)
{
    g_autofree char *text = NULL;

    aqr_evidence_begin(evidence);
    log_much(AQR_EVIDENCE_CONSOLE, 64);
    ck_assert_uint_eq(size_of("console.log"), MIB); /* the end is there when a VM ends */
    aqr_evidence_flush(evidence);
    log_much(AQR_EVIDENCE_CONSOLE, 100);
    aqr_evidence_flush(evidence);
    text = read_kept("console.log");
    ck_assert_ptr_nonnull(strstr(text, "00002x"));
    ck_assert_ptr_null(strstr(text, "00050x"));
    ck_assert_ptr_nonnull(strstr(text, "00099x"));
    ck_assert_ptr_nonnull(strstr(text, " bytes are left out here ...]\n"));
    ck_assert_uint_lt(strlen(text), 2 * MIB + 100);
}
END_TEST

START_TEST(caps_timeline)
{
    g_autofree char *message = g_strnfill(10000, 'x');

    aqr_evidence_begin(evidence);
    for (int i = 0; i < 1000; i++)
        tell("note", message);
    ck_assert_uint_gt(count_events(), 250);
    ck_assert_uint_lt(size_of("timeline.json"), MIB + 5000);
    ck_assert_str_eq(said->str, "");
}
END_TEST

START_TEST(caps_everything)
{
    g_autofree char *message = g_strnfill(2 * MIB, 'x');
    g_autoptr(GBytes) dump = g_bytes_new_take(g_malloc0(16 * MIB), 16 * MIB);
    g_autoptr(GBytes) small = g_bytes_new_static("dump", 4);
    gsize all = 0;

    aqr_evidence_begin(evidence);
    aqr_evidence_add_dump(evidence, small);
    aqr_evidence_add_dump(evidence, dump);
    aqr_evidence_add_dump(evidence, dump); /* too much by four bytes */
    ck_assert_uint_eq(aqr_evidence_dump_room(evidence), 16 * MIB - 4);
    ck_assert_uint_eq(size_of("guest-coredump-1"), 4);
    ck_assert_uint_eq(size_of("guest-coredump-2"), 16 * MIB);
    ck_assert_uint_eq(size_of("guest-coredump-3"), 0);
    aqr_evidence_put(evidence, "gpus.json", message);
    ck_assert_uint_eq(size_of("gpus.json"), 0);
    for (int i = 0; i < AQR_EVIDENCE_N_LOGS; i++)
        log_much((AqrEvidenceLog)i, 100);
    aqr_evidence_flush(evidence);
    all = size_of("console.log") + size_of("guest-kernel.log") + size_of("host-kernel.log");
    ck_assert_uint_gt(all, 5 * MIB);
    ck_assert_uint_lt(all, 5 * MIB + 1000);
}
END_TEST

/* --- where it cannot be kept ------------------------------------------- */

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
        aqr_evidence_warn(evidence, "gpu-trouble", "it is lost");
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

static const struct {
    const char *parent, *why;
} unusable[] = {
    { "file", "\": Not a directory" },
    { "file/below", "\": Not a directory" },
    { "link", "\": No such file or directory" },
};

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
    go_on();
    check_said_once("console.log\": No space left on device");
    ck_assert_uint_eq(count_events(), 2);
    ck_assert_uint_gt(size_of("console.log"), 100 << 10);
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
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, writes_nothing_before);
    tcase_add_test(tcase, keeps_events);
    tcase_add_test(tcase, tells_vms_apart);
    tcase_add_test(tcase, replaces_files);
    tcase_add_test(tcase, shares_directory);
    tcase_add_test(tcase, makes_directory);
    tcase_add_test(tcase, takes_none);
    tcase_add_test(tcase, caps_logs);
    tcase_add_test(tcase, caps_timeline);
    tcase_add_test(tcase, caps_everything);
    tcase_add_loop_test(tcase, stands_no_directory, 0, G_N_ELEMENTS(unusable));
    tcase_add_test(tcase, stands_a_read_only_disk);
    tcase_add_test(tcase, stands_a_full_disk);
    tcase_add_test(tcase, stands_a_timeline_that_does_not_fit);
}
