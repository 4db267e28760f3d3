/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Adopts and reaps what this process's children leave behind. Under
 * qemu:///embed QEMU is a daemon that libvirt starts within our own process, and
 * whoever ends it polls until its zombie is gone. init may take its time for
 * that: seconds, or for ever where a container's first process never waits.
 *
 * Not for children that somebody waits for: those stay theirs. What led a session
 * could be one; it stays a zombie until we end. */
typedef struct AqrReaper AqrReaper;

/* One at a time in a process. Works in a thread of its own, as libvirt blocks the
 * main one. AQR_ERROR_HOST. */
AqrReaper *aqr_reaper_new(GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_reaper_free(AqrReaper *reaper);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrReaper, aqr_reaper_free)
