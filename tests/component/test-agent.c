/* SPDX-License-Identifier: GPL-2.0-or-later */

/* test-agent FD NONCE: the agent for a test on this machine. It is made of the
 * agent's own modules, but it ends, with its commands, when the link goes; the
 * real one powers its machine off then. It stands in for the root shell too,
 * which skips what is on the port up to the nonce. What it would do to the machine
 * when it is greeted it notes in the file $AQR_TEST_RENEWED. */
#include <fcntl.h>
#include <inttypes.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "renew.h"
#include "serve.h"

/* --- helpers/agent/renew.h --------------------------------------------------- */

static FILE *
open_notes(void)
{
    const char *path = getenv("AQR_TEST_RENEWED");
    FILE *notes = path == NULL ? NULL : fopen(path, "ae");

    if (notes == NULL)
        abort();
    return notes;
}

bool
renew_clock(uint64_t time)
{
    FILE *notes = open_notes();

    fprintf(notes, "clock %" PRIu64 "\n", time);
    fclose(notes);
    return time != 0; /* which the test takes for a time that cannot be set */
}

bool
renew_entropy(const uint8_t *seed, size_t length)
{
    FILE *notes = open_notes();

    fputs("seed ", notes);
    for (size_t i = 0; i < length; i++)
        fprintf(notes, "%02x", seed[i]);
    fputs("\n", notes);
    fclose(notes);
    return true;
}

/* --- the agent ----------------------------------------------------------------- */

static int
open_signals(void)
{
    sigset_t signals;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Up to a line that is the nonce; the port blocks still. */
static void
skip_to(int fd, const char *nonce)
{
    char line[AQR_WIRE_NONCE_LENGTH + 2];
    size_t length = 0;
    char byte;

    while (read(fd, &byte, 1) == 1) {
        if (byte == '\n') {
            if (length == AQR_WIRE_NONCE_LENGTH && memcmp(line, nonce, length) == 0)
                return;
            length = 0;
        } else if (length < sizeof line) {
            line[length++] = byte;
        }
    }
    exit(EXIT_FAILURE);
}

/* Not main()'s: what they still hold at the end has not leaked. */
static Port port;
static Commands commands = { .port = &port };

int
main(int argc, char **argv)
{
    int signals = open_signals();

    if (argc != 3 || strlen(argv[2]) != AQR_WIRE_NONCE_LENGTH)
        return EXIT_FAILURE;
    port.fd = atoi(argv[1]);
    close_range(3, ~0u, CLOSE_RANGE_CLOEXEC); /* what the test leaves open is not ours */
    skip_to(port.fd, argv[2]);
    fcntl(port.fd, F_SETFL, O_NONBLOCK);
    port_send_hello(&port, argv[2]);
    port_write(&port);
    serve(&commands, signals);
    commands_kill_all(&commands);
    return EXIT_SUCCESS;
}
