/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-report.h"

#include <json-glib/json-glib.h>

#include "base/printable.h"
#include "core/json-member.h"

#define MIB ((guint64)1024 * 1024)
#define MAX_PATH 4096

void
aqr_warm_entry_free(AqrWarmEntry *entry)
{
    if (entry == NULL)
        return;
    g_free(entry->key);
    g_free(entry->image);
    g_free(entry);
}

/* --- for people -------------------------------------------------------- */

/* How long ago that was: "5 min". A clock that was set back since makes it 0 s. */
static char *
age_of(gint64 time, gint64 now)
{
    static const struct {
        gint64 seconds;
        const char *name;
    } units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
    gint64 age = MAX(now - time, 0);
    gsize i = 0;

    if (time == 0)
        return g_strdup("-");
    while (i < G_N_ELEMENTS(units) - 1 && age < 2 * units[i].seconds)
        i++;
    return g_strdup_printf("%" G_GINT64_FORMAT " %s", age / units[i].seconds, units[i].name);
}

static void
add_row(GString *table, const AqrWarmEntry *entry, gint64 now)
{
    g_autofree char *made = age_of(entry->made, now), *used = age_of(entry->used, now);
    g_autofree char *image =
        aqr_printable_line(entry->image == NULL ? "-" : entry->image, MAX_PATH);

    g_string_append_printf(table, "%-32s  %-10s  %6" G_GUINT64_FORMAT "  %7s  %7s  %s\n",
                           entry->key, entry->state, (entry->bytes + MIB - 1) / MIB, made, used,
                           image);
}

char *
aqr_warm_report_table(const GPtrArray *entries, gint64 now)
{
    GString *table = g_string_new(NULL);

    g_string_append_printf(table, "%-32s  %-10s  %6s  %7s  %7s  %s\n", "KEY", "STATE", "MIB", "AGE",
                           "UNUSED", "IMAGE");
    for (guint i = 0; i < entries->len; i++)
        add_row(table, g_ptr_array_index(entries, i), now);
    return g_string_free(table, FALSE);
}

/* --- for programs ------------------------------------------------------ */

static void
add_entry(JsonBuilder *builder, const AqrWarmEntry *entry)
{
    json_builder_begin_object(builder);
    aqr_json_add_string(builder, "key", entry->key);
    aqr_json_add_string(builder, "state", entry->state);
    aqr_json_add_string(builder, "image", entry->image);
    aqr_json_add_number(builder, "bytes", (gint64)entry->bytes);
    aqr_json_add_number(builder, "made", entry->made);
    aqr_json_add_number(builder, "used", entry->used);
    json_builder_end_object(builder);
}

char *
aqr_warm_report_json(const GPtrArray *entries)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    json_builder_set_member_name(builder, "saved");
    json_builder_begin_array(builder);
    for (guint i = 0; i < entries->len; i++)
        add_entry(builder, g_ptr_array_index(entries, i));
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}
