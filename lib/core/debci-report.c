/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-report.h"

#include <json-glib/json-glib.h>

#include "core/json-member.h"

static const char *
shown_of(const AqrSetupStep *step)
{
    return step->shown != NULL ? step->shown : step->text;
}

static guint32
mode_of(const AqrSetupStep *step)
{
    return step->mode != 0 ? step->mode : 0644;
}

static const char *
or_root(const char *name)
{
    return name == NULL ? "root" : name;
}

/* --- for people -------------------------------------------------------------- */

static void
write_files(GString *text, const GPtrArray *steps)
{
    for (guint i = 0; i < steps->len; i++) {
        const AqrSetupStep *step = g_ptr_array_index(steps, i);

        if (step->kind != AQR_STEP_FILE)
            continue;
        g_string_append_printf(text, "\n# %s", step->path);
        if (step->mode != 0)
            g_string_append_printf(text, " (mode %04o, %s:%s)", step->mode, or_root(step->user),
                                   or_root(step->group));
        g_string_append_printf(text, "\n%s", shown_of(step));
    }
}

static void
write_command(GString *text, const AqrSetupStep *step)
{
    g_autofree char *words = NULL;

    if (step->kind == AQR_STEP_DIRECTORY) {
        g_string_append_printf(text, "install -d -m %04o -o %s -g %s %s\n", step->mode,
                               or_root(step->user), or_root(step->group), step->path);
    } else if (step->kind == AQR_STEP_REMOVAL) {
        g_string_append_printf(text, "rm %s\n", step->path);
    } else if (step->kind == AQR_STEP_COMMAND) {
        words = g_strjoinv(" ", step->argv);
        g_string_append_printf(text, "%s\n", words);
    }
}

char *
aqr_debci_report_text(const AqrDebciReport *report, gboolean colour)
{
    g_autofree char *head = aqr_setup_report_text(&report->setup, colour);
    GString *text = g_string_new(head);

    if (report->setup.steps == NULL && report->steps->len > 0) {
        write_files(text, report->steps);
        g_string_append(text, "\n# As root:\n");
        for (guint i = 0; i < report->steps->len; i++)
            write_command(text, g_ptr_array_index(report->steps, i));
    }
    if (*report->next != NULL)
        g_string_append(text, "\n# Then, as root:\n");
    for (char **command = report->next; *command != NULL; command++)
        g_string_append_printf(text, "%s\n", *command);
    return g_string_free(text, FALSE);
}

/* --- for programs ------------------------------------------------------------ */

static void
add_worker(JsonBuilder *builder, const AqrDebciWorker *worker)
{
    g_autofree char *address = aqr_gpu_address(worker->gpu->gpu);

    json_builder_begin_object(builder);
    aqr_json_add_string(builder, "gpu", address);
    aqr_json_add_string(builder, "arch", worker->arch);
    aqr_json_add_string(builder, "unit", worker->unit);
    json_builder_end_object(builder);
}

static void
add_file(JsonBuilder *builder, const AqrSetupStep *step)
{
    g_autofree char *mode = g_strdup_printf("%04o", mode_of(step));

    json_builder_begin_object(builder);
    aqr_json_add_string(builder, "path", step->path);
    aqr_json_add_string(builder, "mode", mode);
    aqr_json_add_string(builder, "user", or_root(step->user));
    aqr_json_add_string(builder, "group", or_root(step->group));
    aqr_json_add_string(builder, "text", shown_of(step));
    json_builder_end_object(builder);
}

static void
begin_list(JsonBuilder *builder, const char *name)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_array(builder);
}

static void
add_members(JsonBuilder *builder, gconstpointer data)
{
    const AqrDebciReport *report = data;

    begin_list(builder, "workers");
    for (guint i = 0; i < report->plan->workers->len; i++)
        add_worker(builder, g_ptr_array_index(report->plan->workers, i));
    json_builder_end_array(builder);
    begin_list(builder, "files");
    for (guint i = 0; i < report->steps->len; i++) {
        const AqrSetupStep *step = g_ptr_array_index(report->steps, i);

        if (step->kind == AQR_STEP_FILE)
            add_file(builder, step);
    }
    json_builder_end_array(builder);
    begin_list(builder, "next");
    for (char **command = report->next; *command != NULL; command++)
        json_builder_add_string_value(builder, *command);
    json_builder_end_array(builder);
}

char *
aqr_debci_report_json(const AqrDebciReport *report)
{
    return aqr_setup_report_json_with(&report->setup, add_members, report);
}
