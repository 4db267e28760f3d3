/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "host/stop.h"

/* The one way to wait: until something holds, while everything else that this
 * process attends to goes on in the default main context. */

/* How long to wait, and who may cut it short. */
typedef struct {
    gint64 until;        /* g_get_monotonic_time(); 0: as long as it takes */
    const AqrStop *stop; /* NULL: nobody may; for cleaning up */
} AqrPatience;

/* A patience of @timeout microseconds from now; 0: without end. */
AqrPatience aqr_patience(gint64 timeout, const AqrStop *stop);

gboolean aqr_patience_is_over(const AqrPatience *patience);

/* Whether what is waited for holds. Called after everything that happens. */
typedef gboolean (*AqrPredicate)(gpointer data);

/* Waits until @predicate holds. @what is named in the error: "the guest's
 * agent". AQR_ERROR_GUEST when the patience is over, AQR_ERROR_STOPPED. */
gboolean aqr_wait_until(AqrPredicate predicate, gpointer data, const char *what,
                        const AqrPatience *patience, GError **error);
