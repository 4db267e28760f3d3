/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/evidence.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "host/capped-file.h"
#include "host/evidence-file.h"
#include "host/kernel-log.h"
#include "host/timeline-file.h"

#define MIB (1u << 20)
#define TIMELINE_MAX MIB
#define FILE_MAX MIB
#define DUMP_MAX (16 * MIB)
#define DUMPS_MAX (32 * MIB)
#define MAX_RUNS 99 /* that share a directory */

static const struct {
    const char *name;
    gsize head, tail;
} logs[AQR_EVIDENCE_N_LOGS] = {
    [AQR_EVIDENCE_CONSOLE] = { "console.log", MIB, MIB },
    [AQR_EVIDENCE_GUEST] = { "guest-kernel.log", MIB, MIB },
    [AQR_EVIDENCE_HOST] = { "host-kernel.log", MIB / 2, MIB / 2 },
};

typedef struct {
    AqrCappedFile *file; /* NULL: nothing has been said */
    unsigned vm;         /* that has spoken last */
} Log;

struct AqrEvidence {
    char *parent; /* NULL: nothing is kept */
    char *dir;    /* ours; NULL: there is none yet, or any more */
    void (*say)(const char *text, gpointer data);
    gpointer data;
    gboolean begun;
    gint64 start;
    unsigned vm;
    AqrTimelineFile *timeline;
    Log logs[AQR_EVIDENCE_N_LOGS];
    AqrKernelLog *kernel; /* NULL: it cannot be read */
    gsize dump_room;
    unsigned dumps;
};

/* --- life -------------------------------------------------------------- */

AqrEvidence *
aqr_evidence_new(const char *dir, void (*say)(const char *text, gpointer data), gpointer data)
{
    AqrEvidence *evidence = g_new0(AqrEvidence, 1);

    evidence->parent = dir == NULL ? NULL : g_canonicalize_filename(dir, NULL);
    evidence->say = say;
    evidence->data = data;
    evidence->dump_room = DUMPS_MAX;
    return evidence;
}

static void
close_files(AqrEvidence *evidence)
{
    g_clear_pointer(&evidence->dir, g_free);
    g_clear_pointer(&evidence->timeline, aqr_timeline_file_free);
    for (int i = 0; i < AQR_EVIDENCE_N_LOGS; i++)
        g_clear_pointer(&evidence->logs[i].file, aqr_capped_file_free);
}

void
aqr_evidence_free(AqrEvidence *evidence)
{
    if (evidence == NULL)
        return;
    aqr_evidence_flush(evidence);
    close_files(evidence);
    aqr_kernel_log_free(evidence->kernel);
    g_free(evidence->parent);
    g_free(evidence);
}

gboolean
aqr_evidence_is_kept(const AqrEvidence *evidence)
{
    return evidence != NULL && evidence->dir != NULL;
}

static char *
path_of(const AqrEvidence *evidence, const char *name)
{
    return g_build_filename(evidence->dir, name, NULL);
}

/* Nobody will say any more how the GPUs are. */
static void
remove_gpus(const AqrEvidence *evidence)
{
    g_autofree char *path = evidence->dir == NULL ? NULL : path_of(evidence, AQR_EVIDENCE_GPUS);

    if (path != NULL)
        g_unlink(path);
}

/* A disk that is full will not have room for half a minute and then again. */
static void
give_up(AqrEvidence *evidence, const GError *why)
{
    g_autofree char *text =
        g_strdup_printf("no evidence of this run is kept from here on: %s", why->message);

    remove_gpus(evidence);
    close_files(evidence);
    evidence->say(text, evidence->data);
}

/* --- the directory ----------------------------------------------------- */

/* Of several runs that share one each gets its own, at once or one after the other. */
static char *
make_dir(const char *parent, GError **error)
{
    for (int i = 1; i <= MAX_RUNS; i++) {
        g_autofree char *name = i == 1 ? g_strdup("testbed") : g_strdup_printf("testbed.%d", i);
        g_autofree char *dir = g_build_filename(parent, name, NULL);

        if (g_mkdir(dir, 0777) == 0)
            return g_steal_pointer(&dir);
        if (errno != EEXIST)
            break;
    }
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a directory in \"%s\": %s", parent,
                g_strerror(errno));
    return NULL;
}

void
aqr_evidence_begin(AqrEvidence *evidence)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *path = NULL;

    if (evidence == NULL || evidence->parent == NULL || evidence->begun)
        return;
    evidence->begun = TRUE;
    evidence->start = g_get_monotonic_time();
    evidence->kernel = aqr_kernel_log_new();
    g_mkdir_with_parents(evidence->parent, 0777); /* what comes next says why it could not */
    evidence->dir = make_dir(evidence->parent, &failed);
    if (evidence->dir != NULL) {
        path = path_of(evidence, "timeline.json");
        evidence->timeline = aqr_timeline_file_new(path, &failed);
    }
    if (evidence->timeline == NULL)
        give_up(evidence, failed);
}

/* --- the timeline ------------------------------------------------------ */

void
aqr_evidence_begin_vm(AqrEvidence *evidence)
{
    if (evidence != NULL)
        evidence->vm++;
}

unsigned
aqr_evidence_get_vm(const AqrEvidence *evidence)
{
    return evidence == NULL ? 0 : evidence->vm;
}

void
aqr_evidence_tell(AqrEvidence *evidence, const AqrEvent *event)
{
    AqrEvent dated = *event;
    g_autofree char *json = NULL;
    g_autoptr(GError) failed = NULL;

    if (!aqr_evidence_is_kept(evidence) ||
        aqr_timeline_file_length(evidence->timeline) > TIMELINE_MAX)
        return;
    dated.time = g_get_real_time();
    dated.at = g_get_monotonic_time() - evidence->start;
    dated.vm = evidence->vm;
    json = aqr_event_json(&dated);
    if (!aqr_timeline_file_add(evidence->timeline, json, &failed))
        give_up(evidence, failed);
}

void
aqr_evidence_warn(AqrEvidence *evidence, const char *name, const char *message)
{
    const AqrEvent event = { .name = name, .message = message };

    if (evidence == NULL)
        return;
    aqr_evidence_tell(evidence, &event);
    evidence->say(message, evidence->data);
}

/* --- logs -------------------------------------------------------------- */

static gboolean
open_log(AqrEvidence *evidence, AqrEvidenceLog which, GError **error)
{
    g_autofree char *path = path_of(evidence, logs[which].name);

    evidence->logs[which].file =
        aqr_capped_file_new(path, logs[which].head, logs[which].tail, error);
    return evidence->logs[which].file != NULL;
}

static gboolean
add_title(AqrEvidence *evidence, Log *log, GError **error)
{
    g_autofree char *time = aqr_event_time(g_get_real_time());
    g_autofree char *title =
        g_strdup_printf("%s=== VM %u, %s ===\n", log->vm == 0 ? "" : "\n", evidence->vm, time);

    log->vm = evidence->vm;
    return aqr_capped_file_add(log->file, title, strlen(title), error);
}

void
aqr_evidence_log(AqrEvidence *evidence, AqrEvidenceLog which, const char *text, gsize length)
{
    g_autoptr(GError) failed = NULL;
    Log *log;

    if (!aqr_evidence_is_kept(evidence) || length == 0)
        return;
    log = &evidence->logs[which];
    if ((log->file != NULL || open_log(evidence, which, &failed)) &&
        (log->vm == evidence->vm || add_title(evidence, log, &failed)) &&
        aqr_capped_file_add(log->file, text, length, &failed))
        return;
    give_up(evidence, failed);
}

static void
take_kernel_log(AqrEvidence *evidence)
{
    g_autofree char *text = evidence->kernel == NULL ? NULL : aqr_kernel_log_read(evidence->kernel);

    if (text != NULL)
        aqr_evidence_log(evidence, AQR_EVIDENCE_HOST, text, strlen(text));
}

void
aqr_evidence_flush(AqrEvidence *evidence)
{
    if (aqr_evidence_is_kept(evidence))
        take_kernel_log(evidence);
    for (int i = 0; i < AQR_EVIDENCE_N_LOGS && aqr_evidence_is_kept(evidence); i++) {
        g_autoptr(GError) failed = NULL;
        AqrCappedFile *file = evidence->logs[i].file;

        if (file != NULL && !aqr_capped_file_flush(file, &failed))
            give_up(evidence, failed);
    }
}

/* --- other files ------------------------------------------------------- */

static gboolean
write_file(const AqrEvidence *evidence, const char *name, gconstpointer bytes, gsize length,
           GError **error)
{
    g_autofree char *path = path_of(evidence, name);
    g_autoptr(AqrEvidenceFile) file = aqr_evidence_file_new(path, error);

    return file != NULL && aqr_evidence_file_write(file, 0, bytes, length, error);
}

/* g_file_set_contents() would wait for the disk. */
static gboolean
replace_file(const AqrEvidence *evidence, const char *name, const char *text, GError **error)
{
    g_autofree char *draft = g_strconcat(name, ".new", NULL);
    g_autofree char *from = path_of(evidence, draft);
    g_autofree char *to = path_of(evidence, name);

    if (!write_file(evidence, draft, text, strlen(text), error)) {
        g_unlink(from);
        return FALSE;
    }
    if (g_rename(from, to) == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot write \"%s\": %s", to, g_strerror(errno));
    g_unlink(from);
    return FALSE;
}

void
aqr_evidence_put(AqrEvidence *evidence, const char *name, const char *text)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) failed = NULL;

    if (!aqr_evidence_is_kept(evidence))
        return;
    path = path_of(evidence, name);
    if (strlen(text) > FILE_MAX)
        g_unlink(path);
    else if (!replace_file(evidence, name, text, &failed))
        give_up(evidence, failed);
}

gsize
aqr_evidence_dump_room(const AqrEvidence *evidence)
{
    return aqr_evidence_is_kept(evidence) ? MIN(evidence->dump_room, DUMP_MAX) : 0;
}

void
aqr_evidence_add_dump(AqrEvidence *evidence, GBytes *dump)
{
    g_autofree char *name = NULL;
    g_autoptr(GError) failed = NULL;
    gsize length;
    gconstpointer bytes = g_bytes_get_data(dump, &length);

    if (length > aqr_evidence_dump_room(evidence))
        return;
    name = g_strdup_printf("guest-coredump-%u", evidence->dumps + 1);
    if (!write_file(evidence, name, bytes, length, &failed)) {
        give_up(evidence, failed);
        return;
    }
    evidence->dumps++;
    evidence->dump_room -= length;
}
