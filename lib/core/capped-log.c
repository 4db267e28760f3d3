/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/capped-log.h"

struct AqrCappedLog {
    gsize head; /* what still fits in */
    gsize keep;
    GString *tail;   /* of at most twice as much */
    guint64 dropped; /* bytes that have been in the tail */
};

AqrCappedLog *
aqr_capped_log_new(gsize head, gsize tail)
{
    AqrCappedLog *log = g_new0(AqrCappedLog, 1);

    log->head = head;
    log->keep = tail;
    log->tail = g_string_new(NULL);
    return log;
}

void
aqr_capped_log_free(AqrCappedLog *log)
{
    if (log == NULL)
        return;
    g_string_free(log->tail, TRUE);
    g_free(log);
}

gsize
aqr_capped_log_add(AqrCappedLog *log, const char *bytes, gsize length)
{
    gsize first = MIN(length, log->head);

    log->head -= first;
    g_string_append_len(log->tail, bytes + first, (gssize)(length - first));
    if (log->tail->len > 2 * log->keep) {
        gsize old = log->tail->len - log->keep;

        g_string_erase(log->tail, 0, (gssize)old);
        log->dropped += old;
    }
    return first;
}

GString *
aqr_capped_log_rest(const AqrCappedLog *log)
{
    GString *rest = g_string_new(NULL);
    gsize old = log->tail->len > log->keep ? log->tail->len - log->keep : 0;

    if (log->dropped + old > 0)
        g_string_append_printf(rest, "\n[... %" G_GUINT64_FORMAT " bytes are left out here ...]\n",
                               log->dropped + old);
    return g_string_append_len(rest, log->tail->str + old, (gssize)(log->tail->len - old));
}
