/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What an agent gone mad sends, on the socket that it would use. */
#include "host/guest-command.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"

#define NONCE "0123456789abcdef"
#define HELLO AQR_WIRE_MAGIC NONCE

static const char *
socket_path(void)
{
    static char *path;

    if (path == NULL)
        path = g_strdup_printf("%s/aqr-fuzz.%d", g_get_tmp_dir(), (int)getpid());
    return path;
}

static int
connect_agent(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, socket_path(), sizeof address.sun_path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        g_error("cannot connect to %s", address.sun_path);
    return fd;
}

static void
attend(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static void
say(int agent, const void *bytes, gsize length)
{
    if (length > 0 && write(agent, bytes, length) < 0)
        g_assert_not_reached(); /* it is never more than the socket takes */
    attend();
}

/* Nothing may end twice, nor after it was killed. */
static void
note_end(G_GNUC_UNUSED int status, gpointer data)
{
    gboolean *ended = data;

    g_assert(!*ended);
    *ended = TRUE;
}

static void
talk(AqrGuestLink *link, int agent, const guint8 *bytes, gsize length)
{
    static const char *const argv[] = { "true", NULL };
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    const int fds[3] = { -1, nowhere, nowhere };
    gboolean ended[2] = { FALSE, FALSE };

    for (int i = 0; i < 2; i++)
        aqr_guest_command_start(link, argv, FALSE, fds, note_end, &ended[i]);
    say(agent, bytes, MIN(length, 65536));
    close(nowhere);
    close(agent);
    attend();
    g_assert(ended[0] && ended[1]);
    g_assert(!aqr_guest_link_is_up(link));
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autoptr(AqrGuestLink) link = aqr_guest_link_new(socket_path(), NULL);
    g_autoptr(GBytes) program = g_bytes_new("", 0);
    int agent;

    g_assert(link != NULL);
    agent = connect_agent();
    attend();
    aqr_guest_link_bring(link, program, NONCE);
    say(agent, HELLO, AQR_WIRE_HELLO_LENGTH);
    g_assert(aqr_guest_link_is_up(link));
    talk(link, agent, bytes, length);
    return 0;
}
