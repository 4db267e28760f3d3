/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "image-report.h"

#include <json-glib/json-glib.h>

#include "core/finding-report.h"
#include "core/json-member.h"

char *
image_report_text(const char *image, const AqrImageVerdict *verdict, gboolean colour)
{
    GString *text = g_string_new(NULL);
    g_autofree char *boots = g_strjoinv(" and ", verdict->boots);

    g_string_append_printf(text, "%s, booted by %s\n", image, boots);
    for (guint i = 0; i < verdict->findings->len; i++)
        aqr_finding_report_line(text, g_ptr_array_index(verdict->findings, i), colour);
    g_string_append_c(text, '\n');
    aqr_finding_report_count(text, verdict->findings);
    return g_string_free(text, FALSE);
}

char *
image_report_json(const char *image, const AqrImageVerdict *verdict)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(json);
    aqr_json_add_string(json, "image", image);
    json_builder_set_member_name(json, "boots");
    json_builder_begin_array(json);
    for (char **boot = verdict->boots; *boot != NULL; boot++)
        json_builder_add_string_value(json, *boot);
    json_builder_end_array(json);
    aqr_finding_report_add(json, verdict->findings);
    aqr_finding_report_add_counts(json, verdict->findings);
    json_builder_set_member_name(json, "good");
    json_builder_add_boolean_value(json, aqr_findings_count(verdict->findings, AQR_FAIL) == 0);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}
