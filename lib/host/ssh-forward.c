/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/ssh-forward.h"

#include <libvirt/libvirt-qemu.h>

#define FIRST_PORT 10022
#define N_PORTS 50

/* What libvirt calls QEMU's half of a domain's first network device. */
#define NETDEV "hostnet0"

/* QEMU's user network has forwards, libvirt's description of it has not, so QEMU is
 * told. It binds the port itself: of two that want the same one at once, one goes on
 * to the next. Its answer is empty when all is well. */
unsigned
aqr_ssh_forward_open(AqrDomain *domain)
{
    for (unsigned port = FIRST_PORT; port < FIRST_PORT + N_PORTS; port++) {
        g_autofree char *command =
            g_strdup_printf("hostfwd_add " NETDEV " tcp:127.0.0.1:%u-:22", port);
        g_autofree char *answer = NULL;

        if (virDomainQemuMonitorCommand(aqr_domain_get_handle(domain), command, &answer,
                                        VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0)
            return 0;
        if (answer == NULL || *answer == '\0')
            return port;
    }
    return 0;
}
