/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kept-leases.h"

#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/wait.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

void
kept_leases_set_up(void)
{
    leases_set_up();
    g_set_prgname("keeper-test");
    signal(SIGPIPE, SIG_IGN);
}

char *
keeper_with_grace(int seconds)
{
    char *path = g_build_filename(leases_parent, "keeper", NULL);
    g_autofree char *script = g_strdup_printf("#!/bin/sh\nexec %s --grace=%d \"$@\"\n",
                                              g_getenv("AQR_TEST_KEEPER"), seconds);

    ck_assert(g_file_set_contents(path, script, -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0755), 0);
    return path;
}

GPtrArray *
take_leases(void)
{
    GPtrArray *leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);

    g_ptr_array_add(leases, aqr_lease_take(SLOT, "a test", NULL));
    g_ptr_array_add(leases, aqr_lease_take(OTHER, "a test", NULL));
    ck_assert_ptr_nonnull(leases->pdata[0]);
    ck_assert_ptr_nonnull(leases->pdata[1]);
    return leases;
}

AqrKeeper *
start_keeper(const char *program, const GPtrArray *leases)
{
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse("0000:ff:1f.7=amdgpu", NULL);
    g_autoptr(GError) error = NULL;
    AqrKeeper *keeper = aqr_keeper_new(program, leases, drivers, NULL, &error);

    ck_assert_no_error(error);
    return keeper;
}

GPid
start_process(const char *script)
{
    GPid pid = fork();

    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, NULL);
        _exit(127);
    }
    return pid;
}

typedef struct {
    const char *program;
    GPid qemu;
    guint n_orders;
} Orders;

static gboolean
serve(gpointer data)
{
    const Orders *orders = data;
    AqrKeeper *keeper = start_keeper(orders->program, take_leases());

    for (guint i = 1; i < orders->n_orders; i++)
        aqr_keeper_tell_qemu(keeper, getpid());
    if (orders->n_orders > 0)
        aqr_keeper_tell_qemu(keeper, orders->qemu);
    return TRUE;
}

GPid
start_server(const char *program, GPid qemu, guint n_orders)
{
    Orders orders = { program, qemu, n_orders };

    return lasting_child_start(serve, &orders);
}

static void
wake(G_GNUC_UNUSED gpointer data)
{
}

gboolean
are_free(G_GNUC_UNUSED gpointer data)
{
    return !aqr_lease_is_held(SLOT, NULL) && !aqr_lease_is_held(OTHER, NULL);
}

/* The test's time-out ends a wait for what does not come. */
void
wait_free(void)
{
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(wake, NULL, NULL);
    AqrPatience patience = aqr_patience(0, NULL);

    ck_assert(aqr_wait_until(are_free, NULL, "the leases", &patience, NULL));
}

GPid
wait_keeper(void)
{
    for (;;) {
        g_auto(AqrLeaseHolder) holder = { 0 };

        ck_assert(aqr_lease_is_held(SLOT, &holder));
        if (g_strcmp0(holder.program, "rocm-gpu-keeper") == 0)
            return holder.pid;
        sched_yield();
    }
}

gboolean
is_running(GPid pid)
{
    int status;

    return waitpid(pid, &status, WNOHANG) == 0;
}
