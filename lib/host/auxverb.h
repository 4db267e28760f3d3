/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/guest-link.h"

/* The server's side of rocm-testbed-exec (core/exec-wire.h): any number of
 * commands at once, each with the fds of the process that asked for it. */
typedef struct AqrAuxverb AqrAuxverb;

/* Finds the way to the guest; NULL: there is none now. */
typedef AqrGuestLink *(*AqrAuxverbFindLink)(gpointer data);

/* Listens on @path. AQR_ERROR_HOST. */
AqrAuxverb *aqr_auxverb_new(const char *path, AqrAuxverbFindLink find_link, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Kills what still runs. */
void aqr_auxverb_free(AqrAuxverb *auxverb);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrAuxverb, aqr_auxverb_free)
