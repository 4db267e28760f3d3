/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the agent in the guest does with any frames, in pieces. Its processes are fake
 * ones, and so is what it asks the kernel about them (--wrap, in meson.build): nothing
 * is started, time passes when it is told to, and nobody sets a clock. A command whose name starts
 * with "-" cannot be started, one with "x" ends at once, others when all is over. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "commands.h"
#include "fuzz.h"
#include "process.h"
#include "renew.h"

#define MAX_PROCESSES 64
#define PIECE 256

typedef struct {
    gboolean ended, reaped;
} Fake;

static Fake processes[MAX_PROCESSES];
static int n_processes;
static time_t seconds;
static unsigned n_greetings, n_renewals, n_hellos;

/* --- the kernel's part ------------------------------------------------------- */

pid_t __wrap_waitpid(pid_t pid, int *wait_status, int options);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);

pid_t
__wrap_waitpid(G_GNUC_UNUSED pid_t pid, int *wait_status, G_GNUC_UNUSED int options)
{
    for (int i = 0; i < n_processes; i++) {
        if (processes[i].ended && !processes[i].reaped) {
            processes[i].reaped = TRUE;
            *wait_status = i << 8; /* exit(i) */
            return i + 1;
        }
    }
    return 0;
}

int
__wrap_clock_gettime(G_GNUC_UNUSED clockid_t clock, struct timespec *now)
{
    *now = (struct timespec){ .tv_sec = seconds };
    return 0;
}

/* --- helpers/agent/process.h ------------------------------------------------- */

struct Family {
    int dummy;
};

/* It writes its name to stdout, nothing to stderr, and reads nothing. */
int
process_start(const char *const argv[], bool terminal, Process *process)
{
    int ends[3][2];

    if (argv[0][0] == '-' || n_processes == MAX_PROCESSES)
        return ENOENT;
    for (int i = 0; i < 3; i++) {
        if (pipe2(ends[i], O_CLOEXEC | O_NONBLOCK) < 0)
            g_error("no pipes");
        process->fds[i] = ends[i][i == 0 ? 1 : 0];
    }
    if (write(ends[1][1], argv[0], strnlen(argv[0], 4096)) < 0)
        g_error("a new pipe takes nothing");
    for (int i = 0; i < 3; i++)
        close(ends[i][i == 0 ? 0 : 1]);
    if (terminal) {
        close(process->fds[2]);
        process->fds[2] = -1;
    }
    processes[n_processes] = (Fake){ .ended = argv[0][0] == 'x' };
    process->pid = ++n_processes;
    return 0;
}

int
process_exit_status(int wait_status)
{
    return wait_status >> 8;
}

Family *
family_find(G_GNUC_UNUSED pid_t pid)
{
    return calloc(1, sizeof(Family));
}

void
family_free(Family *family)
{
    free(family);
}

void
family_signal(G_GNUC_UNUSED const Family *family, G_GNUC_UNUSED int signal_number)
{
}

/* --- helpers/agent/renew.h --------------------------------------------------- */

/* An odd time cannot be set. */
bool
renew_clock(uint64_t time)
{
    n_greetings++;
    n_renewals += time % 2 == 0;
    return time % 2 == 0;
}

bool
renew_entropy(G_GNUC_UNUSED const uint8_t *seed, size_t length)
{
    g_assert(length == AQR_WIRE_SEED_LENGTH);
    return true;
}

/* --- the server's part --------------------------------------------------------- */

/* A whole frame, of the three kinds that it may send. */
static void
check_frame(const Buffer *out, AqrWireHeader *header)
{
    gboolean is_whole = buffer_length(out) >= AQR_WIRE_HEADER &&
                        aqr_wire_unpack(out->bytes + out->start, header) &&
                        buffer_length(out) >= AQR_WIRE_HEADER + header->length;

    g_assert(is_whole);
    g_assert(header->type == AQR_WIRE_DATA || header->type == AQR_WIRE_CREDIT ||
             header->type == AQR_WIRE_EXIT);
    g_assert(header->type != AQR_WIRE_DATA || header->length <= AQR_WIRE_MAX_DATA);
}

static gboolean
skip_hello(Buffer *out)
{
    gboolean found = buffer_length(out) >= AQR_WIRE_HELLO_LENGTH &&
                     memcmp(out->bytes + out->start, AQR_WIRE_MAGIC, AQR_WIRE_MAGIC_LENGTH) == 0;

    if (found) {
        n_hellos++;
        buffer_consume(out, AQR_WIRE_HELLO_LENGTH);
    }
    return found;
}

/* Takes what the agent sends: how many commands it says have ended. */
static unsigned
take_frames(Port *port)
{
    unsigned n_exits = 0;
    AqrWireHeader header;

    while (buffer_length(&port->out) > 0) {
        if (skip_hello(&port->out))
            continue;
        check_frame(&port->out, &header);
        n_exits += header.type == AQR_WIRE_EXIT;
        buffer_consume(&port->out, AQR_WIRE_HEADER + header.length);
    }
    return n_exits;
}

static unsigned
work(Commands *commands)
{
    AqrWireHeader header;
    const guint8 *payload;
    struct pollfd fds[3 * MAX_PROCESSES];

    port_read(commands->port);
    while (port_next(commands->port, &header, &payload))
        commands_handle(commands, &header, payload);
    commands_reap(commands);
    commands_step(commands);
    g_assert(commands_poll_fds(commands, fds, G_N_ELEMENTS(fds)) <= G_N_ELEMENTS(fds));
    return take_frames(commands->port);
}

/* All processes end, and the grace of those that are killed is over. */
static unsigned
end_all(Commands *commands)
{
    unsigned n_exits = 0;

    for (int i = 0; i < n_processes; i++)
        processes[i].ended = TRUE;
    commands_kill_all(commands);
    seconds += 60;
    for (int i = 0; i < 3; i++)
        n_exits += work(commands);
    return n_exits;
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    Port port = { .fd = -1 };
    Commands commands = { .port = &port };
    unsigned n_exits = 0;
    int ends[2];

    n_processes = 0;
    n_greetings = n_renewals = n_hellos = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        g_error("no sockets");
    port.fd = ends[0];
    for (gsize done = 0; done < length; done += PIECE) {
        if (write(ends[1], bytes + done, MIN(PIECE, length - done)) < 0)
            g_assert_not_reached(); /* the last piece has been read */
        n_exits += work(&commands);
    }
    n_exits += end_all(&commands);
    g_assert(n_greetings > 0 || n_exits >= (unsigned)n_processes); /* else some are forgotten */
    g_assert_cmpuint(n_hellos, <=, n_renewals);
    g_assert(commands.first == NULL);
    buffer_clear(&port.in);
    buffer_clear(&port.out);
    close(ends[0]);
    close(ends[1]);
    return 0;
}
