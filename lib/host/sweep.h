/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Removes what servers that were killed have left in @parent: directories of
 * host/workdir whose lock nobody holds, with the QEMU that works in them. That QEMU
 * would else stay for ever when there was no agent in its guest yet. Only what is this
 * user's is touched. @note gets a line for the log for each. */
void aqr_sweep(const char *parent, void (*note)(const char *text, gpointer data), gpointer data);
