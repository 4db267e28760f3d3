/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What QEMU's own events say, those that libvirt passes on as they are
 * (docs/interop/qemu-qmp-ref of QEMU). */

/* The data of a VSERPORT_CHANGE: whether somebody in the guest has the port of the
 * device @id open. FALSE: it is about another port, or makes no sense. */
gboolean aqr_qemu_event_port(const char *data, const char *id, gboolean *open);

/* The data of a MIGRATION: what it has come to, "completed" or "failed" at its end; transfer
 * full, or NULL where it makes no sense. */
char *aqr_qemu_event_migration(const char *data) G_GNUC_WARN_UNUSED_RESULT;
