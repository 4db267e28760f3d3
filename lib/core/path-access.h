/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Whether a user other than ours may use a file, by its mode: access() answers for
 * ourselves only. */
typedef struct {
    guint32 uid;
    const guint32 *gids; /* all of the user's groups */
    gsize n_gids;
} AqrPathUser;

typedef struct {
    guint32 uid, gid;
    guint32 mode;     /* st_mode */
    gboolean has_acl; /* what it says is not known here */
} AqrPathOwner;

typedef enum { AQR_PATH_SEARCH = 1, AQR_PATH_WRITE = 2, AQR_PATH_READ = 4 } AqrPathNeed;

/* TRUE also where an ACL decides: QEMU will tell. */
gboolean aqr_path_access_allows(const AqrPathUser *user, const AqrPathOwner *owner,
                                AqrPathNeed need);
