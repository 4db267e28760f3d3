/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* (transfer full): @text as a part of a unit's name, as systemd-escape(1) writes it and
 * systemd.unit(5) says: "amd64+gfx1030" becomes "amd64\x2bgfx1030". */
char *aqr_unit_name_escape(const char *text) G_GNUC_WARN_UNUSED_RESULT;
