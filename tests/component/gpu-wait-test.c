/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Waiting for a guest's GPUs, through a real agent. The guest is a tree of files, and its
 * kernel's log a pipe. */
#include "host/gpu-wait.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent-link.h"
#include "gpu-tree.h"
#include "support/check-main.h"

#define A "amdgpu 0000:01:00.0: "
#define MISSING "4,712,5140900,-;" A "Direct firmware load for amdgpu/navi21_sos.bin failed\n"
#define FATAL "3,720,5200000,-;" A "amdgpu: Fatal error during GPU init\n SUBSYSTEM=pci\n"
#define ADDED "6,730,5300000,-;kfd kfd: amdgpu: added device 1002:73bf\n"

static char *root, *kmsg;
static int log_fd; /* keeps the pipe open at both ends; -1: there is no log */
static GString *notes;
static char *blamed; /* why the GPU is to blame; NULL: it is not */
static gint64 since;

static void
set_up_guest(void)
{
    g_autofree char *dev = NULL;

    set_up();
    root = g_build_filename(agent->dir, "root", NULL);
    kmsg = g_build_filename(root, "dev", "kmsg", NULL);
    dev = g_path_get_dirname(kmsg);
    ck_assert_int_eq(g_mkdir_with_parents(dev, 0755), 0);
    ck_assert_int_eq(mkfifo(kmsg, 0600), 0);
    log_fd = open(kmsg, O_RDWR | O_CLOEXEC);
    notes = g_string_new(NULL);
    since = g_get_monotonic_time();
}

static void
tear_down_guest(void)
{
    if (log_fd >= 0)
        close(log_fd);
    g_string_free(notes, TRUE);
    g_clear_pointer(&blamed, g_free);
    g_free(root);
    g_free(kmsg);
    tear_down();
}

/* A test may not give files to a group: they are for everybody. */
static void
make_guest(const char *tree)
{
    static const char *const nodes[] = { "dev/kfd", "dev/dri/renderD128" };

    gpu_tree_make(root, tree);
    for (gsize i = 0; i < G_N_ELEMENTS(nodes); i++) {
        g_autofree char *path = g_build_filename(root, nodes[i], NULL);

        if (g_file_test(path, G_FILE_TEST_EXISTS))
            ck_assert_int_eq(chmod(path, 0666), 0);
    }
}

static void
note(const char *text, gpointer data)
{
    ck_assert_ptr_eq(data, &notes);
    g_string_append_printf(notes, "%s\n", text);
}

static void
say(const char *records)
{
    ck_assert_int_eq(write(log_fd, records, strlen(records)), (ssize_t)strlen(records));
}

static void
keep_failure(GPtrArray *failures)
{
    g_autoptr(GPtrArray) kept = failures;
    const AqrGpuFailure *failure;

    if (kept == NULL || kept->len == 0)
        return;
    ck_assert_uint_eq(kept->len, 1);
    failure = kept->pdata[0];
    ck_assert_str_eq(failure->address, "0000:03:00.0");
    blamed = g_strdup(failure->why);
}

static gboolean
wait_for_gpu(gboolean plugged, gint64 timeout, const AqrStop *stop, GError **error)
{
    AqrPatience patience = aqr_patience(timeout, stop);
    g_autoptr(GPtrArray) expected = g_ptr_array_new();
    AqrGpuExpected gpu = { .device = 0x73bf, .gfx = (char *)"gfx1030" };
    AqrGpuDemand demand = { .expected = expected, .plugged = plugged, .root = root };
    AqrGpuNews news = { note, &notes, NULL, NULL };
    gboolean ready;

    gpu.address = (char *)"0000:03:00.0";
    g_ptr_array_add(expected, &gpu);
    demand.ready = AQR_GPU_READY_KFD;
    ready = aqr_gpu_wait(agent->link, &demand, &patience, &news, error);
    ck_assert(!ready || g_str_has_suffix(news.facts, "\nend"));
    g_free(news.facts);
    ck_assert(!ready || news.failures == NULL || news.failures->len == 0);
    keep_failure(news.failures);
    return ready;
}

/* --- at once ------------------------------------------------------------- */

static const struct {
    const char *tree;
    gboolean plugged;
    const char *log;   /* what was said before */
    const char *error; /* a pattern; NULL: ready */
    const char *note;  /* likewise; NULL: none */
} at_once[] = {
    { "rx-6800-xt", FALSE, "", NULL, NULL },
    { "rx-6800-xt", TRUE, MISSING, NULL, NULL },
    { "no-atomics", FALSE, "", NULL, "*has no PCIe atomics of 32 and 64 bit there*" },
    { "no-gpu", FALSE, "", "not ready: GPU 0000:03:00.0: its PCI function, 1002:73bf, is not *",
      NULL },
    { "cloud-kernel", TRUE, "", "not ready: *the kernel 6.12.57+deb13-cloud-amd64 has no amdgpu*",
      NULL },
    { "no-firmware", FALSE, MISSING,
      "not ready: *no driver took it, though amdgpu is loaded*; perhaps because firmware is "
      "missing: amdgpu/navi21_sos.bin; put firmware-amd-graphics into the image\n"
      "the guest's kernel said last:\n  " A "Direct firmware load for amdgpu/navi21_sos.bin "
      "failed",
      NULL },
    { "starting", TRUE, MISSING FATAL,
      "not ready: *it has a driver, amdgpu, but no render node; perhaps because firmware is "
      "missing: amdgpu/navi21_sos.bin; *\n  " A "Direct *\n  " A
      "amdgpu: Fatal error during GPU init",
      NULL },
    { "no-kfd-node", TRUE,
      "6,1,2,-;kfd kfd: amdgpu: skipped device 1002:73bf, PCI rejects atomics 730<0\n",
      "not ready: *; perhaps because KFD refuses it without PCIe atomics; *", NULL },
    /* a guest that fools with us: it stays one line, of characters that do no harm */
    { "starting", TRUE, "3,1,2,-;amdgpu \033[2J: Fatal error during GPU init\n",
      "*\n  amdgpu ?2J: Fatal error during GPU init", NULL },
};

START_TEST(answers_at_once)
{
    g_autoptr(GError) error = NULL;
    gboolean ready;

    make_guest(at_once[_i].tree);
    say(at_once[_i].log);
    ready = wait_for_gpu(at_once[_i].plugged, 0, NULL, &error);
    ck_assert_int_eq(ready, at_once[_i].error == NULL);
    if (!ready) {
        ck_assert_msg(g_pattern_match_simple(at_once[_i].error, error->message), "%s",
                      error->message);
        ck_assert_error(error, AQR_ERROR_GUEST);
    }
    ck_assert_msg(
        g_pattern_match_simple(at_once[_i].note == NULL ? "" : at_once[_i].note, notes->str), "%s",
        notes->str);
}
END_TEST

#define PROBED "3,721,5200100,-;" A "probe with driver amdgpu failed with error -22\n"
#define PSP "3,719,5100000,-;[drm:psp_hw_start [amdgpu]] *ERROR* PSP firmware loading failed\n"

static const struct {
    const char *tree; /* "+": with firmware */
    const char *log;
    const char *blamed; /* a pattern; NULL: it is the image's fault */
} faults[] = {
    { "no-gpu", "", "*its PCI function, 1002:73bf, is not in the guest, which has none of AMD's" },
    { "starting", PSP FATAL,
      "*it has a driver, amdgpu, but no render node; the guest's kernel said \"" A
      "amdgpu: Fatal error during GPU init\"" },
    { "no-firmware+", PSP FATAL PROBED,
      "*no driver took it, though amdgpu is loaded; the guest's kernel said \"" A
      "probe with driver amdgpu failed with error -22\"" },
    { "no-kfd-node", "6,1,2,-;kfd kfd: amdgpu: device 1002:73bf NOT added due to errors\n",
      "*NOT added due to errors\"" },
    { "no-firmware+", PSP, NULL }, /* no driver says that it has tried this one */
    { "starting", MISSING FATAL, NULL },
    { "starting", "6,1,2,-;kfd kfd: amdgpu: GC IP 0b0503  not supported in kfd\n", NULL },
    { "no-firmware", FATAL, NULL },
    { "cloud-kernel", "", NULL },
};

static void
add_firmware(void)
{
    g_autofree char *path = g_build_filename(root, "lib/firmware/amdgpu", NULL);
    g_autofree char *file = g_build_filename(path, "navi21_sos.bin", NULL);

    ck_assert_int_eq(g_mkdir_with_parents(path, 0755), 0);
    ck_assert(g_file_set_contents(file, "", 0, NULL));
}

START_TEST(tells_whose_fault_it_is)
{
    g_auto(GStrv) words = g_strsplit(faults[_i].tree, "+", 2);
    g_autoptr(GError) error = NULL;

    make_guest(words[0]);
    if (words[1] != NULL)
        add_firmware();
    say(faults[_i].log);
    ck_assert(!wait_for_gpu(FALSE, 0, NULL, &error));
    ck_assert_msg(blamed == NULL || faults[_i].blamed != NULL, "%s", blamed);
    ck_assert_msg(faults[_i].blamed == NULL ||
                      (blamed != NULL && g_pattern_match_simple(faults[_i].blamed, blamed)),
                  "%s: %s", blamed, error->message);
}
END_TEST

/* --- while it waits ------------------------------------------------------- */

static gboolean
get_ready(G_GNUC_UNUSED gpointer data)
{
    make_guest("rx-6800-xt");
    say(ADDED);
    return G_SOURCE_REMOVE;
}

START_TEST(sees_it_come)
{
    g_autoptr(GError) error = NULL;

    make_guest("starting");
    g_timeout_add(300, get_ready, NULL);
    wait_for_gpu(FALSE, 0, NULL, &error);
    ck_assert_no_error(error);
}
END_TEST

/* Another tree without a message: nobody looks, but at the end. */
static gboolean
get_ready_silently(G_GNUC_UNUSED gpointer data)
{
    make_guest("rx-6800-xt");
    return G_SOURCE_REMOVE;
}

START_TEST(looks_at_the_end)
{
    g_autoptr(GError) error = NULL;

    make_guest("starting");
    g_timeout_add(300, get_ready_silently, NULL);
    wait_for_gpu(FALSE, G_TIME_SPAN_SECOND, NULL, &error);
    ck_assert_no_error(error);
    ck_assert_int_ge(g_get_monotonic_time() - since, G_TIME_SPAN_SECOND);
}
END_TEST

START_TEST(gives_up)
{
    g_autoptr(GError) error = NULL;

    make_guest("starting");
    say("6,1,2,-;[drm] amdgpu kernel modesetting enabled.\n6,2,2,-;EXT4-fs (vda1): mounted\n");
    ck_assert(!wait_for_gpu(TRUE, G_TIME_SPAN_SECOND / 2, NULL, &error));
    ck_assert_msg(g_pattern_match_simple("not ready after 0.? s: *no render node\n*said last:\n"
                                         "  ?drm] amdgpu kernel modesetting enabled.",
                                         error->message),
                  "%s", error->message);
    ck_assert_error(error, AQR_ERROR_GUEST);
}
END_TEST

/* The last ten, once each. */
START_TEST(keeps_the_story_short)
{
    g_autoptr(GString) many = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    g_auto(GStrv) lines = NULL;

    make_guest("no-firmware");
    for (int i = 0; i < 300; i++)
        g_string_append_printf(many, "6,%d,2,-;amdgpu: step %d\n", i, i / 2);
    g_string_append_printf(many, "6,300,2,-;amdgpu: %01000d\n", 0);
    say(many->str);
    ck_assert(!wait_for_gpu(FALSE, 0, NULL, &error));
    lines = g_strsplit(error->message, "\n", -1);
    ck_assert_uint_eq(g_strv_length(lines), 12);
    ck_assert_str_eq(lines[2], "  amdgpu: step 141");
    ck_assert_str_eq(lines[10], "  amdgpu: step 149");
    ck_assert_uint_eq(strlen(lines[11]), 302);
}
END_TEST

/* --- the log --------------------------------------------------------------- */

static gboolean
hang_up(G_GNUC_UNUSED gpointer data)
{
    close(log_fd);
    log_fd = -1;
    return G_SOURCE_REMOVE;
}

/* It has been opened anew, and begins with what was there before. */
static gboolean
reopen(G_GNUC_UNUSED gpointer data)
{
    log_fd = open(kmsg, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (log_fd < 0)
        return G_SOURCE_CONTINUE;
    say(MISSING);
    get_ready(NULL);
    return G_SOURCE_REMOVE;
}

START_TEST(opens_the_log_again)
{
    g_autoptr(GError) error = NULL;

    make_guest("starting");
    say(MISSING);
    g_timeout_add(200, hang_up, NULL);
    g_timeout_add(400, reopen, NULL);
    wait_for_gpu(TRUE, 0, NULL, &error);
    ck_assert_no_error(error);
    ck_assert_str_eq(notes->str, "");
}
END_TEST

START_TEST(goes_on_without_a_log)
{
    g_autoptr(GError) error = NULL;

    make_guest("starting");
    hang_up(NULL);
    ck_assert_int_eq(unlink(kmsg), 0);
    ck_assert(!wait_for_gpu(TRUE, G_TIME_SPAN_SECOND / 2, NULL, &error));
    ck_assert_error(error, AQR_ERROR_GUEST);
    ck_assert(g_str_has_prefix(notes->str, "the guest's kernel log cannot be read; "));
    ck_assert(!g_file_test(kmsg, G_FILE_TEST_EXISTS));
}
END_TEST

static gboolean
is_unread(G_GNUC_UNUSED gpointer data)
{
    int fd = open(kmsg, O_WRONLY | O_NONBLOCK | O_CLOEXEC);

    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == ENXIO;
}

START_TEST(stops_reading)
{
    g_autoptr(GError) error = NULL;

    make_guest("rx-6800-xt");
    wait_for_gpu(FALSE, 0, NULL, &error);
    ck_assert_no_error(error);
    hang_up(NULL);
    wait_until(is_unread, NULL);
}
END_TEST

/* --- cut short --------------------------------------------------------------- */

static gboolean
kill_agent(G_GNUC_UNUSED gpointer data)
{
    kill(agent->agent, SIGKILL);
    agent->killed = TRUE;
    return G_SOURCE_REMOVE;
}

START_TEST(notices_a_lost_guest)
{
    g_autoptr(GError) error = NULL;

    make_guest("starting");
    say(MISSING);
    g_timeout_add(300, kill_agent, NULL);
    ck_assert(!wait_for_gpu(TRUE, 0, NULL, &error));
    ck_assert_pstr_eq(blamed, NULL);
    ck_assert_msg(g_pattern_match_simple(
                      "the guest was lost while its GPUs were waited for; *\n  " A "Direct *",
                      error->message),
                  "%s", error->message);
    ck_assert_error(error, AQR_ERROR_GUEST);
}
END_TEST

static gboolean
request_stop(gpointer stop)
{
    aqr_stop_request(stop, "the caller has gone");
    return G_SOURCE_REMOVE;
}

START_TEST(stops_when_told)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);

    ck_assert_no_error(error);
    make_guest("starting");
    g_timeout_add(300, request_stop, stop);
    ck_assert(!wait_for_gpu(TRUE, 0, stop, &error));
    ck_assert_error(error, AQR_ERROR_STOPPED);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_guest, tear_down_guest);
    tcase_add_loop_test(tcase, answers_at_once, 0, G_N_ELEMENTS(at_once));
    tcase_add_loop_test(tcase, tells_whose_fault_it_is, 0, G_N_ELEMENTS(faults));
    tcase_add_test(tcase, sees_it_come);
    tcase_add_test(tcase, looks_at_the_end);
    tcase_add_test(tcase, gives_up);
    tcase_add_test(tcase, keeps_the_story_short);
    tcase_add_test(tcase, opens_the_log_again);
    tcase_add_test(tcase, goes_on_without_a_log);
    tcase_add_test(tcase, stops_reading);
    tcase_add_test(tcase, notices_a_lost_guest);
    tcase_add_test(tcase, stops_when_told);
}
