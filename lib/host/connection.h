/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/libvirt.h"

/* The libvirt that runs our VMs, a daemon's or our own (qemu:///embed), with what the
 * latter needs around it. */
typedef struct AqrConnection AqrConnection;

/* Connects to @uri. Our own keeps its state in @work_dir. Checks that it can run @spec:
 * that its QEMU is there and reaches the files. AQR_ERROR_HOST, AQR_ERROR_STOPPED. */
AqrConnection *aqr_connection_open(const char *uri, const char *work_dir, const AqrVmSpec *spec,
                                   const AqrStop *stop, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_connection_close(AqrConnection *connection);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrConnection, aqr_connection_close)

/* (transfer none) */
virConnectPtr aqr_connection_get_handle(AqrConnection *connection);

/* Whether libvirt is a daemon, which outlives us. */
gboolean aqr_connection_is_daemon(const AqrConnection *connection);

/* What a VM's start has taught libvirt of this host is kept for the next process. */
void aqr_connection_share_capabilities(const AqrConnection *connection);

/* The QEMU of the domain @name where it is our own libvirt's, which nobody else would end;
 * 0: none, or a daemon's. */
GPid aqr_connection_find_qemu(const AqrConnection *connection, const char *name);
