/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* /etc/subuid and /etc/subgid, as subuid(5) has them: who may use which ids in a user
 * namespace of his. Lines that are none are passed over. */

#define AQR_SUBID_COUNT 65536u

/* Whether a user has at least AQR_SUBID_COUNT of them in one piece. */
gboolean aqr_subid_has(const char *text, const char *name, guint32 uid);

/* The first id behind all that are given away, from 100000 on; 0: there is no room for
 * AQR_SUBID_COUNT more. */
guint32 aqr_subid_next(const char *text);
