/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A fixture: leases in a place of the test's own. What is there is the test's. */

extern char *leases_parent; /* a directory, for what else the test makes */
extern char *leases_dir;    /* in it, where the leases are; not there yet */

void leases_set_up(void);
void leases_tear_down(void);
