/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* QEMU's processes by the name of their domain, which libvirt gives to each in its command
 * line: "-name guest=NAME,debug-threads=on". For when nobody can be asked for the pid. */

/* Whether @pid is the QEMU of the domain @name. */
gboolean aqr_qemu_process_is(GPid pid, const char *name);

/* 0: none that we can see. */
GPid aqr_qemu_process_find(const char *name);
