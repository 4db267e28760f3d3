/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/gpu-bind.h"

/* What rocm-gpu-keeper does, at the other end of host/keeper. */

/* The QEMU that has the GPUs, by pid and start (host/process). A pid of 0: none. */
typedef struct {
    GPid pid;
    guint64 start;
} AqrKeptQemu;

/* Reads what it is told, lines "qemu PID START" and "done", until the other end has gone.
 * TRUE: all has been given back, and nothing is left to do. */
gboolean aqr_keeper_work_listen(int fd, AqrKeptQemu *qemu);

typedef struct {
    GPtrArray *devices;     /* AqrPciDevice, of the host, when all was well; NULL: untold */
    GPtrArray *slots;       /* strings: whose leases are kept */
    AqrGpuDrivers *drivers; /* to be restored */
    gint64 grace;           /* in microseconds, for QEMU to end of itself */
    void (*note)(const char *text, gpointer data);
    gpointer data;
} AqrKeeperWork;

/* Does what the dead one can do no more: ends @qemu, waits until nobody has the GPUs open,
 * gives them back to their drivers, and puts into quarantine what is not well and does not
 * get well. May take minutes where something is wrong, and ends. */
void aqr_keeper_work_finish(const AqrKeeperWork *work, const AqrKeptQemu *qemu);
