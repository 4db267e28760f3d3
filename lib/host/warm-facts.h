/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "core/warm-key.h"

/* What a saved VM will depend on, of which all but the files is told by the caller, or looked
 * up here. */
typedef struct {
    const AqrVmSpec *spec; /* its disks and firmware */
    const char *shape;     /* its XML without what differs from one VM to the next */
    const char *vars;      /* what the EFI variables start from; NULL: BIOS */
    const char *emulator;  /* QEMU; NULL: unknown */
    const char *libvirt;   /* its version */
    const char *guest;     /* what is set in the guest before it is saved */
    GBytes *agent;         /* the program in the guest */
    gboolean kvm;          /* the guest sees the host's processor, and talks to its kernel */
} AqrWarmSource;

/* AQR_ERROR_HOST when one of the files is not there. */
AqrWarmFacts *aqr_warm_facts_collect(const AqrWarmSource *source,
                                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): what of /proc/cpuinfo's @text tells one kind of processor from another. */
char *aqr_warm_facts_processor(const char *text) G_GNUC_WARN_UNUSED_RESULT;
