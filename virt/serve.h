/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/stop.h"
#include "session.h"

/* Holds the conversation over stdin and stdout, until the caller says "quit"
 * (TRUE), goes away, breaks the protocol, or a signal comes (FALSE). stdin is
 * read at all times, so that a caller that goes while something takes its time
 * is noticed: it ends what is going on through @stop. */
gboolean aqr_serve(AqrSession *session, AqrStop *stop, GError **error);
