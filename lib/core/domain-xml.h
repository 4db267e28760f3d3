/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"

/* The libvirt domain of @spec: https://libvirt.org/formatdomain.html. It only
 * computes; nothing it names need exist. */
char *aqr_domain_xml(const AqrVmSpec *spec) G_GNUC_WARN_UNUSED_RESULT;
