/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/domain.h"
#include "host/guest-link.h"

/* What of the guest reaches us: its consoles and, once there is an agent in it,
 * the link. It listens before the VM starts. */
typedef struct AqrGuest AqrGuest;

typedef struct {
    const char *socket_dir;
    const char *user, *password; /* for an image without a root shell; or NULL */
    GBytes *agent;               /* the program */
    /* What the first serial console prints, until the agent is there; or NULL. */
    void (*boot_text)(const char *bytes, gsize length, gpointer data);
    /* All that it prints; or NULL. */
    void (*console_text)(const char *bytes, gsize length, gpointer data);
    gpointer data;
} AqrGuestConfig;

/* @config is copied. AQR_ERROR_HOST. */
AqrGuest *aqr_guest_new(const AqrGuestConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_guest_free(AqrGuest *guest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGuest, aqr_guest_free)

/* The guest starts anew: what runs in it is lost, an agent must be brought. */
void aqr_guest_reset(AqrGuest *guest);

/* The agent has gone, the guest has not: as after a reset, but the shells that are
 * there have to be asked. */
void aqr_guest_renew(AqrGuest *guest);

/* The VM ended: what runs in it is lost. */
void aqr_guest_lose(AqrGuest *guest);

/* The guest was restored and runs: its agent is there, and is greeted. No shell is asked,
 * until the guest is reset or the agent has gone. */
void aqr_guest_greet(AqrGuest *guest);

/* Waits until the agent answers. AQR_ERROR_GUEST, with what the console said
 * last, when it does not, or @domain ends. */
gboolean aqr_guest_reach(AqrGuest *guest, const AqrDomain *domain, const AqrPatience *patience,
                         GError **error);

/* (transfer none) */
AqrGuestLink *aqr_guest_get_link(AqrGuest *guest);

/* Reads what the consoles have printed already. */
void aqr_guest_drain(AqrGuest *guest);

/* (transfer full): the last lines of the console. */
char *aqr_guest_console_tail(const AqrGuest *guest) G_GNUC_WARN_UNUSED_RESULT;
