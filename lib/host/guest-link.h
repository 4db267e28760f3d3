/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/link-wire.h"

/* The server's end of the link to the agent (core/link-wire.h): it carries
 * frames to and from the streams of commands. What a command is, is
 * host/guest-command's business. */
typedef struct AqrGuestLink AqrGuestLink;

/* Listens on @path for QEMU. AQR_ERROR_HOST. */
AqrGuestLink *aqr_guest_link_new(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_guest_link_free(AqrGuestLink *link);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGuestLink, aqr_guest_link_free)

/* Sends @program, an agent, to whoever reads the port, and takes the link up
 * when one says hello with @nonce. */
void aqr_guest_link_bring(AqrGuestLink *link, GBytes *program, const char *nonce);

/* The same for an agent that is there already, in a guest that was restored: greets it
 * (AQR_WIRE_GREET), with the host's time, as soon as QEMU is connected. */
void aqr_guest_link_greet(AqrGuestLink *link, const char *nonce);

gboolean aqr_guest_link_is_up(const AqrGuestLink *link);

/* The guest has gone or starts anew: every stream is told that it is lost. */
void aqr_guest_link_drop(AqrGuestLink *link);

/* A frame for the stream; @header is NULL when the stream is lost. It may remove
 * the stream. FALSE: no agent of ours sends that, and the link is dropped. */
typedef gboolean (*AqrLinkReceive)(const AqrWireHeader *header, const guint8 *payload,
                                   gpointer data);

/* Opens a stream: its number. */
guint32 aqr_guest_link_add(AqrGuestLink *link, AqrLinkReceive receive, gpointer data);
void aqr_guest_link_remove(AqrGuestLink *link, guint32 stream);

void aqr_guest_link_send(AqrGuestLink *link, AqrWireType type, guint32 stream, guint8 channel,
                         const void *payload, gsize length);
