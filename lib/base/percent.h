/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* The coding of words on autopkgtest's wire: what Python's urllib.parse.quote()
 * and unquote() do, which autopkgtest uses. */

/* All bytes but A-Z a-z 0-9 _ . - ~ / become %XX. */
char *aqr_percent_encode(const char *text) G_GNUC_WARN_UNUSED_RESULT;

/* A malformed escape stays as it is. NULL when the result holds a NUL byte,
 * which no path and no argument can, or is not UTF-8. */
char *aqr_percent_decode(const char *word) G_GNUC_WARN_UNUSED_RESULT;
