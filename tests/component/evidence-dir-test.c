/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is kept of a run, and how much of it. */
#include <string.h>

#include "kept-evidence.h"
#include "support/check-main.h"

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
    g_autofree char *much = g_strnfill(MIB + 1, 'x');
    g_autofree char *text = NULL;

    aqr_evidence_begin(evidence);
    aqr_evidence_put(evidence, "gpus.json", "long one");
    aqr_evidence_put(evidence, "gpus.json", "{}");
    text = read_kept("gpus.json");
    ck_assert_str_eq(text, "{}");
    ck_assert(!is_there("testbed/gpus.json.new"));
    aqr_evidence_put(evidence, "gpus.json", much);
    ck_assert(!is_there("testbed/gpus.json"));
    ck_assert_str_eq(said->str, "");
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

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_evidence, tear_down_evidence);
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
}
