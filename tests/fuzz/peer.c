/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "peer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

const char *
fuzz_socket_path(void)
{
    static char path[64];

    if (*path == '\0')
        g_snprintf(path, sizeof path, "%s/aqr-fuzz.%d", g_get_tmp_dir(), (int)getpid());
    return path;
}

int
fuzz_connect(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        g_error("cannot connect to %s", address.sun_path);
    return fd;
}

void
fuzz_attend(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

void
fuzz_say(int fd, const void *bytes, gsize length)
{
    if (length > 0 && send(fd, bytes, MIN(length, 65536), MSG_NOSIGNAL) < 0) {
        /* The other end has had enough of it. */
    }
    fuzz_attend();
}

void
fuzz_drain(int fd)
{
    char bytes[4096];

    while (read(fd, bytes, sizeof bytes) > 0)
        fuzz_attend();
}

int
fuzz_free_fd(void)
{
    int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

    close(fd);
    return fd;
}
