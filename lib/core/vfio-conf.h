/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What modprobe.d(5), modules-load.d(5) and the kernel's command line say of vfio-pci. */
typedef struct {
    GPtrArray *ids;         /* of char: "1002:73bf", as ids= has them */
    GPtrArray *softdeps;    /* of char: modules that it is loaded before */
    GPtrArray *blacklisted; /* of char: those of VFIO's modules that are, with underscores */
    GPtrArray *replaced;    /* of char: those with an install command that loads nothing */
    gboolean disable_idle_d3;
    gboolean autoload; /* loaded when the host boots */
} AqrVfioConf;

AqrVfioConf *aqr_vfio_conf_new(void) G_GNUC_WARN_UNUSED_RESULT;
void aqr_vfio_conf_free(AqrVfioConf *conf);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrVfioConf, aqr_vfio_conf_free)

/* Each takes what one file says. */
void aqr_vfio_conf_read_modprobe(AqrVfioConf *conf, const char *text);
void aqr_vfio_conf_read_modules_load(AqrVfioConf *conf, const char *text);
void aqr_vfio_conf_read_command_line(AqrVfioConf *conf, const char *text);
