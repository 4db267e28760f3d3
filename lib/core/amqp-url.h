/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Where debci's queues are: amqp://[USER:PASSWORD@]HOST[:PORT][/VHOST]. No message here has
 * anything of it, as it may be wrong because of its password. */

/* AQR_ERROR_USAGE for what is no such URL, or has a character that debci's scripts, which
 * do not quote it, would understand as something else. */
gboolean aqr_amqp_url_check(const char *url, GError **error);

/* Of one that is good. */
gboolean aqr_amqp_url_has_password(const char *url);

/* (transfer full): the same with stars for the password. */
char *aqr_amqp_url_mask(const char *url) G_GNUC_WARN_UNUSED_RESULT;
