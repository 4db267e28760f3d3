/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qemu-event.h"

#include "core/json-value.h"

static JsonObject *
get_object(JsonNode *root)
{
    return root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
}

gboolean
aqr_qemu_event_port(const char *data, const char *id, gboolean *open)
{
    g_autoptr(JsonNode) root = json_from_string(data, NULL);
    JsonObject *object = get_object(root);
    JsonNode *device = aqr_json_value(object, "id", G_TYPE_STRING);
    JsonNode *state = aqr_json_value(object, "open", G_TYPE_BOOLEAN);

    if (device == NULL || state == NULL || !g_str_equal(json_node_get_string(device), id))
        return FALSE;
    *open = json_node_get_boolean(state);
    return TRUE;
}

char *
aqr_qemu_event_migration(const char *data)
{
    g_autoptr(JsonNode) root = json_from_string(data, NULL);
    JsonNode *status = aqr_json_value(get_object(root), "status", G_TYPE_STRING);

    return status == NULL ? NULL : g_strdup(json_node_get_string(status));
}
