/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/lease.h"

/* A fixture: leases in a place of the test's own. What is there is the test's. */

extern char *leases_parent; /* a directory, for what else the test makes */
extern char *leases_dir;    /* in it, where the leases are; not there yet */

#define LEASES_SLOT "0000:03:00"
extern char *leases_file; /* where its lease is */

/* Takes it, which must do. */
AqrLease *leases_take(void) G_GNUC_WARN_UNUSED_RESULT;

void leases_set_up(void);
void leases_tear_down(void);
