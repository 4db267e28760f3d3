/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/path-access.h"

static gboolean
is_member(const AqrPathUser *user, guint32 gid)
{
    for (gsize i = 0; i < user->n_gids; i++) {
        if (user->gids[i] == gid)
            return TRUE;
    }
    return FALSE;
}

/* Only one of the three counts, even if another would give more. */
gboolean
aqr_path_access_allows(const AqrPathUser *user, const AqrPathOwner *owner, AqrPathNeed need)
{
    unsigned shift = 0;

    if (user->uid == 0)
        return TRUE;
    if (user->uid == owner->uid)
        shift = 6;
    else if (owner->has_acl)
        return TRUE;
    else if (is_member(user, owner->gid))
        shift = 3;
    return (owner->mode >> shift & need) != 0;
}
