/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What somebody says where rocm-testbed-exec would: the input's first byte is how many
 * fds come along, its second where the rest is cut in two. The guest's agent listens. */
#include "host/auxverb.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "peer.h"

#define NONCE "0123456789abcdef"
#define HELLO AQR_WIRE_MAGIC NONCE
#define MAX_FDS 5

typedef struct {
    AqrGuestLink *link;
    AqrAuxverb *auxverb;
    int agent;
    int client;
} Scene;

static AqrGuestLink *
find_link(gpointer data)
{
    return ((Scene *)data)->link;
}

static void
set_scene(Scene *scene)
{
    g_autoptr(GBytes) program = g_bytes_new("", 0);

    scene->link = aqr_guest_link_new(fuzz_socket_path(), NULL);
    scene->agent = fuzz_connect(fuzz_socket_path());
    fuzz_attend();
    aqr_guest_link_bring(scene->link, program, NONCE);
    fuzz_say(scene->agent, HELLO, AQR_WIRE_HELLO_LENGTH);
    g_assert(aqr_guest_link_is_up(scene->link));
    scene->auxverb = aqr_auxverb_new(fuzz_socket_path(), find_link, scene, NULL);
    scene->client = fuzz_connect(fuzz_socket_path());
    fuzz_attend();
}

static void
send_fds(int client, unsigned n)
{
    char byte = 0;
    struct iovec data = { &byte, 1 };
    union {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(MAX_FDS * sizeof(int))];
    } control = { 0 };
    struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    int fds[MAX_FDS] = { nowhere, nowhere, nowhere, nowhere, nowhere };

    if (n > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n * sizeof(int));
        control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n * sizeof(int)),
                                           .cmsg_level = SOL_SOCKET,
                                           .cmsg_type = SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
    }
    if (sendmsg(client, &message, MSG_NOSIGNAL) < 0)
        g_assert_not_reached(); /* a first byte always fits in */
    close(nowhere);
    fuzz_attend();
}

/* The guest's agent says that the first command has ended. */
static void
end_command(int agent)
{
    AqrWireHeader header = { .length = 4, .stream = 1, .type = AQR_WIRE_EXIT };
    guint8 frame[AQR_WIRE_HEADER + 4] = { 0 };

    aqr_wire_pack(frame, &header);
    fuzz_say(agent, frame, sizeof frame);
}

static void
clear_scene(Scene *scene)
{
    close(scene->client);
    fuzz_attend();
    aqr_auxverb_free(scene->auxverb);
    aqr_guest_link_free(scene->link);
    close(scene->agent);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    int free_fd = fuzz_free_fd();
    Scene scene = { 0 };
    gsize cut;

    if (length < 2)
        return 0;
    cut = MIN(bytes[1], length - 2);
    set_scene(&scene);
    send_fds(scene.client, bytes[0] % (MAX_FDS + 1));
    fuzz_say(scene.client, bytes + 2, cut);
    fuzz_say(scene.client, bytes + 2 + cut, length - 2 - cut);
    fuzz_drain(scene.agent);
    if ((bytes[0] & 0x80) != 0)
        end_command(scene.agent);
    clear_scene(&scene);
    g_assert_cmpint(fuzz_free_fd(), ==, free_fd);
    return 0;
}
