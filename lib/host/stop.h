/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Who may tell the program to stop: SIGTERM, SIGHUP, SIGINT, SIGQUIT, and
 * whoever calls aqr_stop_request(). One to a process. It only notes it; what
 * waits with a patience is cut short, and the program cleans up and goes. */
typedef struct AqrStop AqrStop;

/* Takes the signals over, but for those that are ignored (nohup), and ignores SIGPIPE.
 * AQR_ERROR_HOST. */
AqrStop *aqr_stop_new(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Gives the signals back. */
void aqr_stop_free(AqrStop *stop);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrStop, aqr_stop_free)

/* From here on a second signal, half a second after the first or later, ends this process at once,
 * by its default action, even if a call into libvirt never returns; @argv (transfer none) is run to
 * its end before. NULL: a second signal is like the first. */
void aqr_stop_set_last_resort(const char *const *argv);

/* @reason is what an error says: "the caller has gone". The first one counts. */
void aqr_stop_request(AqrStop *stop, const char *reason);

/* NULL while nobody wants us to stop. NULL is fine for @stop. */
const char *aqr_stop_reason(const AqrStop *stop);

/* The signal that told us to, or 0. */
int aqr_stop_signal(const AqrStop *stop);
