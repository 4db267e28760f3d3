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
#include "host/quarantine.h"
#include "host/udev-wake.h"

#define TERM_TIMEOUT (10 * G_TIME_SPAN_SECOND)
#define KILL_TIMEOUT (60 * G_TIME_SPAN_SECOND) /* it unpins all of the guest's memory */
#define FREE_TIMEOUT (120 * G_TIME_SPAN_SECOND)
#define LOOK_TIMEOUT G_TIME_SPAN_SECOND
#define DAEMON_TIMEOUT (15 * G_TIME_SPAN_SECOND)
#define RECOVERY_TIMEOUT (180 * G_TIME_SPAN_SECOND)

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

gboolean
aqr_keeper_work_listen(int fd, AqrKeptQemu *qemu)
{
    FILE *orders = fdopen(fd, "r");
    gboolean done = FALSE;
    char line[128];

    *qemu = (AqrKeptQemu){ 0 };
    while (!done && orders != NULL && fgets(line, sizeof line, orders) != NULL) {
        g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", 4);

        done = g_strv_length(words) == 1 && g_str_equal(words[0], "done");
        if (g_strv_length(words) == 3 && g_str_equal(words[0], "qemu"))
            *qemu = (AqrKeptQemu){ (GPid)g_ascii_strtoll(words[1], NULL, 10),
                                   g_ascii_strtoull(words[2], NULL, 10) };
    }
    if (orders != NULL)
        fclose(orders);
    return done;
}

/* --- QEMU ---------------------------------------------------------------- */

static gboolean
signal_and_wait(int fd, int number, gint64 timeout)
{
    AqrPatience patience = aqr_patience(timeout, NULL);

    if (number != 0)
        pidfd_send_signal(fd, number, NULL, 0);
    return aqr_process_wait(fd, &patience);
}

/* Its guest powers itself off when nobody watches it any more, and QEMU ends with it. The
 * process is held before it is looked at: so no other can get the signal. */
static void
end_qemu(const AqrKeeperWork *work, const AqrKeptQemu *qemu)
{
    int fd = qemu->pid <= 0 ? -1 : pidfd_open(qemu->pid, 0);

    if (fd < 0)
        return;
    if (aqr_process_is(qemu->pid, qemu->start) && !signal_and_wait(fd, 0, work->grace)) {
        note(work, "ending QEMU, pid %d", (int)qemu->pid);
        if (!signal_and_wait(fd, SIGTERM, TERM_TIMEOUT) &&
            !signal_and_wait(fd, SIGKILL, KILL_TIMEOUT))
            note(work, "QEMU, pid %d, does not end", (int)qemu->pid);
    }
    close(fd);
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

static void
wait_free(const AqrKeeperWork *work)
{
    g_autoptr(GPtrArray) addresses = aqr_gpu_drivers_addresses(work->drivers);
    AqrPatience patience = aqr_patience(FREE_TIMEOUT, NULL);

    while (!aqr_patience_is_over(&patience)) {
        g_auto(AqrDeviceUser) user = { 0 };
        g_autofree char *who = NULL;

        if (!aqr_device_users_find(addresses, "/dev/vfio/", &user))
            return;
        who = aqr_device_user_describe(&user);
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
    AqrPatience patience = aqr_patience(MIN(work->grace, DAEMON_TIMEOUT), NULL);
    g_autoptr(AqrUdevWake) wake = aqr_udev_wake_new("pci");

    if (wake != NULL)
        aqr_wait_until(are_back, work->drivers, "the drivers", &patience, NULL);
}

static void
restore(const AqrKeeperWork *work)
{
    g_autoptr(GError) failed = NULL;

    if (!aqr_gpu_drivers_restore(work->drivers, &failed))
        note(work, "%s", failed->message);
}

static gboolean
is_kept(const AqrKeeperWork *work, const char *slot)
{
    return g_ptr_array_find_with_equal_func(work->slots, slot, g_str_equal, NULL);
}

static void
make_well(const AqrKeeperWork *work, const AqrGpu *gpu)
{
    g_autofree char *slot = aqr_pci_address_slot(&gpu->device->address);
    AqrPatience patience = aqr_patience(RECOVERY_TIMEOUT, NULL);
    g_autoptr(GError) sick = NULL;
    g_autoptr(GError) failed = NULL;

    if (!is_kept(work, slot) || aqr_gpu_health_check(gpu, &sick))
        return;
    note(work, "%s", sick->message);
    g_clear_error(&sick);
    if (aqr_gpu_health_recover(gpu, &patience, work->note, work->data, &sick)) {
        restore(work);
        return;
    }
    note(work, "%s", sick->message);
    if (!aqr_quarantine_set(slot, sick->message, &failed))
        note(work, "%s", failed->message);
}

void
aqr_keeper_work_finish(const AqrKeeperWork *work, const AqrKeptQemu *qemu)
{
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) gpus = NULL;

    end_qemu(work, qemu);
    wait_free(work);
    if (qemu->pid <= 0)
        let_daemon_restore(work);
    restore(work);
    if (work->devices == NULL)
        return;
    gpus = aqr_gpu_list(work->devices, table);
    for (guint i = 0; i < gpus->len; i++)
        make_well(work, g_ptr_array_index(gpus, i));
}
