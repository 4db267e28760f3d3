/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/finding-report.h"

#include "core/json-member.h"

static const struct {
    const char *word, *json, *colour;
} severities[] = {
    [AQR_PASS] = { "PASS", "pass", "\033[32m" },
    [AQR_WARN] = { "WARN", "warn", "\033[33m" },
    [AQR_FAIL] = { "FAIL", "fail", "\033[31m" },
};

void
aqr_finding_report_line(GString *text, const AqrFinding *finding, gboolean colour)
{
    g_string_append_printf(
        text, "  %s%s%s  %s\n", colour ? severities[finding->severity].colour : "",
        severities[finding->severity].word, colour ? "\033[0m" : "", finding->title);
    if (finding->hint != NULL)
        g_string_append_printf(text, "        %s\n", finding->hint);
}

void
aqr_finding_report_count(GString *text, const GPtrArray *findings)
{
    g_string_append_printf(
        text, "%u passed, %u warnings, %u failed\n", aqr_findings_count(findings, AQR_PASS),
        aqr_findings_count(findings, AQR_WARN), aqr_findings_count(findings, AQR_FAIL));
}

static void
add_string(JsonBuilder *builder, const char *name, const char *value)
{
    if (value != NULL)
        aqr_json_add_string(builder, name, value);
}

void
aqr_finding_report_add(JsonBuilder *builder, const GPtrArray *findings)
{
    json_builder_set_member_name(builder, "findings");
    json_builder_begin_array(builder);
    for (guint i = 0; i < findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(findings, i);

        json_builder_begin_object(builder);
        add_string(builder, "id", finding->id);
        add_string(builder, "gpu", finding->gpu);
        add_string(builder, "severity", severities[finding->severity].json);
        add_string(builder, "title", finding->title);
        add_string(builder, "hint", finding->hint);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
}

void
aqr_finding_report_add_counts(JsonBuilder *builder, const GPtrArray *findings)
{
    json_builder_set_member_name(builder, "counts");
    json_builder_begin_object(builder);
    for (gsize i = 0; i < G_N_ELEMENTS(severities); i++)
        aqr_json_add_number(builder, severities[i].json,
                            aqr_findings_count(findings, (AqrSeverity)i));
    json_builder_end_object(builder);
}
