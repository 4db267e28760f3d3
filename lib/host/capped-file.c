/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/capped-file.h"

#include "core/capped-log.h"
#include "host/evidence-file.h"

struct AqrCappedFile {
    AqrEvidenceFile *file;
    AqrCappedLog *log;
    gsize head; /* bytes of the beginning that are written */
};

AqrCappedFile *
aqr_capped_file_new(const char *path, gsize head, gsize tail, GError **error)
{
    g_autoptr(AqrCappedFile) capped = g_new0(AqrCappedFile, 1);

    capped->log = aqr_capped_log_new(head, tail);
    capped->file = aqr_evidence_file_new(path, error);
    return capped->file == NULL ? NULL : g_steal_pointer(&capped);
}

void
aqr_capped_file_free(AqrCappedFile *capped)
{
    if (capped == NULL)
        return;
    aqr_evidence_file_free(capped->file);
    aqr_capped_log_free(capped->log);
    g_free(capped);
}

gboolean
aqr_capped_file_add(AqrCappedFile *capped, const char *bytes, gsize length, GError **error)
{
    gsize head = aqr_capped_log_add(capped->log, bytes, length);

    if (head == 0)
        return TRUE;
    if (!aqr_evidence_file_write(capped->file, capped->head, bytes, head, error))
        return FALSE;
    capped->head += head;
    return TRUE;
}

gboolean
aqr_capped_file_flush(AqrCappedFile *capped, GError **error)
{
    g_autoptr(GString) rest = aqr_capped_log_rest(capped->log);

    return rest->len == 0 ||
           aqr_evidence_file_write(capped->file, capped->head, rest->str, rest->len, error);
}
