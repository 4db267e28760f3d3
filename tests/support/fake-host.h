/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Hosts as facts: a good one, of which a test spoils what it is about. */
#include "core/host-facts.h"

/* EPYC, 64 GiB, trixie; root asks for himself; libvirt's daemon runs; one RX 6800 XT with
 * its audio function at 0000:03:00, on its host's drivers. */
AqrHostFacts *fake_host_new(void) G_GNUC_WARN_UNUSED_RESULT;

/* The same, asked for and by "rocky", who has all that a QEMU of his own needs; no daemon
 * of libvirt's; the GPU is on vfio-pci. */
AqrHostFacts *fake_host_new_for_user(void) G_GNUC_WARN_UNUSED_RESULT;

/* A machine as it comes: no GPU, no IOMMU, nothing installed. */
AqrHostFacts *fake_host_new_bare(void) G_GNUC_WARN_UNUSED_RESULT;

/* Its GPU and that one's functions, to be spoilt. */
AqrHostGpu *fake_host_gpu(AqrHostFacts *facts);
AqrPciDevice *fake_host_function(AqrHostFacts *facts, guint number);

void fake_host_set_groups(AqrHostUser *user, const char *groups);

/* Sets facts: "kvm.exists=no; groups=rocky kvm". Names are those of the members, "gpu." and
 * "vfio_conf." before those of theirs, and some more; an empty value is NULL. */
void fake_host_spoil(AqrHostFacts *facts, const char *spoilt);
