/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/event.h"

/* What is kept of a run for those who look into it later: a directory of ours in the user's,
 * with a timeline and logs. It is less than 50 MiB, whatever happens. What cannot be written is
 * said once, and ends it, but nothing else. All functions take NULL: nothing is kept or said then.
 */
typedef struct AqrEvidence AqrEvidence;

typedef enum {
    AQR_EVIDENCE_CONSOLE, /* console.log: what the first serial console prints */
    AQR_EVIDENCE_GUEST,   /* guest-kernel.log: what the guests' kernels have said */
    AQR_EVIDENCE_HOST,    /* host-kernel.log: what the host's kernel has said of GPUs and VMs */
    AQR_EVIDENCE_N_LOGS,
} AqrEvidenceLog;

/* Writes nothing yet: autopkgtest wants an empty directory when it starts. @dir: NULL to keep
 * nothing, and only say what is to be said. @say gets a line for the log. */
AqrEvidence *aqr_evidence_new(const char *dir, void (*say)(const char *text, gpointer data),
                              gpointer data) G_GNUC_WARN_UNUSED_RESULT;
void aqr_evidence_free(AqrEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrEvidence, aqr_evidence_free)

/* FALSE: what it is given is for nobody. */
gboolean aqr_evidence_is_kept(const AqrEvidence *evidence);

/* A testbed is opened: what comes from now on is kept. Makes @dir, if it is not there, and in it
 * "testbed", or where that is somebody else's, "testbed.2" and so on. Harmless from the second
 * time on. */
void aqr_evidence_begin(AqrEvidence *evidence);

/* A VM is about to start: what is told of it bears its number, and so do the logs. */
void aqr_evidence_begin_vm(AqrEvidence *evidence);
unsigned aqr_evidence_get_vm(const AqrEvidence *evidence);

/* Adds @event to the timeline, with the time, and the number of the VM. */
void aqr_evidence_tell(AqrEvidence *evidence, const AqrEvent *event);

/* One that is said, too, whether anything is kept or not. */
void aqr_evidence_warn(AqrEvidence *evidence, const char *name, const char *message);

void aqr_evidence_log(AqrEvidence *evidence, AqrEvidenceLog which, const char *text, gsize length);

/* How the testbed's GPUs are now: somebody judges a test by it. It is not there rather than
 * out of date. */
#define AQR_EVIDENCE_GPUS "gpus.json"

/* A file of its own, in place of an earlier one; none, if it is not small. */
void aqr_evidence_put(AqrEvidence *evidence, const char *name, const char *text);

/* A device core dump of the guest; one of more than aqr_evidence_dump_room() bytes is not kept. */
gsize aqr_evidence_dump_room(const AqrEvidence *evidence);
void aqr_evidence_add_dump(AqrEvidence *evidence, GBytes *dump);

/* A VM has ended: what the host's kernel has said is taken, and the files are complete up to now.
 */
void aqr_evidence_flush(AqrEvidence *evidence);
