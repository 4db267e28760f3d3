/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/event.h"

#include <string.h>

#include <json-glib/json-glib.h>

#define MAX_MESSAGE 4000

char *
aqr_event_time(gint64 time)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(time / G_USEC_PER_SEC);
    g_autofree char *text = g_date_time_format(seconds, "%Y-%m-%dT%H:%M:%S");

    return g_strdup_printf("%s.%03dZ", text, (int)(time % G_USEC_PER_SEC / 1000));
}

/* json-glib prints 17 digits of a number that is no integer. */
static void
add_seconds(GString *json, const char *name, gint64 microseconds)
{
    g_string_append_printf(json, ", \"%s\": %" G_GINT64_FORMAT ".%03d", name,
                           microseconds / G_USEC_PER_SEC,
                           (int)(microseconds % G_USEC_PER_SEC / 1000));
}

static void
add_text(GString *json, const char *name, const char *text)
{
    g_autofree char *some = text == NULL ? NULL : g_strndup(text, MAX_MESSAGE);
    g_autofree char *valid = some == NULL ? NULL : g_utf8_make_valid(some, -1);
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_VALUE);
    g_autofree char *quoted = NULL;

    if (valid == NULL)
        return;
    json_node_set_string(node, valid);
    quoted = json_to_string(node, FALSE);
    g_string_append_printf(json, ", \"%s\": %s", name, quoted);
}

/* What is between the braces. */
static void
add_members(GString *json, const char *object)
{
    gsize length = strlen(object);

    g_return_if_fail(length >= 2);
    if (length > 2)
        g_string_append_printf(json, ", %.*s", (int)length - 2, object + 1);
}

char *
aqr_event_json(const AqrEvent *event)
{
    GString *json = g_string_new("{\"time\": \"");
    g_autofree char *time = aqr_event_time(event->time);

    g_string_append_printf(json, "%s\"", time);
    add_seconds(json, "seconds", event->at);
    add_text(json, "event", event->name);
    if (event->duration > 0)
        add_seconds(json, "duration", event->duration);
    if (event->vm > 0)
        g_string_append_printf(json, ", \"vm\": %u", event->vm);
    if (event->details != NULL)
        add_members(json, event->details);
    add_text(json, "message", event->message);
    add_text(json, "error", event->error);
    g_string_append_c(json, '}');
    return g_string_free(json, FALSE);
}
