/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What the architecture of the guest is called by dpkg and by QEMU, and which ones
 * we can run: those that our agent is built for. */
typedef enum {
    AQR_ARCH_X86_64,
} AqrArch;

/* How the user said it; what he did not say is NULL. */
typedef struct {
    const char *qemu;    /* QEMU's name; beats the others */
    const char *dpkg;    /* Debian's */
    const char *command; /* of QEMU, whose name may tell */
} AqrArchWords;

/* x86_64 where nothing is said. AQR_ERROR_USAGE for what we cannot run, and where
 * the command is another architecture's. */
gboolean aqr_arch_choose(const AqrArchWords *words, AqrArch *arch, GError **error);

/* QEMU's name for dpkg's, which is often the same. */
const char *aqr_arch_from_dpkg(const char *dpkg);

/* "aarch64" of "/usr/bin/qemu-system-aarch64"; NULL where the name does not tell. */
const char *aqr_arch_from_command(const char *command);

/* libvirt's name. */
const char *aqr_arch_to_libvirt(AqrArch arch);
