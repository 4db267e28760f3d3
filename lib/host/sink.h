/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Writes to an fd that was handed to us, without ever blocking on it and
 * without changing flags that its other holders would see. */
typedef struct AqrSink AqrSink;

/* So many bytes have gone. @broken: nobody reads there; all that is written
 * from now on counts as gone. */
typedef void (*AqrSinkGone)(gsize length, gboolean broken, gpointer data);

AqrSink *aqr_sink_new(int fd, AqrSinkGone gone, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

/* Closes the fd. Calls nobody. */
void aqr_sink_free(AqrSink *sink);

void aqr_sink_write(AqrSink *sink, const void *bytes, gsize length);

/* Drops what has not gone yet. */
void aqr_sink_clear(AqrSink *sink);
gboolean aqr_sink_is_empty(const AqrSink *sink);

/* The error number of a write that failed for another reason than that nobody
 * reads there: a full disk. 0: none did. */
int aqr_sink_error(const AqrSink *sink);

/* A duplicate of @fd for reading or writing, non-blocking where the file can be
 * opened a second time (pipes and terminals can); closed by the caller. -1 and
 * errno when there is no fd to be had. */
int aqr_sink_open_fd(int fd, int mode) G_GNUC_WARN_UNUSED_RESULT;
