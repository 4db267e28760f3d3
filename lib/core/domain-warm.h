/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/xml.h"
#include "core/vm-spec.h"

/* The part of core/domain-xml that is about VMs that are saved, or come from a saved one.
 *
 * libvirt can save a VM and restore it, but then each restored VM reads all of its memory into
 * its own, and no two of one daemon can come from one file, as they would have one UUID. So
 * QEMU itself is told: the memory is a file that the VM to be saved writes to and that restored
 * ones map privately, copied page by page as they write; only what else there is of its state
 * goes by migration (QEMU's capability x-ignore-shared; Kata Containers makes its templates so).
 *
 * Of "-machine" options QEMU takes the last, so the memory that libvirt describes is allocated
 * and never touched. */
void aqr_domain_warm_write_args(AqrXml *xml, const AqrVmSpec *spec);

/* What of @spec a saved state fits: the domain's XML without names, places and owners, which
 * differ from one VM to the next. (transfer full) */
char *aqr_domain_warm_shape(const AqrVmSpec *spec) G_GNUC_WARN_UNUSED_RESULT;
