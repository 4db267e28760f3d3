/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* One thing that has happened to a testbed, for those who look into a run that is over. */
typedef struct {
    const char *name;    /* "vm-start" */
    gint64 time;         /* microseconds since 1970, UTC */
    gint64 at;           /* microseconds since the story began */
    gint64 duration;     /* microseconds that it took; 0: it took none, or nobody measured */
    unsigned vm;         /* which of the testbed's VMs, from 1 on; 0: there was none yet */
    const char *message; /* NULL: none */
    const char *error;   /* why it failed; NULL: it did not */
    const char *details; /* a JSON object, whose members go into the event's; NULL: none */
} AqrEvent;

/* A JSON object of one line, without its end. Messages may be anybody's: what is no UTF-8 in them
 * is replaced, and they are cut after 4000 bytes. Transfer full. */
char *aqr_event_json(const AqrEvent *event) G_GNUC_WARN_UNUSED_RESULT;

/* "2026-11-22T23:45:01.042Z", of microseconds since 1970; transfer full. */
char *aqr_event_time(gint64 time) G_GNUC_WARN_UNUSED_RESULT;
