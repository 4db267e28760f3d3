/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/json-value.h"

JsonNode *
aqr_json_value(JsonObject *object, const char *name, GType type)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_VALUE(node) && json_node_get_value_type(node) == type
               ? node
               : NULL;
}
