/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/libvirt.h"

/* What makes a VM of no use although libvirt does not say that it has ended: it
 * was paused because a disk of the host is full, lost its GPU, or libvirt's daemon has gone.
 * The VM's end, and its guest's restarts, are host/domain's business. */
typedef struct AqrDomainTrouble AqrDomainTrouble;

/* Watches @handle, and calls @changed once there is trouble. AQR_ERROR_HOST. */
AqrDomainTrouble *aqr_domain_trouble_watch(virConnectPtr connection, virDomainPtr handle,
                                           void (*changed)(gpointer data), gpointer data,
                                           GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_domain_trouble_free(AqrDomainTrouble *trouble);

/* What follows "the VM": "was paused, because ..."; NULL: nothing. */
const char *aqr_domain_trouble_what(const AqrDomainTrouble *trouble);
