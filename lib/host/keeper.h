/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/gpu-bind.h"
#include "host/lease.h"

/* A small process that outlives this one should it be killed: it holds the leases too,
 * waits until the dead one's QEMU has let go of the GPUs (ends it where it does not), gives
 * them back to the drivers that they had, and only then lets the leases go. libvirt's own
 * daemon does the middle part of itself; inside of us (qemu:///embed) nobody would. */
typedef struct AqrKeeper AqrKeeper;

/* Starts @program (libexec's rocm-gpu-keeper) over @leases (of AqrLease), and waits until
 * it says that it is there. @keep_open: open files, ended by -1, that it keeps open too until
 * it ends, for the locks that they have; NULL: none. AQR_ERROR_HOST. */
AqrKeeper *aqr_keeper_new(const char *program, const GPtrArray *leases,
                          const AqrGpuDrivers *drivers, const int *keep_open,
                          GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Before a domain is started: the QEMU that has guest=@name in its command line is ours, so
 * that it is ended after us even if its pid could never be told. One @of_daemon is for its
 * daemon to end first, and for the keeper only after a generous time. */
void aqr_keeper_tell_domain(AqrKeeper *keeper, const char *name, gboolean of_daemon);

/* The QEMU that has the GPUs now, to be ended after us; 0: none does. */
void aqr_keeper_tell_qemu(AqrKeeper *keeper, GPid qemu);

/* Something is left that the keeper shall do, as if we had been killed: it begins at once,
 * and is not waited for. NULL is harmless. */
void aqr_keeper_abandon(AqrKeeper *keeper);

/* All has been given back: it ends at once, and is waited for. NULL is harmless. */
void aqr_keeper_free(AqrKeeper *keeper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrKeeper, aqr_keeper_free)
