/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/setup-report.h"

#include "core/finding-report.h"
#include "core/json-member.h"

#include <json-glib/json-glib.h>
#include <string.h>

static const struct {
    const char *word, *json;
} results[] = {
    [AQR_STEP_WOULD] = { "WOULD", "would" },
    [AQR_STEP_DONE] = { "DONE", "done" },
    [AQR_STEP_SAME] = { "SAME", "same" },
    [AQR_STEP_FAILED] = { "FAIL", "failed" },
};

static const struct {
    const char *prefix, *title;
} groups[] = {
    { "machine.", "The machine" }, { "vfio.", "VFIO" },   { "software.", "Software" },
    { "user.", "The user" },       { "debci.", "debci" },
};

void
aqr_step_report_free(AqrStepReport *report)
{
    if (report == NULL)
        return;
    g_free(report->why);
    g_free(report);
}

gboolean
aqr_setup_report_is_good(const AqrSetupReport *report)
{
    for (guint i = 0; report->steps != NULL && i < report->steps->len; i++) {
        const AqrStepReport *step = g_ptr_array_index(report->steps, i);

        if (step->result == AQR_STEP_FAILED)
            return FALSE;
    }
    return aqr_findings_count(report->findings, AQR_FAIL) == 0;
}

/* --- for people -------------------------------------------------------- */

static char *
group_title(const AqrFinding *finding)
{
    if (finding->gpu != NULL)
        return g_strdup_printf("GPU %s", finding->gpu);
    for (gsize i = 0; i < G_N_ELEMENTS(groups); i++) {
        if (g_str_has_prefix(finding->id, groups[i].prefix))
            return g_strdup(groups[i].title);
    }
    return g_strdup("Others");
}

static void
write_steps(GString *text, const GPtrArray *steps)
{
    g_string_append(text, "Set up\n");
    if (steps->len == 0)
        g_string_append(text, "  SAME  nothing to do\n");
    for (guint i = 0; i < steps->len; i++) {
        const AqrStepReport *step = g_ptr_array_index(steps, i);

        g_string_append_printf(text, "  %-5s %s\n", results[step->result].word, step->step->title);
        if (step->why != NULL)
            g_string_append_printf(text, "        %s\n", step->why);
    }
    g_string_append_c(text, '\n');
}

char *
aqr_setup_report_text(const AqrSetupReport *report, gboolean colour)
{
    GString *text = g_string_new(NULL);
    g_autofree char *last = NULL;

    if (report->steps != NULL)
        write_steps(text, report->steps);
    for (guint i = 0; i < report->findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(report->findings, i);
        char *title = group_title(finding);

        if (g_strcmp0(title, last) != 0)
            g_string_append_printf(text, "%s%s\n", last == NULL ? "" : "\n", title);
        aqr_finding_report_line(text, finding, colour);
        g_free(last);
        last = title;
    }
    g_string_append_c(text, '\n');
    aqr_finding_report_count(text, report->findings);
    return g_string_free(text, FALSE);
}

/* --- for programs ------------------------------------------------------ */

static void
add_string(JsonBuilder *builder, const char *name, const char *value)
{
    if (value != NULL)
        aqr_json_add_string(builder, name, value);
}

static void
add_gpu(JsonBuilder *builder, const AqrHostGpu *gpu)
{
    const AqrPciDevice *device = gpu->gpu->device;
    g_autofree char *address = aqr_pci_address_to_string(&device->address);
    g_autofree char *id = g_strdup_printf("%04x:%04x", device->vendor, device->device);

    json_builder_begin_object(builder);
    add_string(builder, "address", address);
    add_string(builder, "id", id);
    add_string(builder, "name", gpu->gpu->name);
    add_string(builder, "gfx", gpu->gpu->gfx);
    add_string(builder, "driver", device->driver);
    json_builder_set_member_name(builder, "together");
    json_builder_begin_array(builder);
    for (guint i = 0; i < gpu->gpu->together->len; i++) {
        const AqrPciDevice *other = g_ptr_array_index(gpu->gpu->together, i);
        g_autofree char *place = aqr_pci_address_to_string(&other->address);

        json_builder_add_string_value(builder, place);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void
add_step(JsonBuilder *builder, const AqrStepReport *step)
{
    json_builder_begin_object(builder);
    add_string(builder, "id", step->step->id);
    add_string(builder, "result", results[step->result].json);
    add_string(builder, "title", step->step->title);
    add_string(builder, "why", step->why);
    json_builder_end_object(builder);
}

static void
add_counts(JsonBuilder *builder, const AqrSetupReport *report)
{
    aqr_finding_report_add_counts(builder, report->findings);
    json_builder_set_member_name(builder, "good");
    json_builder_add_boolean_value(builder, aqr_setup_report_is_good(report));
}

static void
begin_list(JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

static void
add_nothing(G_GNUC_UNUSED JsonBuilder *builder, G_GNUC_UNUSED gconstpointer data)
{
}

char *
aqr_setup_report_json(const AqrSetupReport *report)
{
    return aqr_setup_report_json_with(report, add_nothing, NULL);
}

char *
aqr_setup_report_json_with(const AqrSetupReport *report,
                           void (*add)(JsonBuilder *builder, gconstpointer data),
                           gconstpointer data)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    add_string(builder, "user", report->facts->user.name);
    begin_list(builder, "gpus");
    for (guint i = 0; i < report->facts->gpus->len; i++)
        add_gpu(builder, g_ptr_array_index(report->facts->gpus, i));
    json_builder_end_array(builder);
    if (report->steps != NULL) {
        begin_list(builder, "steps");
        for (guint i = 0; i < report->steps->len; i++)
            add_step(builder, g_ptr_array_index(report->steps, i));
        json_builder_end_array(builder);
    }
    aqr_finding_report_add(builder, report->findings);
    add(builder, data);
    add_counts(builder, report);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}
