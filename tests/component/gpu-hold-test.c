/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Two GPUs of a fixture, with leases, processes and a keeper that are real. */
#include "host/gpu-hold.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-gpu.h"
#include "host/lease.h"
#include "host/quarantine.h"
#include "support/check-main.h"
#include "support/data.h"

#define ONE "0000:21:00"
#define OTHER "0000:61:00"
#define ROUNDS 5

static FakeGpu fake; /* its sysfs alone */
static char *dir;
static char *leases_dir;
static char *table;

static void
make_host(const char *fixture)
{
    fake.sysfs = fake_sysfs_new(fixture);
    fake_gpu_write(&fake, "/sys/kernel/iommu_groups/31/type", "DMA\n");
    fake_gpu_write(&fake, "/sys/bus/pci/drivers/vfio-pci/new_id", "");
    fake_gpu_write(&fake, "/sys/module/vfio_iommu_type1/initstate", "live\n");
    fake_gpu_write(&fake, "/dev/vfio/vfio", "");
}

static void
set_up(void)
{
    g_autofree char *given = test_data_path("../data/amdgpu-gfx.tsv");
    g_autofree char *text = NULL;

    dir = test_make_dir();
    leases_dir = g_build_filename(dir, "leases", NULL);
    table = g_build_filename(dir, "table", NULL);
    ck_assert(g_file_get_contents(given, &text, NULL, NULL));
    ck_assert(g_file_set_contents(table, text, -1, NULL));
    g_setenv("AQR_LEASE_DIR", leases_dir, TRUE);
    g_set_prgname("gpu-hold-test");
    signal(SIGPIPE, SIG_IGN);
    make_host("instinct-mi210");
}

static void
tear_down(void)
{
    fake_sysfs_free(fake.sysfs);
    test_remove_dir(dir);
    g_free(leases_dir);
    g_free(table);
}

/* --- to ask for some --------------------------------------------------- */

static void
keep_notes(const char *text, gpointer data)
{
    if (data != NULL)
        g_string_append_printf(data, "%s\n", text);
}

typedef struct {
    GPtrArray *selectors;
    AqrGpuHoldConfig config;
} Asked;

static void
ask(Asked *asked, const char *word, int wait)
{
    const char *words[] = { word, NULL };

    asked->selectors = aqr_gpu_selectors_parse(words, NULL);
    ck_assert_ptr_nonnull(asked->selectors);
    asked->config = (AqrGpuHoldConfig){
        .request = { .selectors = asked->selectors, .ram_mib = 1024, .table = table },
        .wait = wait * G_TIME_SPAN_SECOND,
        .purpose = "a test",
        .keeper = g_getenv("AQR_TEST_KEEPER"),
        .note = keep_notes,
    };
}

static void
clear(Asked *asked)
{
    g_ptr_array_unref(asked->selectors);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, clear)

/* (transfer full): the address of the only one. */
static char *
address_of(const AqrGpuHold *hold)
{
    const GPtrArray *gpus = aqr_gpu_hold_get_gpus(hold);

    ck_assert_uint_eq(gpus->len, 1);
    return aqr_gpu_address(g_ptr_array_index(gpus, 0));
}

static AqrGpuHold *
take(const Asked *asked)
{
    g_autoptr(GError) error = NULL;
    AqrGpuHold *hold = aqr_gpu_hold_take(&asked->config, &error);

    ck_assert_no_error(error);
    return hold;
}

static void
gets(const char *word, const char *wanted)
{
    g_auto(Asked) asked = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    g_autofree char *address = NULL;

    ask(&asked, word, 0);
    hold = take(&asked);
    address = address_of(hold);
    ck_assert_str_eq(address, wanted);
}

static void
fails(const char *word, int wait, int code, const char *says)
{
    g_auto(Asked) asked = { 0 };
    g_autoptr(GError) error = NULL;

    ask(&asked, word, wait);
    ck_assert_ptr_null(aqr_gpu_hold_take(&asked.config, &error));
    ck_assert_msg(strstr(error->message, says) != NULL, "%s", error->message);
    ck_assert_error(error, code);
}

static AqrLease *
lease(const char *slot)
{
    AqrLease *taken = aqr_lease_take(slot, "another", NULL);

    ck_assert_ptr_nonnull(taken);
    return taken;
}

/* --- the choice -------------------------------------------------------- */

START_TEST(leases_what_it_chooses)
{
    g_auto(Asked) asked = { 0 };
    AqrGpuHold *hold;

    ask(&asked, "any", 0);
    hold = take(&asked);
    ck_assert(aqr_lease_is_held(ONE, NULL));
    ck_assert(!aqr_lease_is_held(OTHER, NULL));
    gets("any", OTHER ".0");
    fails(ONE ".0", 0, AQR_ERROR_GPU, "no GPU is free: " ONE ".0: the GPU in slot " ONE " is in");
    aqr_gpu_hold_free(hold);
    ck_assert(!aqr_lease_is_held(ONE, NULL));
}
END_TEST

START_TEST(asks_for_none)
{
    g_auto(Asked) asked = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;

    ask(&asked, "none", 0);
    asked.config.request.table = "/no/such/table";
    asked.config.keeper = "/no/such/keeper";
    hold = take(&asked);
    ck_assert_uint_eq(aqr_gpu_hold_get_gpus(hold)->len, 0);
    aqr_gpu_hold_restore(hold);
    ck_assert(!g_file_test(leases_dir, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(names_those_refused)
{
    ck_assert(aqr_quarantine_set(ONE, "it smells", NULL));
    gets("any", OTHER ".0");
    fails(ONE ".0", 9, AQR_ERROR_GPU, "GPU " ONE ".0: is in quarantine: it smells;");
    ck_assert(aqr_quarantine_set(OTHER, "it smokes", NULL));
    fails("any", 9, AQR_ERROR_HOST, "it smokes");
    fails("any", 9, AQR_ERROR_HOST, "it smells");
}
END_TEST

START_TEST(passes_over_one_in_use)
{
    GPid pid;

    fake_gpu_write(&fake, "/dev/dri/renderD128", "");
    pid = fake_gpu_open(&fake, "/dev/dri/renderD128");
    gets("any", OTHER ".0");
    fails(ONE ".0", 0, AQR_ERROR_GPU, "which has /dev/dri/renderD128 open");
    fake_gpu_end(pid);
    gets("any", ONE ".0");
}
END_TEST

/* It is like one in quarantine: nobody gets it, waits for it, or fails for it. */
START_TEST(passes_over_an_unusable_lease)
{
    g_autofree char *path = g_build_filename(leases_dir, ONE, NULL);
    g_autoptr(AqrLease) taken = NULL;

    aqr_lease_free(lease(OTHER));
    ck_assert_int_eq(g_mkdir(path, 0700), 0);
    gets("any", OTHER ".0");
    fails(ONE ".0", 9, AQR_ERROR_HOST, "it is no plain file; remove it");
    taken = lease(OTHER);
    fails("any", 0, AQR_ERROR_GPU, "it is no plain file; remove it; " OTHER ".0: the GPU in slot");
}
END_TEST

START_TEST(refuses_an_unsafe_directory)
{
    ck_assert_int_eq(g_mkdir(leases_dir, 0700), 0);
    ck_assert_int_eq(g_chmod(leases_dir, 0777), 0);
    fails("any", 9, AQR_ERROR_HOST, "where users of GPUs meet, lets others remove");
}
END_TEST

START_TEST(leases_a_virtual_function_alone)
{
    g_auto(Asked) asked = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;

    fake_sysfs_free(fake.sysfs);
    make_host("instinct-mi300x-vf");
    ask(&asked, "any", 0);
    hold = take(&asked);
    ck_assert(aqr_lease_is_held("0000:06:02.0", NULL));
    ck_assert(!aqr_lease_is_held("0000:06:02", NULL));
}
END_TEST

/* --- several at once --------------------------------------------------- */

/* Takes any when @go is closed, tells its address on @tell, and has it till it is killed. */
static void
take_any(int go, int tell)
{
    g_auto(Asked) asked = { 0 };
    g_autofree char *address = NULL;
    AqrGpuHold *hold;
    char byte;

    ask(&asked, "any", 0);
    if (read(go, &byte, 1) != 0)
        _exit(1);
    hold = aqr_gpu_hold_take(&asked.config, NULL);
    if (hold == NULL)
        _exit(2);
    address = address_of(hold);
    if (write(tell, address, strlen(address)) != (ssize_t)strlen(address))
        _exit(3);
    close(tell);
    while (read(go, &byte, 1) == 0)
        pause();
    _exit(4);
}

typedef struct {
    GPid pid;
    int tell;
} Taker;

static Taker
start_taker(const int *go)
{
    Taker taker;
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    taker.pid = fork();
    if (taker.pid == 0) {
        close(go[1]);
        take_any(go[0], fds[1]);
    }
    close(fds[1]);
    taker.tell = fds[0];
    return taker;
}

/* (transfer full): what it got. */
static char *
read_taker(const Taker *taker)
{
    char text[64] = "";

    ck_assert_int_gt(read(taker->tell, text, sizeof text - 1), 0);
    close(taker->tell);
    return g_strdup(text);
}

static gboolean
are_free(G_GNUC_UNUSED gpointer data)
{
    return !aqr_lease_is_held(ONE, NULL) && !aqr_lease_is_held(OTHER, NULL);
}

static void
wake(G_GNUC_UNUSED gpointer data)
{
}

/* The test's time-out ends a wait for what does not come. */
static void
wait_free(void)
{
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(wake, NULL, NULL);
    AqrPatience patience = aqr_patience(0, NULL);

    ck_assert(aqr_wait_until(are_free, NULL, "the leases", &patience, NULL));
}

START_TEST(two_at_once_get_one_each)
{
    g_autofree char *one = NULL, *other = NULL;
    Taker first, second;
    int go[2];

    ck_assert_int_eq(pipe2(go, O_CLOEXEC), 0);
    first = start_taker(go);
    second = start_taker(go);
    close(go[1]);
    one = read_taker(&first);
    other = read_taker(&second);
    ck_assert_str_ne(one, other);
    fake_gpu_end(first.pid);
    fake_gpu_end(second.pid);
    close(go[0]);
    wait_free();
}
END_TEST

/* --- waiting ----------------------------------------------------------- */

/* How often the file @fd watches was opened; an equal event would be dropped, so their
 * closing is told, too. */
static guint
count_opened(int fd)
{
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    guint n = 0;
    ssize_t got;

    while ((got = read(fd, events, sizeof events)) > 0) {
        const struct inotify_event *event = NULL;

        for (char *at = events; at < events + got; at += sizeof *event + event->len) {
            event = (gpointer)at;
            n += (event->mask & IN_OPEN) != 0;
        }
    }
    return n;
}

/* Each look reads the table. One before the watch, one with it, and what a slow machine's
 * alarm adds. */
START_TEST(is_not_woken_by_itself)
{
    g_autoptr(AqrLease) taken = lease(ONE);
    int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    guint n;

    ck_assert_int_ge(inotify_add_watch(fd, table, IN_OPEN | IN_CLOSE), 0);
    fails(ONE ".0", 1, AQR_ERROR_GPU, "no GPU is free after 1 s: " ONE ".0: the GPU in slot");
    n = count_opened(fd);
    close(fd);
    ck_assert_uint_ge(n, 2);
    ck_assert_uint_le(n, 3);
}
END_TEST

static gboolean
give_back(gpointer data)
{
    g_clear_pointer((AqrLease **)data, aqr_lease_free);
    return G_SOURCE_REMOVE;
}

/* When it has been looked at once more, as it is watched. */
static void
give_back_later(const char *text, gpointer data)
{
    ck_assert_msg(g_str_has_prefix(text, "waiting for a GPU: " ONE ".0: the GPU in slot"), "%s",
                  text);
    g_idle_add(give_back, data);
}

START_TEST(gets_what_is_given_back)
{
    gint64 before = g_get_monotonic_time();
    g_auto(Asked) asked = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    AqrLease *taken = lease(ONE);

    ask(&asked, ONE ".0", 20);
    asked.config.note = give_back_later;
    asked.config.data = &taken;
    hold = take(&asked);
    ck_assert_ptr_null(taken);
    ck_assert_int_lt(g_get_monotonic_time() - before, 4 * G_TIME_SPAN_SECOND);
}
END_TEST

/* --- between the VMs, and after them ----------------------------------- */

START_TEST(looks_again_before_a_vm)
{
    g_auto(Asked) asked = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    g_autoptr(GError) error = NULL;
    GPid pid;

    ask(&asked, ONE ".0", 0);
    hold = take(&asked);
    ck_assert(aqr_gpu_hold_check(hold, &error));
    fake_gpu_write(&fake, "/dev/dri/renderD128", "");
    pid = fake_gpu_open(&fake, "/dev/dri/renderD128");
    ck_assert(!aqr_gpu_hold_check(hold, &error));
    ck_assert_error(error, AQR_ERROR_GPU);
    fake_gpu_end(pid);
    ck_assert(aqr_gpu_hold_check(hold, &error));
    ck_assert(aqr_quarantine_set(ONE, "it smells", NULL));
    ck_assert(!aqr_gpu_hold_check(hold, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "it smells"));
    ck_assert_error(error, AQR_ERROR_GPU);
}
END_TEST

/* A VM that has it still: the leases are the keeper's until it has gone. */
START_TEST(leaves_to_the_keeper_what_is_in_use)
{
    g_autoptr(GString) notes = g_string_new(NULL);
    g_auto(Asked) asked = { 0 };
    AqrGpuHold *hold;
    GPid pid;

    ask(&asked, ONE ".0", 0);
    asked.config.data = notes;
    hold = take(&asked);
    fake_gpu_write(&fake, "/dev/vfio/31", "");
    pid = fake_gpu_open(&fake, "/dev/vfio/31");
    if (_i == 0)
        aqr_gpu_hold_abandon(hold);
    aqr_gpu_hold_restore(hold);
    ck_assert((strstr(notes->str, "which has /dev/vfio/31 open") != NULL) == (_i != 0));
    aqr_gpu_hold_free(hold);
    ck_assert(aqr_lease_is_held(ONE, NULL));
    fake_gpu_end(pid);
    wait_free();
}
END_TEST

/* --- an ordinary user -------------------------------------------------- */

static AqrGpuInventory *inventory;
static Asked user_asks;

static gboolean
plan(G_GNUC_UNUSED FakeGpu *tested, GError **error)
{
    g_autoptr(GPtrArray) gpus = aqr_gpu_request_plan(&user_asks.config.request, inventory, error);

    return gpus != NULL;
}

/* libvirt's daemon binds it, and runs QEMU as another. */
START_TEST(judges_the_user_whose_qemu_it_is)
{
    g_autofree char *said = NULL;

    ck_assert_int_eq(g_chmod(dir, 0755), 0);
    inventory = aqr_gpu_inventory_new(table, NULL);
    ask(&user_asks, "any", 0);
    user_asks.config.request.own_qemu = _i != 0;
    said = fake_gpu_as_nobody(&fake, plan);
    if (_i == 0)
        ck_assert_pstr_eq(said, NULL);
    else
        ck_assert_msg(said != NULL && strstr(said, "only root can bind it") != NULL, "%s", said);
    clear(&user_asks);
    aqr_gpu_inventory_free(inventory);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, leases_what_it_chooses);
    tcase_add_test(tcase, asks_for_none);
    tcase_add_test(tcase, names_those_refused);
    tcase_add_test(tcase, passes_over_one_in_use);
    tcase_add_test(tcase, passes_over_an_unusable_lease);
    tcase_add_test(tcase, refuses_an_unsafe_directory);
    tcase_add_test(tcase, leases_a_virtual_function_alone);
    tcase_add_loop_test(tcase, two_at_once_get_one_each, 0, ROUNDS);
    tcase_add_test(tcase, is_not_woken_by_itself);
    tcase_add_test(tcase, gets_what_is_given_back);
    tcase_add_test(tcase, looks_again_before_a_vm);
    tcase_add_loop_test(tcase, leaves_to_the_keeper_what_is_in_use, 0, 2);
    tcase_add_loop_test(tcase, judges_the_user_whose_qemu_it_is, 0, 2);
}
