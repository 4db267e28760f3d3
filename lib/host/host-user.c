/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host-user.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

static void
look_up_groups(const struct passwd *entry, AqrHostUser *user)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    int n = 0;

    getgrouplist(entry->pw_name, entry->pw_gid, NULL, &n);
    user->gids = g_array_sized_new(FALSE, TRUE, sizeof(guint32), (guint)n);
    g_array_set_size(user->gids, (guint)n);
    if (getgrouplist(entry->pw_name, entry->pw_gid, (gid_t *)(void *)user->gids->data, &n) < 0)
        n = 0; /* it has changed meanwhile */
    g_array_set_size(user->gids, (guint)n);
    for (guint i = 0; i < user->gids->len; i++) {
        const struct group *group = getgrgid(g_array_index(user->gids, guint32, i));

        if (group != NULL)
            g_strv_builder_add(names, group->gr_name);
    }
    user->groups = g_strv_builder_end(names);
}

void
aqr_host_user_look_up(const char *name, AqrHostUser *user, char **home)
{
    const struct passwd *entry = getpwnam(name);
    guint64 uid;

    if (entry == NULL && g_ascii_string_to_unsigned(name, 10, 0, G_MAXUINT32 - 1, &uid, NULL))
        entry = getpwuid((uid_t)uid);
    aqr_host_user_clear(user);
    user->name = g_strdup(entry == NULL ? name : entry->pw_name);
    if (entry == NULL)
        return;
    user->exists = TRUE;
    user->uid = entry->pw_uid;
    if (home != NULL)
        *home = g_strdup(entry->pw_dir);
    look_up_groups(entry, user);
}

char *
aqr_host_user_behind(void)
{
    const char *by_sudo = g_getenv("SUDO_USER");
    const struct passwd *entry;

    if (geteuid() == 0 && by_sudo != NULL && *by_sudo != '\0')
        return g_strdup(by_sudo);
    entry = getpwuid(geteuid());
    return entry != NULL ? g_strdup(entry->pw_name) : g_strdup_printf("%u", geteuid());
}

gboolean
aqr_host_user_is_caller(const AqrHostUser *user)
{
    return user->exists && user->uid == geteuid();
}

static gboolean
process_is_in(gid_t gid, const gid_t *gids, int n)
{
    for (int i = 0; i < n; i++) {
        if (gids[i] == gid)
            return TRUE;
    }
    return gid == getegid();
}

GStrv
aqr_host_user_missing_groups(const AqrHostUser *user)
{
    g_autoptr(GStrvBuilder) missing = g_strv_builder_new();
    int n = getgroups(0, NULL);
    g_autofree gid_t *gids = g_new0(gid_t, (gsize)MAX(n, 0) + 1);

    n = getgroups(MAX(n, 0), gids);
    for (guint i = 0; user->gids != NULL && i < user->gids->len; i++) {
        gid_t gid = g_array_index(user->gids, guint32, i);
        const struct group *group = process_is_in(gid, gids, n) ? NULL : getgrgid(gid);

        if (group != NULL)
            g_strv_builder_add(missing, group->gr_name);
    }
    return g_strv_builder_end(missing);
}
