/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "base/xml.h"
#include "core/vm-spec.h"

/* The disks of core/domain-xml's domain. */

/* Writes the overlay over the base image, or that itself, then the read-only disks. */
void aqr_domain_disks_write(AqrXml *xml, const AqrVmSpec *spec);

/* (transfer full): the base image as a further disk, to be plugged in while the
 * domain runs. On q35 it takes the root port that libvirt leaves free; a domain that
 * names root ports itself has to name one more. */
char *aqr_domain_disks_base_image(const AqrVmSpec *spec) G_GNUC_WARN_UNUSED_RESULT;

#define AQR_BASE_IMAGE_SERIAL "BASEIMAGE"    /* autopkgtest-virt-qemu's */
#define AQR_BASE_IMAGE_ALIAS "ua-base-image" /* libvirt leaves those with "ua-" to us */
