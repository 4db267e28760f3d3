/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu-ready.h"
#include "host/gpu-request.h"
#include "host/wait.h"

/* The GPUs of a testbed from the choice to the moment that they are given back: leased, so
 * that nobody else gets them; looked at before and after each VM; kept by a process that
 * outlives us should we be killed. The VM itself, and the binding, are libvirt's. */
typedef struct AqrGpuHold AqrGpuHold;

typedef struct {
    AqrGpuRequest request;
    gint64 wait;          /* microseconds to wait for busy ones; 0: not at all */
    gboolean wait_absent; /* so long, too, for ones that this host does not have now, or this user
                           * cannot have: for all that somebody may yet mend */
    const char *purpose;  /* shown to others */
    const char *keeper;   /* the program rocm-gpu-keeper */
    const int *keep_open; /* what it keeps open till its end, with -1 behind; NULL: nothing */
    const AqrStop *stop;
    void (*note)(const char *text, gpointer data); /* a line for the log */
    gpointer data;
} AqrGpuHoldConfig;

/* Chooses and leases, waits for busy ones. @config is borrowed. AQR_ERROR_GPU says who has
 * what; AQR_ERROR_HOST, AQR_ERROR_STOPPED. */
AqrGpuHold *aqr_gpu_hold_take(const AqrGpuHoldConfig *config,
                              GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The leases end, now if no VM has the GPUs and all is as it was before, otherwise when the
 * keeper has seen to that. */
void aqr_gpu_hold_free(AqrGpuHold *hold);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuHold, aqr_gpu_hold_free)

/* (transfer none): of AqrGpu. */
const GPtrArray *aqr_gpu_hold_get_gpus(const AqrGpuHold *hold);

/* What the guest is to have of them. Transfer full: of AqrGpuExpected. */
GPtrArray *aqr_gpu_hold_expect(const AqrGpuHold *hold) G_GNUC_WARN_UNUSED_RESULT;

/* Before a VM starts: each is in no quarantine, nobody uses it (between two VMs a driver of
 * the host may have had it), and it is well, or can be made so; otherwise it goes into
 * quarantine. AQR_ERROR_GPU. */
gboolean aqr_gpu_hold_check(AqrGpuHold *hold, GError **error);

/* Before a VM is started: the name of its domain, by which its QEMU can be told even if its
 * pid never was; whether libvirt's daemon runs it, and so ends it after us. */
void aqr_gpu_hold_tell_domain(AqrGpuHold *hold, const char *name, gboolean of_daemon);

/* @qemu has them now; 0: nobody would have to be ended after us. */
void aqr_gpu_hold_tell_qemu(AqrGpuHold *hold, GPid qemu);

/* After a VM has ended: gives back to the drivers what libvirt did not, looks whether they
 * are well, puts what stays sick into quarantine. What it cannot give back, or somebody has
 * still, is left to the keeper if it stays so until aqr_gpu_hold_free(). */
void aqr_gpu_hold_restore(AqrGpuHold *hold);

/* The VM could not be ended: from now on the GPUs are left alone, and after
 * aqr_gpu_hold_free() the keeper does what it does for one that is killed. */
void aqr_gpu_hold_abandon(AqrGpuHold *hold);

/* In a guest they got ready: whatever they failed in before is forgotten. */
void aqr_gpu_hold_forgive(AqrGpuHold *hold);

/* Those of @failures (of AqrGpuFailure) did not get ready in a guest. Who has failed so too often
 * in a row (core/strike-note) goes into quarantine. (transfer full): what is to be said of these,
 * with the remedy, a line for each; NULL: there is none. */
char *aqr_gpu_hold_count(AqrGpuHold *hold, const GPtrArray *failures) G_GNUC_WARN_UNUSED_RESULT;

/* Why aqr_gpu_hold_free() would leave all of them to the keeper now; NULL: it would not. */
const char *aqr_gpu_hold_trouble(const AqrGpuHold *hold);
