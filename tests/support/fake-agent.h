/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A link, and who is at its other end: it writes what the test wants. All that either of
 * them sends has arrived when a function returns. */
#include "core/link-wire.h"
#include "host/guest-link.h"

#define FAKE_NONCE "0123456789abcdef"
#define FAKE_HELLO AQR_WIRE_MAGIC FAKE_NONCE

typedef struct {
    char *dir; /* the link's socket was there, and is gone once there is a connection */
    AqrGuestLink *link;
    int fd; /* the agent's end; -1 when it is not connected */
} FakeAgent;

/* Connected, and has said nothing. */
FakeAgent *fake_agent_new(void) G_GNUC_WARN_UNUSED_RESULT;
void fake_agent_free(FakeAgent *agent);

/* Another link, that nobody has connected to yet. */
void fake_agent_listen_anew(FakeAgent *agent);
void fake_agent_connect(FakeAgent *agent);
void fake_agent_hang_up(FakeAgent *agent);

/* Lets the link do what there is to do. */
void fake_agent_attend(void);

void fake_agent_say(const FakeAgent *agent, const void *bytes, gsize length);

/* What the server has sent since the last call, up to @size bytes. Returns how many. */
gsize fake_agent_hear(const FakeAgent *agent, char *bytes, gsize size);

/* The server brings @program. */
void fake_agent_bring(const FakeAgent *agent, const char *program);

/* It is brought, and says hello: the link is up. */
void fake_agent_come_up(const FakeAgent *agent);
