/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What an agent gone mad sends, on the socket that it would use. */
#include "host/guest-command.h"

#include <fcntl.h>
#include <unistd.h>

#include "fuzz.h"
#include "peer.h"

#define NONCE "0123456789abcdef"
#define HELLO AQR_WIRE_MAGIC NONCE

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
    fuzz_say(agent, bytes, length);
    close(nowhere);
    close(agent);
    fuzz_attend();
    g_assert(ended[0] && ended[1]);
    g_assert(!aqr_guest_link_is_up(link));
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autoptr(AqrGuestLink) link = aqr_guest_link_new(fuzz_socket_path(), NULL);
    g_autoptr(GBytes) program = g_bytes_new("", 0);
    int agent;

    g_assert(link != NULL);
    agent = fuzz_connect(fuzz_socket_path());
    fuzz_attend();
    aqr_guest_link_bring(link, program, NONCE);
    fuzz_say(agent, HELLO, AQR_WIRE_HELLO_LENGTH);
    g_assert(aqr_guest_link_is_up(link));
    talk(link, agent, bytes, length);
    return 0;
}
