/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/gpu-bind.h"

/* What rocm-gpu-keeper does, at the other end of host/keeper. */

/* Whose QEMU has the GPUs: by pid and start (host/process), and by its domain, which is told
 * before it is started. */
typedef struct {
    GPid pid; /* 0: untold, or none */
    guint64 start;
    char *domain;       /* NULL: untold */
    gboolean of_daemon; /* a daemon ends it where it can */
} AqrKeptQemu;

void aqr_kept_qemu_clear(AqrKeptQemu *qemu);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrKeptQemu, aqr_kept_qemu_clear)

/* Reads what it is told, lines "domain own|daemon NAME", "qemu PID START" and "done", until
 * the other end has gone. TRUE: all has been given back, and nothing is left to do. */
gboolean aqr_keeper_work_listen(int fd, AqrKeptQemu *qemu);

typedef struct {
    GPtrArray *devices;     /* AqrPciDevice, of the host, when all was well; NULL: untold */
    GPtrArray *slots;       /* strings: whose leases are kept */
    AqrGpuDrivers *drivers; /* to be restored */
    gint64 grace;           /* in microseconds, for QEMU to end of itself */
    gint64 daemon_grace;    /* for a daemon to end it */
    gint64 patience;        /* for whoever has them open to let go */
    void (*note)(const char *text, gpointer data);
    gpointer data;
} AqrKeeperWork;

/* Does what the dead one can do no more: ends @qemu, waits until nobody has the GPUs open,
 * gives them back to their drivers, and puts into quarantine what is in use even then, does
 * not get back to its drivers, or is not well and does not get well. May take minutes where
 * something is wrong, and ends. */
void aqr_keeper_work_finish(const AqrKeeperWork *work, const AqrKeptQemu *qemu);
