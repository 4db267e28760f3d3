/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-testbed-agent: the server's hand in the guest. The server types a line
 * at the guest's root shell that brings this program in through the very port
 * on which it then listens: rocm-testbed-agent [--background] PORT NONCE.
 *
 * It needs nothing of the guest but a kernel: no libraries, no python, no
 * network. When the server's end of the port goes away it powers the guest off
 * after a grace period, so that nothing is left running that nobody watches. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"
#include "serve.h"

#define ORPHAN_GRACE_MS 5000
#define POWEROFF_MS 60000

/* What commands run with: autopkgtest passes no environment of its own. */
static const char *const environment[][2] = {
    { "HOME", "/root" },
    { "LANG", "C.UTF-8" },
    { "PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
    { "SHELL", "/bin/sh" },
    { "TERM", "vt220" },
};

static void
set_environment(void)
{
    clearenv();
    for (size_t i = 0; i < sizeof environment / sizeof *environment; i++)
        setenv(environment[i][0], environment[i][1], 1);
    umask(022);
    if (chdir("/") < 0)
        abort();
}

/* stdin, stdout and stderr were the root shell's terminal. */
static void
let_go_of_terminal(void)
{
    int nowhere = open("/dev/null", O_RDWR);

    for (int fd = 0; fd <= 2; fd++)
        dup2(nowhere, fd);
    if (nowhere > 2)
        close(nowhere);
}

static void
go_to_background(void)
{
    pid_t pid = fork();

    if (pid != 0)
        _exit(pid < 0 ? 1 : 0);
    setsid();
}

/* SIGCHLD: a command ended. SIGIO: somebody came to or left the port's other end. */
static int
open_signals(void)
{
    sigset_t signals;

    signal(SIGHUP, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGIO);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int
open_port(const char *path)
{
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return -1;
    fcntl(fd, F_SETOWN, getpid());
    fcntl(fd, F_SETFL, O_NONBLOCK | O_ASYNC);
    return fd;
}

/* The file that the server made is not needed while the program runs. */
static void
remove_own_file(void)
{
    char path[256];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (length > 0) {
        path[length] = '\0';
        unlink(path);
    }
}

static void
power_off(Commands *commands, int signals)
{
    static const char *const ways[][3] = { { "systemctl", "poweroff" }, { "poweroff" } };
    Process process;

    commands_kill_all(commands);
    if (process_start(ways[0], false, &process) == 0 ||
        process_start(ways[1], false, &process) == 0)
        serve_alone(commands, signals, POWEROFF_MS, false);
    sync();
    reboot(RB_POWER_OFF);
}

int
main(int argc, char **argv)
{
    bool background = argc > 1 && strcmp(argv[1], "--background") == 0;
    char **operands = argv + 1 + background;
    Port port = { .fd = -1 };
    Commands commands = { .port = &port };
    int signals;

    if (argc != 3 + background || strlen(operands[1]) != AQR_WIRE_NONCE_LENGTH) {
        fputs("usage: rocm-testbed-agent [--background] PORT NONCE\n", stderr);
        return 2;
    }
    if (background)
        go_to_background();
    signals = open_signals();
    port.fd = open_port(operands[0]);
    if (port.fd < 0 || signals < 0) {
        fprintf(stderr, "rocm-testbed-agent: %s: %s\n", operands[0], strerror(errno));
        return 1;
    }
    remove_own_file();
    set_environment();
    let_go_of_terminal();
    port_send_hello(&port, operands[1]);
    port_write(&port);
    do {
        serve(&commands, signals);
    } while (serve_alone(&commands, signals, ORPHAN_GRACE_MS, true));
    power_off(&commands, signals);
    return 1;
}
