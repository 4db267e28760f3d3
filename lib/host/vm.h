/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "host/guest.h"

/* One VM from its start to its end: the overlay, the EFI variables, the sockets,
 * the domain, and what runs in the guest. What it makes goes with it. */
typedef struct AqrVm AqrVm;

typedef struct {
    virConnectPtr connection;
    const AqrVmSpec *spec; /* names the files to be made */
    AqrGuestConfig guest;
    const AqrStop *stop;
    gboolean by_hand; /* what the guest does of itself, a restart, its end, is no news */
    void (*note)(const char *text, gpointer data); /* a line for the log */
    gpointer data;
} AqrVmConfig;

/* @config is borrowed. AQR_ERROR_HOST and the like: then nothing is left. */
AqrVm *aqr_vm_start(const AqrVmConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_vm_free(AqrVm *vm);

/* Gives @state to one that was started for it (AQR_WARM_RESTORE), and lets it run; its agent is
 * greeted, and aqr_vm_reach_guest() waits for the answer. */
gboolean aqr_vm_restore(AqrVm *vm, GBytes *state, const AqrPatience *patience, GError **error);

/* The state of one that was started to be saved (AQR_WARM_SAVE; transfer full): it has to be
 * ended then. NULL and an error: it goes on. */
GBytes *aqr_vm_save(AqrVm *vm, const AqrPatience *patience,
                    GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Ends the VM, if it runs. FALSE: it may run on; why was told to the log. */
gboolean aqr_vm_end(AqrVm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrVm, aqr_vm_free)

/* Waits until the agent answers, after the start or a reset; the error holds
 * what the console said last. */
gboolean aqr_vm_reach_guest(AqrVm *vm, const AqrPatience *patience, GError **error);

/* Whether it has answered, since the start or the last reset. */
gboolean aqr_vm_is_reached(const AqrVm *vm);

/* AQR_ERROR_GUEST when the VM has ended, or its agent is not there. */
gboolean aqr_vm_check_alive(const AqrVm *vm, GError **error);

/* A reset of the guest is from here on nothing to remark; waits for one. */
void aqr_vm_expect_reset(AqrVm *vm);
gboolean aqr_vm_wait_reset(AqrVm *vm, const AqrPatience *patience, GError **error);

/* Its end is from here on nothing to remark; waits until it has ended of itself. */
void aqr_vm_expect_end(AqrVm *vm);
gboolean aqr_vm_wait_end(AqrVm *vm, const AqrPatience *patience, GError **error);

/* (transfer none) */
AqrDomain *aqr_vm_get_domain(AqrVm *vm);

/* (transfer none) */
AqrGuestLink *aqr_vm_get_link(AqrVm *vm);

/* (transfer full): the console's last lines. */
char *aqr_vm_console_tail(const AqrVm *vm) G_GNUC_WARN_UNUSED_RESULT;
