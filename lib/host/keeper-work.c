/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/keeper-work.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "host/device-users.h"
#include "host/gpu-health.h"
#include "host/process.h"
#include "host/qemu-process.h"
#include "host/quarantine.h"
#include "host/udev-wake.h"

#define TERM_TIMEOUT (10 * G_TIME_SPAN_SECOND)
#define KILL_TIMEOUT (60 * G_TIME_SPAN_SECOND) /* it unpins all of the guest's memory */
#define LOOK_TIMEOUT G_TIME_SPAN_SECOND
#define DAEMON_TIMEOUT (15 * G_TIME_SPAN_SECOND)

G_GNUC_PRINTF(2, 3)
static void
note(const AqrKeeperWork *work, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    work->note(text, work->data);
}

/* --- what it is told ----------------------------------------------------- */

void
aqr_kept_qemu_clear(AqrKeptQemu *qemu)
{
    g_free(qemu->domain);
    *qemu = (AqrKeptQemu){ 0 };
}

static void
take_domain(AqrKeptQemu *qemu, const char *whose, const char *name)
{
    g_free(qemu->domain);
    qemu->domain = g_strdup(name);
    qemu->of_daemon = g_str_equal(whose, "daemon");
}

static gboolean
take_order(AqrKeptQemu *qemu, const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    guint n = g_strv_length(words);

    if (n == 3 && g_str_equal(words[0], "domain"))
        take_domain(qemu, words[1], words[2]);
    if (n == 3 && g_str_equal(words[0], "qemu")) {
        qemu->pid = (GPid)g_ascii_strtoll(words[1], NULL, 10);
        qemu->start = g_ascii_strtoull(words[2], NULL, 10);
    }
    return n == 1 && g_str_equal(words[0], "done");
}

gboolean
aqr_keeper_work_listen(int fd, AqrKeptQemu *qemu)
{
    FILE *orders = fdopen(fd, "r");
    gboolean done = FALSE;
    char line[512];

    *qemu = (AqrKeptQemu){ 0 };
    while (!done && orders != NULL && fgets(line, sizeof line, orders) != NULL)
        done = take_order(qemu, g_strchomp(line));
    if (orders != NULL)
        fclose(orders);
    return done;
}

/* --- QEMU ---------------------------------------------------------------- */

/* aqr_patience(0) would be one without end. */
static gboolean
signal_and_wait(int fd, int number, gint64 timeout)
{
    AqrPatience patience = aqr_patience(MAX(timeout, 1), NULL);

    if (number != 0)
        pidfd_send_signal(fd, number, NULL, 0);
    return aqr_process_wait(fd, &patience);
}

static gboolean
is_ours(const AqrKeptQemu *qemu, GPid pid)
{
    return (pid == qemu->pid && aqr_process_is(pid, qemu->start)) ||
           (qemu->domain != NULL && aqr_qemu_process_is(pid, qemu->domain));
}

/* Its guest powers itself off when nobody watches it any more, and QEMU ends with it. The
 * process is held before it is looked at: so no other can get the signal. */
static void
end_process(const AqrKeeperWork *work, const AqrKeptQemu *qemu, GPid pid)
{
    gint64 grace = qemu->of_daemon ? work->daemon_grace : work->grace;
    int fd = pid <= 0 ? -1 : pidfd_open(pid, 0);

    if (fd < 0)
        return;
    if (is_ours(qemu, pid) && !signal_and_wait(fd, 0, grace)) {
        note(work, "ending QEMU, pid %d", (int)pid);
        if (!signal_and_wait(fd, SIGTERM, TERM_TIMEOUT) &&
            !signal_and_wait(fd, SIGKILL, KILL_TIMEOUT))
            note(work, "QEMU, pid %d, does not end", (int)pid);
    }
    close(fd);
}

/* We may have been killed between its start and the word of it. */
static void
end_qemu(const AqrKeeperWork *work, const AqrKeptQemu *qemu)
{
    GPid found = qemu->domain == NULL ? 0 : aqr_qemu_process_find(qemu->domain);

    end_process(work, qemu, qemu->pid);
    if (found != qemu->pid)
        end_process(work, qemu, found);
}

/* --- the GPUs ------------------------------------------------------------ */

static gboolean
holds_never(G_GNUC_UNUSED gpointer data)
{
    return FALSE;
}

/* The end of who has it is an event; that of one whom we may not see is not. */
static void
wait_for(const AqrDeviceUser *user, const AqrPatience *patience)
{
    AqrPatience look = aqr_patience(LOOK_TIMEOUT, NULL);
    int fd = user->pid == 0 ? -1 : pidfd_open(user->pid, 0);

    if (fd >= 0) {
        aqr_process_wait(fd, patience);
        close(fd);
    } else {
        aqr_wait_until(holds_never, NULL, "", &look, NULL);
    }
}

/* (transfer full): who has them open even at the end; NULL: nobody. */
static char *
wait_free(const AqrKeeperWork *work)
{
    g_autoptr(GPtrArray) addresses = aqr_gpu_drivers_addresses(work->drivers);
    AqrPatience patience = aqr_patience(MAX(work->patience, 1), NULL);

    for (;;) {
        g_auto(AqrDeviceUser) user = { 0 };
        g_autofree char *who = NULL;

        if (!aqr_device_users_find(addresses, "/dev/vfio/", &user))
            return NULL;
        who = aqr_device_user_describe(&user);
        if (aqr_patience_is_over(&patience))
            return g_steal_pointer(&who);
        note(work, "waiting for %s", who);
        wait_for(&user, &patience);
    }
}

static gboolean
are_back(gpointer data)
{
    return aqr_gpu_drivers_are_back(data);
}

/* libvirt's daemon gives back what its guests had, once it has noticed that our server is
 * gone: two at once would be in each other's way. */
static void
let_daemon_restore(const AqrKeeperWork *work)
{
    AqrPatience patience = aqr_patience(CLAMP(work->grace, 1, DAEMON_TIMEOUT), NULL);
    g_autoptr(AqrUdevWake) wake = aqr_udev_wake_new("pci");

    if (wake != NULL)
        aqr_wait_until(are_back, work->drivers, "the drivers", &patience, NULL);
}

static void
quarantine(const AqrKeeperWork *work, const char *slot, const char *reason)
{
    g_autoptr(GError) failed = NULL;

    note(work, "%s goes into quarantine: %s", slot, reason);
    if (!aqr_quarantine_set(slot, reason, &failed))
        note(work, "%s", failed->message);
}

static void
quarantine_all(const AqrKeeperWork *work, const char *reason)
{
    for (guint i = 0; i < work->slots->len; i++)
        quarantine(work, work->slots->pdata[i], reason);
}

static void
restore(const AqrKeeperWork *work)
{
    g_autoptr(GError) failed = NULL;

    if (aqr_gpu_drivers_restore(work->drivers, &failed))
        return;
    note(work, "%s", failed->message);
    for (guint i = 0; i < work->slots->len; i++) {
        if (!aqr_gpu_drivers_are_back_in(work->drivers, work->slots->pdata[i]))
            quarantine(work, work->slots->pdata[i], failed->message);
    }
}

/* The name of the lease that has @gpu: of its slot, or of a virtual function. */
static const char *
find_slot(const AqrKeeperWork *work, const AqrGpu *gpu)
{
    g_autofree char *address = aqr_gpu_address(gpu);

    for (guint i = 0; i < work->slots->len; i++) {
        if (aqr_gpu_drivers_is_in(address, work->slots->pdata[i]))
            return work->slots->pdata[i];
    }
    return NULL;
}

static void
make_well(const AqrKeeperWork *work, const AqrGpu *gpu)
{
    const char *slot = find_slot(work, gpu);
    g_autoptr(GError) sick = NULL;

    if (slot == NULL || aqr_gpu_health_check(gpu, &sick))
        return;
    note(work, "%s", sick->message);
    g_clear_error(&sick);
    if (aqr_gpu_health_recover(gpu, NULL, work->note, work->data, &sick))
        restore(work);
    else
        quarantine(work, slot, sick->message);
}

static void
make_all_well(const AqrKeeperWork *work)
{
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) gpus = work->devices == NULL ? NULL : aqr_gpu_list(work->devices, table);

    for (guint i = 0; gpus != NULL && i < gpus->len; i++)
        make_well(work, g_ptr_array_index(gpus, i));
}

void
aqr_keeper_work_finish(const AqrKeeperWork *work, const AqrKeptQemu *qemu)
{
    g_autofree char *user = NULL;
    g_autofree char *reason = NULL;

    end_qemu(work, qemu);
    user = wait_free(work);
    if (user != NULL) {
        reason = g_strdup_printf("its server has ended, but not %s", user);
        quarantine_all(work, reason);
        return;
    }
    if (qemu->domain == NULL ? qemu->pid <= 0 : qemu->of_daemon)
        let_daemon_restore(work);
    restore(work);
    make_all_well(work);
}
