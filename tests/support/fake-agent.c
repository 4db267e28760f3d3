/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake-agent.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

static char *
socket_path(const FakeAgent *agent)
{
    return g_build_filename(agent->dir, "link", NULL);
}

static void
listen_for(FakeAgent *agent)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = socket_path(agent);

    agent->link = aqr_guest_link_new(path, &error);
    ck_assert_no_error(error);
}

static void
disconnect(FakeAgent *agent)
{
    if (agent->fd >= 0)
        close(agent->fd);
    agent->fd = -1;
}

FakeAgent *
fake_agent_new(void)
{
    FakeAgent *agent = g_new0(FakeAgent, 1);

    agent->fd = -1;
    agent->dir = test_make_dir();
    listen_for(agent);
    fake_agent_connect(agent);
    return agent;
}

void
fake_agent_free(FakeAgent *agent)
{
    aqr_guest_link_free(agent->link);
    disconnect(agent);
    test_remove_dir(agent->dir);
    g_free(agent);
}

void
fake_agent_listen_anew(FakeAgent *agent)
{
    aqr_guest_link_free(agent->link);
    disconnect(agent);
    listen_for(agent);
}

void
fake_agent_connect(FakeAgent *agent)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *path = socket_path(agent);

    agent->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    ck_assert_uint_lt(g_strlcpy(address.sun_path, path, sizeof address.sun_path),
                      sizeof address.sun_path);
    ck_assert_int_eq(connect(agent->fd, (struct sockaddr *)&address, sizeof address), 0);
    fake_agent_attend();
}

void
fake_agent_hang_up(FakeAgent *agent)
{
    disconnect(agent);
    fake_agent_attend();
}

void
fake_agent_attend(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

void
fake_agent_say(const FakeAgent *agent, const void *bytes, gsize length)
{
    ck_assert_int_eq(write(agent->fd, bytes, length), (ssize_t)length);
    fake_agent_attend();
}

gsize
fake_agent_hear(const FakeAgent *agent, char *bytes, gsize size)
{
    ssize_t got = read(agent->fd, bytes, size);

    return (gsize)MAX(got, 0);
}

void
fake_agent_bring(const FakeAgent *agent, const char *program)
{
    g_autoptr(GBytes) bytes = g_bytes_new(program, strlen(program));

    aqr_guest_link_bring(agent->link, bytes, FAKE_NONCE);
    fake_agent_attend();
}

void
fake_agent_come_up(const FakeAgent *agent)
{
    char heard[64];

    fake_agent_bring(agent, "");
    fake_agent_hear(agent, heard, sizeof heard);
    fake_agent_say(agent, FAKE_HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(aqr_guest_link_is_up(agent->link));
}
