/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What udev's rules make of /dev/vfio/GROUP: whose it is, and its mode. Reads as much of
 * udev(7) as rules for VFIO use: matches by SUBSYSTEM and KERNEL, assignments of OWNER,
 * GROUP and MODE. */
typedef struct {
    gboolean has_rule; /* a rule for the subsystem is there, whatever it sets */
    char *owner;       /* NULL: no rule says it */
    char *group;       /* NULL: no rule says it */
    char *mode;        /* NULL: no rule says it */
    guint n_bad;       /* lines that name vfio and are no rules */
    gboolean is_final[3];
} AqrUdevVfio;

void aqr_udev_vfio_clear(AqrUdevVfio *node);

/* Takes what @text, one of the files, says. The files come in udev's order. */
void aqr_udev_rules_read(AqrUdevVfio *node, const char *text);
