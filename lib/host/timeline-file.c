/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/timeline-file.h"

#include <string.h>

#include "host/evidence-file.h"

#define BEGIN "["
#define END "\n]\n"

struct AqrTimelineFile {
    AqrEvidenceFile *file;
    gsize length; /* without the end */
};

AqrTimelineFile *
aqr_timeline_file_new(const char *path, GError **error)
{
    g_autoptr(AqrTimelineFile) timeline = g_new0(AqrTimelineFile, 1);

    timeline->file = aqr_evidence_file_new(path, error);
    if (timeline->file == NULL ||
        !aqr_evidence_file_write(timeline->file, 0, BEGIN END, strlen(BEGIN END), error))
        return NULL;
    timeline->length = strlen(BEGIN);
    return g_steal_pointer(&timeline);
}

void
aqr_timeline_file_free(AqrTimelineFile *timeline)
{
    if (timeline == NULL)
        return;
    aqr_evidence_file_free(timeline->file);
    g_free(timeline);
}

gboolean
aqr_timeline_file_add(AqrTimelineFile *timeline, const char *object, GError **error)
{
    gboolean first = timeline->length == strlen(BEGIN);
    g_autofree char *text = g_strconcat(first ? "\n" : ",\n", object, END, NULL);
    gsize length = strlen(text);

    if (aqr_evidence_file_write(timeline->file, timeline->length, text, length, error)) {
        timeline->length += length - strlen(END);
        return TRUE;
    }
    /* there was an end in this place, so there is room for one */
    aqr_evidence_file_write(timeline->file, timeline->length, END, strlen(END), NULL);
    return FALSE;
}

gsize
aqr_timeline_file_length(const AqrTimelineFile *timeline)
{
    return timeline->length;
}
