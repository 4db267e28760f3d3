/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/xml.h"
#include "core/vm-spec.h"

/* The disks of core/domain-xml's domain. */

/* Writes the overlay over the base image, then the read-only disks. */
void aqr_domain_disks_write(AqrXml *xml, const AqrVmSpec *spec);
