/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/host-facts.h"

#include <errno.h>
#include <grp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "host/host-user.h"

static char *
group_name(gid_t gid)
{
    const struct group *group = getgrgid(gid);

    return group == NULL ? NULL : g_strdup(group->gr_name);
}

void
aqr_host_node_look(const char *root, const char *path, AqrHostNode *node)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    struct stat status;

    aqr_host_node_clear(node);
    node->path = g_strdup(path);
    if (stat(file, &status) < 0) {
        node->exists = errno == ENOENT || errno == ENOTDIR ? AQR_FACT_NO : AQR_FACT_UNKNOWN;
        return;
    }
    node->exists = AQR_FACT_YES;
    node->owner = (AqrPathOwner){
        .uid = status.st_uid,
        .gid = status.st_gid,
        .mode = status.st_mode,
        .has_acl = getxattr(file, "system.posix_acl_access", NULL, 0) > 0,
    };
    node->group = group_name(status.st_gid);
}

static void
add_space(AqrHostFacts *facts, const char *root, const char *path, const char *purpose)
{
    g_autofree char *dir = g_build_filename(root, path, NULL);
    AqrHostSpace *space = g_new0(AqrHostSpace, 1);
    struct statvfs status;

    space->path = g_strdup(path);
    space->purpose = purpose;
    space->free_mib = G_MAXUINT64;
    if (statvfs(dir, &status) == 0)
        space->free_mib = (guint64)status.f_bavail * status.f_frsize / 1024 / 1024;
    g_ptr_array_add(facts->spaces, space);
}

static guint64
limit_of(rlim_t limit)
{
    return limit == RLIM_INFINITY ? AQR_MEMLOCK_UNLIMITED : (guint64)limit;
}

static void
add_groups(AqrHostFacts *facts)
{
    static const char *const wanted[] = { "kvm", "render", "libvirt" };
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();

    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
        if (getgrnam(wanted[i]) != NULL)
            g_strv_builder_add(found, wanted[i]);
    }
    facts->host_groups = g_strv_builder_end(found);
}

static void
add_user(AqrHostFacts *facts, const AqrHostQuery *query)
{
    g_autofree char *name = query->user != NULL ? g_strdup(query->user) : aqr_host_user_behind();
    g_autofree char *home = NULL;
    struct rlimit limit;

    facts->is_root = geteuid() == 0;
    aqr_host_user_look_up(name, &facts->user, &home);
    facts->user_is_caller = aqr_host_user_is_caller(&facts->user);
    if (facts->user_is_caller && !facts->is_root)
        facts->missing_groups = aqr_host_user_missing_groups(&facts->user);
    if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0) {
        facts->memlock_now.soft = limit_of(limit.rlim_cur);
        facts->memlock_now.hard = limit_of(limit.rlim_max);
    }
    add_groups(facts);
    add_space(facts, query->root, g_get_tmp_dir(), "overlays");
    if (home != NULL)
        add_space(facts, query->root, home, "images");
}

AqrHostFacts *
aqr_host_facts_gather(const AqrHostQuery *query)
{
    AqrHostFacts *facts = aqr_host_facts_new();

    add_user(facts, query);
    aqr_host_facts_add_machine(facts, query);
    aqr_host_facts_add_config(facts, query);
    aqr_host_facts_add_programs(facts, query);
    aqr_host_facts_add_gpus(facts, query);
    return facts;
}
