/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-gpu-keeper [--grace=SECONDS] DRIVERS SLOT=FD...: gives GPUs back when the server that
 * has started it (lib/host/keeper.h) is no more. Its orders come by stdin; the leases are its
 * open files. It speaks to the system's log, as nobody else may be listening. */
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "host/keeper-work.h"
#include "host/lease.h"
#include "host/pci-scan.h"

/* The guest's agent waits 5 s for its server, and then shuts the guest down. */
#define GRACE (30 * G_TIME_SPAN_SECOND)

/* A daemon's autodestroy: SIGTERM, and SIGKILL 15 s later; more where the host is busy. */
#define DAEMON_GRACE (120 * G_TIME_SPAN_SECOND)
#define FREE_TIMEOUT (120 * G_TIME_SPAN_SECOND)

static const int ignored[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGUSR1, SIGUSR2 };

static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    syslog(LOG_NOTICE, "%s", text);
}

static gboolean
take_slots(char **words, GPtrArray *slots, GArray *fds)
{
    for (; *words != NULL; words++) {
        const char *equals = strchr(*words, '=');
        int fd = equals == NULL ? -1 : atoi(equals + 1);

        if (fd <= STDERR_FILENO || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
            return FALSE;
        g_ptr_array_add(slots, g_strndup(*words, (gsize)(equals - *words)));
        g_array_append_val(fds, fd);
    }
    return TRUE;
}

/* Whoever asks who has the GPUs hears of us from here on. */
static GPtrArray *
adopt(const GPtrArray *slots, const GArray *fds)
{
    GPtrArray *leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);

    for (guint i = 0; i < slots->len; i++)
        g_ptr_array_add(leases, aqr_lease_adopt(slots->pdata[i], g_array_index(fds, int, i),
                                                "gives it back after a server that was killed"));
    return leases;
}

static void
keep(AqrKeeperWork *work, const GArray *fds)
{
    g_auto(AqrKeptQemu) qemu = { 0 };

    if (!aqr_keeper_work_listen(STDIN_FILENO, &qemu)) {
        g_autoptr(GPtrArray) leases = adopt(work->slots, fds);

        aqr_keeper_work_finish(work, &qemu);
    }
}

/* Who has started us waits for it. What follows is for nobody. */
static gboolean
say_ready(void)
{
    return write(STDOUT_FILENO, "", 1) == 1 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0;
}

/* The arguments behind the options. */
static char **
take_options(char **words, AqrKeeperWork *work)
{
    if (words[0] == NULL || !g_str_has_prefix(words[0], "--grace="))
        return words;
    work->grace = atoi(words[0] + strlen("--grace=")) * G_TIME_SPAN_SECOND;
    work->daemon_grace = work->grace;
    return words + 1;
}

int
main(G_GNUC_UNUSED int argc, char **argv)
{
    g_autoptr(GPtrArray) slots = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) fds = g_array_new(FALSE, FALSE, sizeof(int));
    AqrKeeperWork work = { .slots = slots,
                           .grace = GRACE,
                           .daemon_grace = DAEMON_GRACE,
                           .patience = FREE_TIMEOUT,
                           .note = note };
    char **words = take_options(argv + 1, &work);
    g_autoptr(AqrGpuDrivers) drivers =
        words[0] == NULL ? NULL : aqr_gpu_drivers_parse(words[0], NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(ignored); i++)
        signal(ignored[i], SIG_IGN);
    g_set_prgname("rocm-gpu-keeper");
    openlog("rocm-gpu-keeper", LOG_PID, LOG_DAEMON);
    if (drivers == NULL || !take_slots(words + 1, slots, fds))
        return 2;
    work.drivers = drivers;
    work.devices = aqr_pci_scan(NULL);
    if (say_ready())
        keep(&work, fds);
    g_clear_pointer(&work.devices, g_ptr_array_unref);
    return 0;
}
