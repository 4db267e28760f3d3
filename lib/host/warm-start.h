/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/libvirt.h"
#include "host/wait.h"

/* Whether a testbed's next VM boots, boots to be saved, or is restored; and the saved one that
 * it comes from or becomes. It fills in what the spec says of that (warm, overlay). What a
 * saved one is, is host/warm-cache's business; the VM itself that of host/vm. */
typedef struct AqrWarmStart AqrWarmStart;

typedef struct {
    AqrWarmMode mode;
    const char *dir;   /* of the saved ones; NULL: the usual one */
    guint64 limit;     /* bytes that they may take */
    const char *guest; /* what is set up in the guest before it is saved */
    gint64 wait;       /* microseconds, for somebody else who saves the same one */
    const AqrStop *stop;
    void (*note)(const char *text, gpointer data); /* a line for the log */
    gpointer data;
} AqrWarmConfig;

/* @config, @spec and @connection are borrowed, and live as long. */
AqrWarmStart *aqr_warm_start_new(const AqrWarmConfig *config, AqrVmSpec *spec,
                                 virConnectPtr connection, GBytes *agent) G_GNUC_WARN_UNUSED_RESULT;
void aqr_warm_start_free(AqrWarmStart *warm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmStart, aqr_warm_start_free)

/* Chooses, at most @most; @gpus: a name for those that will be plugged in, or NULL.
 * spec->warm.use says what it came to. What prevents the best is noted; FALSE and an error where
 * the user will have nothing less, AQR_ERROR_STOPPED. */
gboolean aqr_warm_start_choose(AqrWarmStart *warm, AqrWarmUse most, const char *gpus,
                               GError **error);

/* The chosen one's state (transfer none), for aqr_vm_restore(). */
GBytes *aqr_warm_start_state(AqrWarmStart *warm);

/* The VM that was to be saved has ended, and this is its state: from now on it can be restored.
 * AQR_ERROR_HOST. */
gboolean aqr_warm_start_publish(AqrWarmStart *warm, GBytes *state, GError **error);

/* What was chosen does not work: @why is noted, and the next VM boots, and is not saved. @drop:
 * nobody is to use that saved VM again. FALSE and *@error where the user will have nothing less. */
gboolean aqr_warm_start_reject(AqrWarmStart *warm, gboolean drop, const GError *why,
                               GError **error);

/* The same for one that QEMU cannot save, which is remembered for others. */
gboolean aqr_warm_start_refuse(AqrWarmStart *warm, const GError *why, GError **error);

/* @gpus did not work in the VM that was restored last, but in the one that booted instead: they
 * are not plugged in there again. */
void aqr_warm_start_distrust(AqrWarmStart *warm, const char *gpus, const char *why);
