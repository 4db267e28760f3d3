/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Which time zone a machine has, such as "Europe/Berlin"; NULL when nothing says
 * so. @tz is $TZ, which counts if it is the name of a zone; then comes the target
 * of the link /etc/localtime, then the text of /etc/timezone. Each may be NULL.
 * The name has no characters that are special to a shell, and no "..". */
char *aqr_time_zone_name(const char *tz, const char *localtime_target,
                         const char *timezone_text) G_GNUC_WARN_UNUSED_RESULT;
