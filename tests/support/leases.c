/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/leases.h"

#include "support/check-main.h"
#include "support/data.h"

char *leases_parent;
char *leases_dir;
char *leases_file;

void
leases_set_up(void)
{
    leases_parent = test_make_dir();
    leases_dir = g_build_filename(leases_parent, "leases", NULL);
    leases_file = g_build_filename(leases_dir, LEASES_SLOT, NULL);
    g_setenv("AQR_LEASE_DIR", leases_dir, TRUE);
}

void
leases_tear_down(void)
{
    test_remove_dir(leases_parent);
    g_free(leases_dir);
    g_free(leases_file);
}

AqrLease *
leases_take(void)
{
    g_autoptr(GError) error = NULL;
    AqrLease *lease = aqr_lease_take(LEASES_SLOT, "a purpose", &error);

    ck_assert_no_error(error);
    return lease;
}
