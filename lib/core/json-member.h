/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* A member of the object that @builder has open, in one call. What is read is core/json-value's
 * business. */

/* @value: NULL for null. */
void aqr_json_add_string(JsonBuilder *builder, const char *name, const char *value);
void aqr_json_add_number(JsonBuilder *builder, const char *name, gint64 value);
