/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host-user.h"

/* What limits.conf(5) gives a user who logs in of memory to lock; read as pam_limits(8)
 * does (modules/pam_limits/pam_limits.c). */

#define AQR_MEMLOCK_UNTOLD G_MAXUINT64
#define AQR_MEMLOCK_UNLIMITED (G_MAXUINT64 - 1)

typedef struct {
    guint64 soft, hard; /* bytes, or one of the two above */
    int soft_rank, hard_rank;
} AqrMemlock;

#define AQR_MEMLOCK_INIT                             \
    {                                                \
        AQR_MEMLOCK_UNTOLD, AQR_MEMLOCK_UNTOLD, 0, 0 \
    }

/* Takes what @text, one of the files, says of @user. The files come in pam_limits' order:
 * limits.conf, then those of limits.d by name. */
void aqr_limits_conf_read(AqrMemlock *memlock, const char *text, const AqrHostUser *user);

/* "8 MiB", "unlimited", "untold"; transfer full. */
char *aqr_memlock_to_string(guint64 limit) G_GNUC_WARN_UNUSED_RESULT;
