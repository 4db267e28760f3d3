/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/lease.h"

/* What a lease's file says of its holder: JSON, for people. */

/* (transfer full): what this process writes. */
char *aqr_lease_holder_write(const char *purpose) G_GNUC_WARN_UNUSED_RESULT;

/* Judges what somebody wrote: @holder is filled in only if the process is there that it
 * names, the very one and not a later one of its number. */
gboolean aqr_lease_holder_read(const char *text, AqrLeaseHolder *holder);

/* (transfer full): "pid 4711 (autopkgtest-virt-qemu-rocm: autopkgtest gzip) since ...", or
 * "somebody who does not say who". */
char *aqr_lease_holder_describe(const AqrLeaseHolder *holder) G_GNUC_WARN_UNUSED_RESULT;
