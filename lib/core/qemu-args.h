/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What the user hands to QEMU past libvirt, as far as libvirt must know of it. */

/* The words of --qemu-options. They are split at blanks, and nothing can be quoted:
 * that is autopkgtest-virt-qemu's rule. NULL: none. */
GStrv aqr_qemu_args_split(const char *options) G_GNUC_WARN_UNUSED_RESULT;

/* Whether -@name is among them, with one dash or two. */
gboolean aqr_qemu_args_have(const char *const *args, const char *name);

/* (transfer full): the type that the last -machine or -M names, "pc" of
 * "-machine pc,smm=off"; NULL: none does. */
char *aqr_qemu_args_machine(const char *const *args) G_GNUC_WARN_UNUSED_RESULT;

/* The first option that may refer to something outside of QEMU (a file, a device of the host),
 * or that we do not know (transfer none); NULL: none does. */
const char *aqr_qemu_args_foreign(const char *const *args);
