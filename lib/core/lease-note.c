/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/lease-note.h"

#include "base/printable.h"
#include "core/json-member.h"
#include "core/json-value.h"

#define MAX_WORDS 200 /* bytes, of a program or a purpose */

static void
add_string(JsonBuilder *builder, const char *name, const char *value)
{
    g_autofree char *text = aqr_printable_line(value, MAX_WORDS);

    aqr_json_add_string(builder, name, text);
}

char *
aqr_lease_note_to_string(const AqrLeaseNote *note)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    aqr_json_add_number(builder, "pid", note->pid);
    aqr_json_add_number(builder, "start", (gint64)note->start);
    add_string(builder, "program", note->program);
    add_string(builder, "purpose", note->purpose);
    aqr_json_add_number(builder, "since", note->since);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    return g_strconcat(text, "\n", NULL);
}

static gint64
get_number(JsonObject *object, const char *name)
{
    JsonNode *node = aqr_json_value(object, name, G_TYPE_INT64);

    return node == NULL ? 0 : MAX(json_node_get_int(node), 0);
}

static char *
get_string(JsonObject *object, const char *name)
{
    JsonNode *node = aqr_json_value(object, name, G_TYPE_STRING);

    return aqr_printable_line(node == NULL ? "" : json_node_get_string(node), MAX_WORDS);
}

gboolean
aqr_lease_note_parse(const char *text, AqrLeaseNote *note)
{
    g_autoptr(JsonNode) root =
        g_utf8_validate(text, -1, NULL) ? json_from_string(text, NULL) : NULL;
    JsonObject *object =
        root != NULL && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;
    gint64 pid = get_number(object, "pid");

    if (pid <= 0 || pid > G_MAXINT)
        return FALSE;
    *note = (AqrLeaseNote){
        .pid = (int)pid,
        .start = (guint64)get_number(object, "start"),
        .program = get_string(object, "program"),
        .purpose = get_string(object, "purpose"),
        .since = get_number(object, "since"),
    };
    return TRUE;
}

void
aqr_lease_note_clear(AqrLeaseNote *note)
{
    g_free(note->program);
    g_free(note->purpose);
    *note = (AqrLeaseNote){ 0 };
}
