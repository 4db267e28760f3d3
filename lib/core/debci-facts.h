/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-kept.h"

/* debci on this host, beside what core/host-facts has: values that host/debci-facts gathers
 * and core/debci-plan judges. */
typedef struct {
    char *version;          /* of the package debci-worker; NULL: not installed */
    gboolean has_collector; /* it takes requests here, too */
    char *subuid, *subgid;  /* /etc/subuid, /etc/subgid; NULL: cannot be read */
    GPtrArray *units;       /* of char: the units that we have made drop-ins for; NULL: none */
    gboolean only_some;     /* of the GPUs are looked at: the others' units are not judged */
    AqrDebciKept kept;      /* of what was said before */
} AqrDebciFacts;

/* Before 4.0: its workers do not ask whether there is an image, and root makes images. */
gboolean aqr_debci_facts_is_old(const AqrDebciFacts *debci);

void aqr_debci_facts_clear(AqrDebciFacts *facts);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrDebciFacts, aqr_debci_facts_clear)
