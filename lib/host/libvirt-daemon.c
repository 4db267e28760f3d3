/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/libvirt-daemon.h"

#include <unistd.h>

#include "host/host-facts.h"
#include "host/host-user.h"

static gboolean
is_for_us(const char *socket)
{
    g_autofree char *uid = g_strdup_printf("%u", geteuid());
    AqrHostNode node = { 0 };
    AqrHostUser user = { 0 };
    gboolean may;

    if (access(socket, R_OK | W_OK) < 0)
        return FALSE;
    aqr_host_node_look("/", socket, &node);
    aqr_host_user_look_up(uid, &user, NULL);
    may = aqr_host_user_may_use_libvirt(&user, &node.owner);
    aqr_host_user_clear(&user);
    aqr_host_node_clear(&node);
    return may;
}

gboolean
aqr_libvirt_daemon_is_for_us(void)
{
    return is_for_us("/run/libvirt/libvirt-sock") || is_for_us("/run/libvirt/virtqemud-sock");
}
