/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/host-user.h"

#include "support/check-main.h"

#define LIBVIRT 106

/* Debian's socket is open to all, where polkit decides. */
static const struct {
    gboolean exists;
    guint32 uid;
    const char *groups;
    AqrPathOwner socket;
    gboolean let_in;
} daemons[] = {
    { TRUE, 0, "root", { 0, 0, 0140666, FALSE }, TRUE },
    { TRUE, 1000, "rocky libvirt", { 0, 0, 0140666, FALSE }, TRUE },
    { TRUE, 1000, "rocky libvirt", { 0, LIBVIRT, 0140777, FALSE }, TRUE },
    { TRUE, 1000, "rocky kvm", { 0, 0, 0140666, FALSE }, FALSE },
    { TRUE, 1000, "rocky kvm", { 0, LIBVIRT, 0140777, FALSE }, FALSE },
    { FALSE, 0, NULL, { 0, 0, 0140666, FALSE }, FALSE },
    /* only some may open it */
    { TRUE, 0, "root", { 0, 0, 0140600, FALSE }, TRUE },
    { TRUE, 1000, "rocky libvirt", { 0, LIBVIRT, 0140660, FALSE }, TRUE },
    { TRUE, 1000, "rocky libvirt", { 0, 0, 0140600, FALSE }, FALSE },
    { TRUE, 1000, "rocky kvm", { 0, LIBVIRT, 0140660, FALSE }, FALSE },
    { TRUE, 1000, "rocky kvm", { 0, 1000, 0140660, FALSE }, TRUE },
};

/* Each user has a group of his own number; "libvirt" has LIBVIRT. */
START_TEST(libvirt_lets_in)
{
    AqrHostUser user = { .exists = daemons[_i].exists, .uid = daemons[_i].uid };
    const guint32 gids[] = { daemons[_i].uid, LIBVIRT };
    guint n;

    user.groups = g_strsplit(daemons[_i].groups == NULL ? "" : daemons[_i].groups, " ", -1);
    n = aqr_host_user_is_in(&user, "libvirt") ? 2 : 1;
    user.gids = g_array_append_vals(g_array_new(FALSE, FALSE, sizeof *gids), gids, n);
    ck_assert_int_eq(aqr_host_user_may_use_libvirt(&user, &daemons[_i].socket), daemons[_i].let_in);
    aqr_host_user_clear(&user);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, libvirt_lets_in, 0, G_N_ELEMENTS(daemons));
}
