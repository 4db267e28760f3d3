/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "testbed/testbed.h"

/* One conversation with autopkgtest, as README.virtualisation-server defines
 * it. A session reads and writes strings; serve.c knows about files. */
typedef struct AqrSession AqrSession;

/* @testbed is borrowed. */
AqrSession *aqr_session_new(AqrTestbed *testbed) G_GNUC_WARN_UNUSED_RESULT;
void aqr_session_free(AqrSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrSession, aqr_session_free)

/* What the server says first. */
const char *aqr_session_greeting(void);

/* Answers one line; neither has a newline. An empty answer is none. NULL and
 * @error end the session: AQR_ERROR_PROTOCOL is the caller's mistake. */
char *aqr_session_answer(AqrSession *session, const char *line,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The caller has said "quit". */
gboolean aqr_session_is_over(const AqrSession *session);
