/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/ssh-forward.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libvirt/libvirt-qemu.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"

#define FIRST_PORT 10022
#define N_PORTS 50

/* What libvirt calls QEMU's half of a domain's first network device. */
#define NETDEV "hostnet0"

gboolean
aqr_ssh_forward_check(unsigned port, GError **error)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((guint16)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int failed = 0;

    /* As QEMU does it. */
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0 ||
        bind(fd, (const struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
        failed = errno;
    if (fd >= 0)
        close(fd);
    if (failed == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "port %u of 127.0.0.1: %s; choose another", port,
                g_strerror(failed));
    return FALSE;
}

/* QEMU's user network has forwards, libvirt's description of it has not, so QEMU is
 * told. Its answer (transfer full) is empty when all is well; NULL: it could not be told. */
static char *
forward(AqrDomain *domain, unsigned port)
{
    g_autofree char *command = g_strdup_printf("hostfwd_add " NETDEV " tcp:127.0.0.1:%u-:22", port);
    char *answer = NULL;

    if (virDomainQemuMonitorCommand(aqr_domain_get_handle(domain), command, &answer,
                                    VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0)
        return NULL;
    return answer == NULL ? g_strdup("") : answer;
}

gboolean
aqr_ssh_forward_open_port(AqrDomain *domain, unsigned port, GError **error)
{
    g_autofree char *answer = forward(domain, port);

    if (answer != NULL && *answer == '\0')
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot forward port %u of 127.0.0.1: %s", port,
                answer == NULL ? "QEMU does not answer" : g_strchomp(answer));
    return FALSE;
}

/* QEMU binds the port itself: of two that want the same one at once, one goes on to the next. */
unsigned
aqr_ssh_forward_open(AqrDomain *domain)
{
    for (unsigned port = FIRST_PORT; port < FIRST_PORT + N_PORTS; port++) {
        g_autofree char *answer = forward(domain, port);

        if (answer == NULL)
            return 0;
        if (*answer == '\0')
            return port;
    }
    return 0;
}
