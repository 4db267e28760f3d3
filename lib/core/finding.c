/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/finding.h"

AqrFinding *
aqr_finding_new(const char *id, const char *gpu)
{
    AqrFinding *finding = g_new0(AqrFinding, 1);

    finding->id = id;
    finding->gpu = g_strdup(gpu);
    return finding;
}

void
aqr_finding_free(AqrFinding *finding)
{
    if (finding == NULL)
        return;
    g_free(finding->gpu);
    g_free(finding->title);
    g_free(finding->hint);
    g_free(finding);
}

static void
fill(AqrFinding *finding, AqrSeverity severity, const char *hint, char *title)
{
    g_free(finding->title);
    g_free(finding->hint);
    finding->severity = severity;
    finding->title = title;
    finding->hint = g_strdup(hint);
}

void
aqr_finding_pass(AqrFinding *finding, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(finding, AQR_PASS, NULL, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void
aqr_finding_set(AqrFinding *finding, AqrSeverity severity, const char *hint, const char *format,
                ...)
{
    va_list arguments;

    va_start(arguments, format);
    fill(finding, severity, hint, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void
aqr_finding_unknown(AqrFinding *finding, const char *hint, const char *format, ...)
{
    g_autofree char *what = NULL;
    va_list arguments;

    va_start(arguments, format);
    what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fill(finding, AQR_WARN, hint, g_strconcat("unknown: ", what, NULL));
}

static void
free_finding(gpointer data)
{
    aqr_finding_free(data);
}

GPtrArray *
aqr_findings_new(void)
{
    return g_ptr_array_new_with_free_func(free_finding);
}

guint
aqr_findings_count(const GPtrArray *findings, AqrSeverity severity)
{
    guint count = 0;

    for (guint i = 0; i < findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(findings, i);

        count += finding->severity == severity;
    }
    return count;
}
