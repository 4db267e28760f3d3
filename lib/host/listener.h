/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A unix socket on which QEMU, or an auxverb, connects to us. */
typedef struct AqrListener AqrListener;

/* Somebody connected: @fd is the callee's, close-on-exec and non-blocking. */
typedef void (*AqrAccepted)(int fd, gpointer data);

/* Who may connect; anybody else is hung up on. */
typedef enum {
    AQR_PEERS_OWN,  /* root, and the user that we run as */
    AQR_PEERS_QEMU, /* them, and the user that libvirtd runs QEMU as */
} AqrPeers;

/* Listens on @path, which must not exist yet. AQR_ERROR_HOST. */
AqrListener *aqr_listener_new(const char *path, AqrPeers peers, AqrAccepted accepted, gpointer data,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the socket from its directory too. */
void aqr_listener_free(AqrListener *listener);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrListener, aqr_listener_free)
