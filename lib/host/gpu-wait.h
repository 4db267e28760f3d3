/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/gpu-ready.h"
#include "host/guest-link.h"
#include "host/wait.h"

/* What is told on the way, and at the end. */
typedef struct {
    void (*note)(const char *text, gpointer data); /* gets remarks for the user */
    gpointer data;
    char *facts; /* out, transfer full: what core/gpu-facts' script said last; NULL: nothing */
    GPtrArray
        *failures; /* likewise, of AqrGpuFailure, if it fails: those that are to blame; or NULL */
} AqrGpuNews;

/* Waits until the guest's GPUs are as @demand wants them, as its kernel's messages go by: no
 * polling. AQR_ERROR_GUEST says what is missing, why, and
 * what the kernel said last; at once where it will not come, at the end of the patience (and
 * of a last look, which takes some seconds more at most) otherwise. A log that ends without
 * a word, as where /dev/kmsg cannot be read, is noted, and leaves two looks. */
gboolean aqr_gpu_wait(AqrGuestLink *link, const AqrGpuDemand *demand, const AqrPatience *patience,
                      AqrGpuNews *news, GError **error);
