/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-testbed-exec SOCKET COMMAND [ARGUMENT...]: runs a command in the testbed
 * of the server that listens on SOCKET. The server reads and writes this
 * program's stdin, stdout and stderr itself; when this program dies, by
 * whatever signal, the command is killed in the guest. autopkgtest starts
 * hundreds of these: it links nothing but libc. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/exec-wire.h"
#include "core/link-wire.h"

static void
fail(const char *what)
{
    fprintf(stderr, "rocm-testbed-exec: %s: %s\n", what, strerror(errno));
    exit(AQR_EXEC_STATUS_FAILED);
}

static int
connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path)
        errno = ENAMETOOLONG;
    if (fd < 0 || strlen(path) >= sizeof address.sun_path)
        fail(path);
    memcpy(address.sun_path, path, strlen(path) + 1);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail(path);
    return fd;
}

/* A closed one would shift the others: the server gets three in any case. */
static void
open_missing_fds(void)
{
    int fd;

    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= 2);
    if (fd > 2)
        close(fd);
}

static void
send_fds(int server)
{
    int fds[3] = { 0, 1, 2 };
    char byte = 0;
    struct iovec data = { &byte, 1 };
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof fds)];
    } control = { 0 };
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };

    control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fds),
                                       .cmsg_level = SOL_SOCKET,
                                       .cmsg_type = SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.header), fds, sizeof fds);
    if (sendmsg(server, &message, MSG_NOSIGNAL) != 1)
        fail("the server does not listen");
}

static void
send_all(int server, const void *bytes, size_t length)
{
    const char *rest = bytes;

    while (length > 0) {
        ssize_t sent = send(server, rest, length, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            fail("the server does not listen");
        if (sent > 0) {
            rest += sent;
            length -= (size_t)sent;
        }
    }
}

/* The kernel lays the arguments out as the server wants them: one after the
 * other, each ended by a NUL. */
static void
send_arguments(int server, char **argv, int n)
{
    size_t length = (size_t)(argv[n - 1] + strlen(argv[n - 1]) + 1 - argv[0]);
    uint8_t number[4];

    aqr_wire_put32(number, (uint32_t)length);
    send_all(server, number, sizeof number);
    send_all(server, argv[0], length);
}

/* Bytes until the server closes, at most @length. */
static size_t
receive(int server, void *bytes, size_t length)
{
    size_t got = 0;

    while (got < length) {
        ssize_t n = read(server, (char *)bytes + got, length - got);

        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        if (n > 0)
            got += (size_t)n;
    }
    return got;
}

int
main(int argc, char **argv)
{
    uint8_t number[4];
    char why[512];
    int server;
    size_t n;

    if (argc < 3) {
        fputs("usage: rocm-testbed-exec SOCKET COMMAND [ARGUMENT...]\n", stderr);
        return AQR_EXEC_STATUS_FAILED;
    }
    open_missing_fds();
    server = connect_to(argv[1]);
    send_fds(server);
    send_arguments(server, argv + 2, argc - 2);
    if (receive(server, number, sizeof number) < sizeof number) {
        fputs("rocm-testbed-exec: the testbed has gone\n", stderr);
        return AQR_EXEC_STATUS_FAILED;
    }
    n = receive(server, why, sizeof why);
    if (n > 0)
        fprintf(stderr, "rocm-testbed-exec: %.*s\n", (int)n, why);
    return (int)aqr_wire_get32(number);
}
