/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What went wrong, sorted by what the reader can do about it. The message says
 * where and how. Errors of other domains (virError, errno, GIO) are converted
 * in host/ and are not seen above it. */
typedef enum {
    AQR_ERROR_USAGE,    /* the command line or a config file is wrong */
    AQR_ERROR_HOST,     /* this host is not set up for it */
    AQR_ERROR_GPU,      /* no such GPU here, or another testbed has it */
    AQR_ERROR_IMAGE,    /* the disk image is missing or unusable */
    AQR_ERROR_GUEST,    /* the guest did not boot, or its agent went away */
    AQR_ERROR_PROTOCOL, /* our caller broke the autopkgtest protocol */
    AQR_ERROR_STOPPED,  /* a signal or the caller told us to stop */
} AqrError;

#define AQR_ERROR aqr_error_quark()
GQuark aqr_error_quark(void);

/* The exit status of a program that ends with @error: the table of
 * README.virtualisation-server's kinds of failure. 12 is an error that its
 * message describes, 16 anything else, 2 wrong usage. */
int aqr_error_exit_status(const GError *error);
