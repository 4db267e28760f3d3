/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <json-glib/json-glib.h>

/* What other programs' JSON may or may not hold: json-glib's own getters call a
 * member of another type the caller's mistake. */

/* (transfer none): the member @name of @object if it is a value of @type; NULL when
 * there is none, and for an @object that is NULL. */
JsonNode *aqr_json_value(JsonObject *object, const char *name, GType type);
