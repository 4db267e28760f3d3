/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/leases.h"

#include <glib.h>

#include "support/data.h"

char *leases_parent;
char *leases_dir;

void
leases_set_up(void)
{
    leases_parent = test_make_dir();
    leases_dir = g_build_filename(leases_parent, "leases", NULL);
    g_setenv("AQR_LEASE_DIR", leases_dir, TRUE);
}

void
leases_tear_down(void)
{
    test_remove_dir(leases_parent);
    g_free(leases_dir);
}
