/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper-work.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake-gpu.h"
#include "host/quarantine.h"
#include "support/check-main.h"
#include "support/data.h"
#include "support/lasting-child.h"

#define GPU "0000:03:00.0"
#define SLOT "0000:03:00"
#define AS_IT_WAS "0000:03:00.0=amdgpu 0000:03:00.1=snd_hda_intel 0000:03:00.2=xhci_hcd"

static FakeGpu fake;
static char *dir;
static GString *notes;
static GPid holder;

static void
set_up(void)
{
    dir = test_make_dir();
    g_setenv("AQR_LEASE_DIR", dir, TRUE);
    fake_gpu_set_up(&fake);
    notes = g_string_new(NULL);
    holder = 0;
    for (guint i = 0; i < fake.gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(fake.gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        fake_gpu_write_config(&fake, address, 0x10);
    }
}

static void
tear_down(void)
{
    g_string_free(notes, TRUE);
    fake_gpu_tear_down(&fake);
    test_remove_dir(dir);
}

/* --- orders -------------------------------------------------------------- */

static const struct {
    const char *orders;
    gboolean done;
    GPid pid;
    guint64 start;
    const char *domain;
    gboolean of_daemon;
} talks[] = {
    { "", FALSE, 0, 0, NULL, FALSE },
    { "done\n", TRUE, 0, 0, NULL, FALSE },
    { "qemu 12 345\n", FALSE, 12, 345, NULL, FALSE },
    { "qemu 12 345\nqemu 0 0\n", FALSE, 0, 0, NULL, FALSE },
    { "qemu 1 2\nqemu 12 345\ndone\n", TRUE, 12, 345, NULL, FALSE },
    { "done\nqemu 12 345\n", TRUE, 0, 0, NULL, FALSE },
    { "don", FALSE, 0, 0, NULL, FALSE }, /* it was killed while it said so */
    { "done it\n\nqemu\nqemu 12\nhello\ndomain\ndomain own\n", FALSE, 0, 0, NULL, FALSE },
    { "domain own vm\nqemu 12 345\n", FALSE, 12, 345, "vm", FALSE },
    { "domain own vm\ndomain daemon my vm\n", FALSE, 0, 0, "my vm", TRUE },
};

START_TEST(takes_orders)
{
    g_auto(AqrKeptQemu) qemu = { .pid = 99, .start = 99 };
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(write(fds[1], talks[_i].orders, strlen(talks[_i].orders)),
                     (ssize_t)strlen(talks[_i].orders));
    close(fds[1]);
    ck_assert(aqr_keeper_work_listen(fds[0], &qemu) == talks[_i].done);
    ck_assert_int_eq(qemu.pid, talks[_i].pid);
    ck_assert_uint_eq(qemu.start, talks[_i].start);
    ck_assert_pstr_eq(qemu.domain, talks[_i].domain);
    ck_assert(qemu.of_daemon == talks[_i].of_daemon);
}
END_TEST

/* --- work ---------------------------------------------------------------- */

/* Who has the GPU open goes when he is waited for. */
static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    g_string_append_printf(notes, "%s\n", text);
    if (strstr(text, "waiting for pid ") != NULL)
        lasting_child_end(holder);
}

static void
finish_with(const char *slot, const AqrKeptQemu *qemu, gint64 patience)
{
    g_autoptr(GPtrArray) slots = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse(AS_IT_WAS, NULL);
    const AqrKeeperWork work = { .devices = fake.devices,
                                 .slots = slots,
                                 .drivers = drivers,
                                 .patience = patience,
                                 .note = note };

    g_ptr_array_add(slots, g_strdup(slot));
    aqr_keeper_work_finish(&work, qemu);
}

static void
finish(const char *slot)
{
    finish_with(slot, &(AqrKeptQemu){ 0 }, G_TIME_SPAN_HOUR);
}

START_TEST(leaves_what_is_well)
{
    finish(SLOT);
    ck_assert_str_eq(notes->str, "");
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
}
END_TEST

START_TEST(puts_what_is_sick_into_quarantine)
{
    g_autofree char *reason = NULL;

    fake_gpu_write_config(&fake, GPU, 0xff);
    finish(SLOT);
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_ptr_nonnull(reason);
    ck_assert_ptr_nonnull(strstr(reason, "GPU " GPU " stays sick after keeping it awake"));
    ck_assert_ptr_nonnull(strstr(notes->str, reason));
}
END_TEST

START_TEST(judges_its_own_only)
{
    fake_gpu_write_config(&fake, GPU, 0xff);
    finish("0000:09:00");
    ck_assert_str_eq(notes->str, "");
    ck_assert_ptr_null(aqr_quarantine_reason(SLOT));
}
END_TEST

/* No kernel binds anything here: that it was asked to, and when, is seen. */
START_TEST(gives_back_what_is_free_at_last)
{
    const char *unbind = "/sys/bus/pci/drivers/vfio-pci/unbind";
    g_autofree char *written = NULL;
    g_autofree char *reason = NULL;

    fake_gpu_bind(&fake, GPU, "vfio-pci");
    fake_gpu_write(&fake, unbind, "");
    fake_gpu_write(&fake, "/sys/bus/pci/drivers_probe", "");
    fake_gpu_write(&fake, "/dev/vfio/22", "");
    holder = fake_gpu_open(&fake, "/dev/vfio/22");
    finish(SLOT);
    ck_assert_ptr_nonnull(strstr(notes->str, "which has /dev/vfio/22 open\n"));
    ck_assert_ptr_nonnull(strstr(notes->str, "cannot give " GPU " back to amdgpu"));
    written = fake_gpu_read(&fake, unbind);
    ck_assert_str_eq(written, GPU);
    reason = aqr_quarantine_reason(SLOT); /* it is well, but not where it was */
    ck_assert_ptr_nonnull(reason);
    ck_assert_ptr_nonnull(strstr(reason, "cannot give " GPU " back to amdgpu"));
}
END_TEST

/* Whoever has it open, and does not let go: nobody else shall get it. */
START_TEST(puts_what_stays_in_use_into_quarantine)
{
    g_autofree char *reason = NULL;
    GPid user;

    fake_gpu_write(&fake, "/dev/vfio/22", "");
    user = fake_gpu_open(&fake, "/dev/vfio/22");
    finish_with(SLOT, &(AqrKeptQemu){ .domain = (char *)"vm" }, 0);
    ck_assert_int_eq(kill(user, 0), 0);
    reason = aqr_quarantine_reason(SLOT);
    ck_assert_ptr_nonnull(reason);
    ck_assert_ptr_nonnull(strstr(reason, "which has /dev/vfio/22 open"));
    lasting_child_end(user);
}
END_TEST

/* --- a QEMU that nobody has told of --------------------------------------- */

static const struct {
    const char *name; /* that it has in its command line */
    const char *domain;
    gboolean ends;
} qemus[] = {
    { "guest=vm,debug-threads=on", "vm", TRUE },        { "guest=vm", "vm", TRUE },
    { "guest=my,,vm,debug-threads=on", "my,vm", TRUE }, { "guest=my,,vm", "my", FALSE },
    { "guest=vm-2,debug-threads=on", "vm", FALSE },     { "vm", "vm", FALSE },
};

/* (transfer full): its end of a pipe: it ends, with 7, when that is closed. */
static GPid
start_qemu(const char *name, int *in)
{
    const char *argv[] = { "/bin/sh", "-c", "read x; exit 7", "qemu", "-name", name, "-S", NULL };
    g_autoptr(GError) error = NULL;
    GPid pid;

    ck_assert(g_spawn_async_with_pipes(NULL, (char **)argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, NULL,
                                       NULL, &pid, in, NULL, NULL, &error));
    return pid;
}

START_TEST(ends_the_qemu_of_its_domain)
{
    AqrKeptQemu told = { .domain = (char *)qemus[_i].domain };
    int status, in;
    GPid pid = start_qemu(qemus[_i].name, &in);

    finish_with(SLOT, &told, 0);
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), qemus[_i].ends ? pid : 0);
    if (qemus[_i].ends)
        ck_assert_int_eq(WTERMSIG(status), SIGTERM);
    else
        lasting_child_end(pid);
    close(in);
}
END_TEST

static gboolean
close_it(gpointer data)
{
    close(*(int *)data);
    return G_SOURCE_REMOVE;
}

/* A daemon has the time that it needs; QEMU ends once it is waited for. */
START_TEST(leaves_a_daemons_qemu_its_time)
{
    g_autoptr(GPtrArray) slots = g_ptr_array_new();
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse("", NULL);
    const AqrKeptQemu told = { .domain = (char *)"vm", .of_daemon = TRUE };
    const AqrKeeperWork work = {
        .slots = slots, .drivers = drivers, .daemon_grace = G_TIME_SPAN_HOUR, .note = note
    };
    int status, in;
    GPid pid = start_qemu("guest=vm", &in);

    g_idle_add(close_it, &in);
    aqr_keeper_work_finish(&work, &told);
    ck_assert_int_eq(waitpid(pid, &status, WNOHANG), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 7);
    ck_assert_str_eq(notes->str, "");
}
END_TEST

/* Of a host that shows no PCI functions: there is nothing to judge. */
START_TEST(stands_an_unknown_host)
{
    fake_gpu_write_config(&fake, GPU, 0xff);
    g_ptr_array_unref(fake.gpus);
    g_ptr_array_unref(fake.devices);
    fake.gpus = g_ptr_array_new();
    fake.devices = NULL;
    finish(SLOT);
    ck_assert_str_eq(notes->str, "");
    fake.devices = g_ptr_array_new();
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, takes_orders, 0, G_N_ELEMENTS(talks));
    tcase_add_test(tcase, leaves_what_is_well);
    tcase_add_test(tcase, puts_what_is_sick_into_quarantine);
    tcase_add_test(tcase, judges_its_own_only);
    tcase_add_test(tcase, gives_back_what_is_free_at_last);
    tcase_add_test(tcase, puts_what_stays_in_use_into_quarantine);
    tcase_add_loop_test(tcase, ends_the_qemu_of_its_domain, 0, G_N_ELEMENTS(qemus));
    tcase_add_test(tcase, leaves_a_daemons_qemu_its_time);
    tcase_add_test(tcase, stands_an_unknown_host);
}
