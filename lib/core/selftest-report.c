/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/selftest-report.h"

void
aqr_selftest_step_free(AqrSelftestStep *step)
{
    if (step == NULL)
        return;
    g_free(step->error);
    g_free(step);
}

gboolean
aqr_selftest_report_is_good(const AqrSelftestReport *report)
{
    for (guint i = 0; i < report->steps->len; i++) {
        const AqrSelftestStep *step = g_ptr_array_index(report->steps, i);

        if (step->error != NULL)
            return FALSE;
    }
    return report->steps->len > 0;
}

/* Markdown's code, whatever is in it; nothing for a NULL. */
static void
write_block(GString *text, const char *title, const char *content)
{
    g_auto(GStrv) lines = content == NULL ? NULL : g_strsplit(content, "\n", -1);

    if (lines == NULL || *content == '\0')
        return;
    g_string_append_printf(text, "\n## %s\n\n", title);
    for (char **line = lines; *line != NULL; line++) {
        if (**line != '\0')
            g_string_append_printf(text, "    %s\n", *line);
    }
}

static void
write_steps(GString *text, const GPtrArray *steps)
{
    g_string_append(text,
                    "\n## Steps\n\n| round | step | seconds | |\n| --- | --- | ---: | --- |\n");
    for (guint i = 0; i < steps->len; i++) {
        const AqrSelftestStep *step = g_ptr_array_index(steps, i);

        g_string_append_printf(text, "| %u | %s | %.1f | %s |\n", step->round, step->name,
                               (double)step->duration / G_TIME_SPAN_SECOND,
                               step->error == NULL ? "ok" : "**failed**");
    }
    for (guint i = 0; i < steps->len; i++) {
        const AqrSelftestStep *step = g_ptr_array_index(steps, i);
        g_autofree char *title = g_strdup_printf("Round %u, %s", step->round, step->name);

        write_block(text, title, step->error);
    }
}

char *
aqr_selftest_report_text(const AqrSelftestReport *report)
{
    GString *text = g_string_new("# Self-test of autopkgtest-virt-qemu-rocm ");

    g_string_append_printf(text, "%s: %s\n\n", report->version,
                           aqr_selftest_report_is_good(report) ? "passed" : "FAILED");
    for (guint i = 0; i < report->facts->len; i++)
        g_string_append_printf(text, "- %s\n", (const char *)g_ptr_array_index(report->facts, i));
    write_block(text, "GPUs of the host", report->gpus);
    write_steps(text, report->steps);
    write_block(text, "In the guest", report->guest);
    write_block(text, "Messages of the host's kernel meanwhile", report->host_log);
    return g_string_free(text, FALSE);
}
