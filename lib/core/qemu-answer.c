/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qemu-answer.h"

#include "base/error.h"
#include "base/printable.h"
#include "core/json-value.h"

static JsonObject *
get_object(JsonObject *object, const char *name)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static void
refuse(JsonObject *object, const char *answer, GError **error)
{
    JsonNode *words = aqr_json_value(get_object(object, "error"), "desc", G_TYPE_STRING);
    g_autofree char *shown = aqr_printable(words == NULL ? answer : json_node_get_string(words));

    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "QEMU says \"%.200s\"", shown);
}

/* (transfer full): what holds the answer; its object in *@object. */
static JsonNode *
parse(const char *answer, JsonObject **object, GError **error)
{
    g_autoptr(JsonNode) root = json_from_string(answer, NULL);

    *object = root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    if (*object != NULL && json_object_has_member(*object, "return"))
        return g_steal_pointer(&root);
    refuse(*object, answer, error);
    return NULL;
}

gboolean
aqr_qemu_answer_check(const char *answer, GError **error)
{
    JsonObject *object;
    g_autoptr(JsonNode) root = parse(answer, &object, error);

    return root != NULL;
}

char *
aqr_qemu_answer_migration(const char *answer, char **why, GError **error)
{
    JsonObject *object, *told;
    g_autoptr(JsonNode) root = parse(answer, &object, error);
    JsonNode *status, *words;

    if (root == NULL)
        return NULL;
    told = get_object(object, "return");
    status = aqr_json_value(told, "status", G_TYPE_STRING);
    words = aqr_json_value(told, "error-desc", G_TYPE_STRING);
    if (status == NULL) {
        refuse(NULL, answer, error);
        return NULL;
    }
    *why = words == NULL ? NULL : g_strdup(json_node_get_string(words));
    return g_strdup(json_node_get_string(status));
}
