/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/host-user.h"

void
aqr_host_user_clear(AqrHostUser *user)
{
    g_free(user->name);
    g_clear_pointer(&user->gids, g_array_unref);
    g_strfreev(user->groups);
    *user = (AqrHostUser){ 0 };
}

gboolean
aqr_host_user_is_in(const AqrHostUser *user, const char *group)
{
    return user->groups != NULL && g_strv_contains((const char *const *)user->groups, group);
}

gboolean
aqr_host_user_has_gid(const AqrHostUser *user, guint32 gid)
{
    for (guint i = 0; user->gids != NULL && i < user->gids->len; i++) {
        if (g_array_index(user->gids, guint32, i) == gid)
            return TRUE;
    }
    return FALSE;
}

gboolean
aqr_host_user_may_use(const AqrHostUser *user, const AqrPathOwner *owner)
{
    const AqrPathUser who = {
        .uid = user->uid,
        .gids = user->gids == NULL ? NULL : (const guint32 *)(void *)user->gids->data,
        .n_gids = user->gids == NULL ? 0 : user->gids->len,
    };

    return aqr_path_access_allows(&who, owner, AQR_PATH_READ) &&
           aqr_path_access_allows(&who, owner, AQR_PATH_WRITE);
}

gboolean
aqr_host_user_may_use_libvirt(const AqrHostUser *user, const AqrPathOwner *socket)
{
    if (!user->exists)
        return FALSE;
    if (user->uid == 0 || aqr_host_user_is_in(user, "libvirt"))
        return aqr_host_user_may_use(user, socket);
    /* Debian's socket lets everybody connect; polkit then lets that group in. Where only some
     * may connect, the administrator has seen to it himself. */
    return (socket->mode & 0002) == 0 && aqr_host_user_may_use(user, socket);
}
