/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/setup-plan.h"

#include <string.h>

static gboolean
has_group(const AqrHostFacts *facts, const char *group)
{
    return facts->host_groups != NULL &&
           g_strv_contains((const char *const *)facts->host_groups, group);
}

static void
plan_modules(const AqrHostFacts *facts, GPtrArray *steps)
{
    if (!facts->vfio_conf->autoload && facts->vfio_conf->softdeps->len == 0)
        aqr_setup_step_add_file(steps, "modules-load", "/etc/modules-load.d/rocm-qemu.conf",
                                "vfio-pci\n");
}

/* Behind all usual names: the last rule wins. */
static void
plan_udev(const AqrHostFacts *facts, GPtrArray *steps)
{
    static const char *const reload[] = { "udevadm", "control", "--reload", NULL };
    static const char *const trigger[] = { "udevadm", "trigger", "--subsystem-match=vfio", NULL };

    if (!aqr_host_facts_runs_qemu_himself(facts) || facts->udev.group != NULL ||
        !has_group(facts, "render"))
        return;
    aqr_setup_step_add_file(steps, "udev", "/etc/udev/rules.d/99-rocm-qemu.rules",
                            "SUBSYSTEM==\"vfio\", GROUP=\"render\", MODE=\"0660\"\n");
    aqr_setup_step_add_command(steps, "udev-reload", reload);
    aqr_setup_step_add_command(steps, "udev-trigger", trigger);
}

/* The file's name comes after others, for the last line wins. */
static void
plan_memlock(const AqrHostFacts *facts, GPtrArray *steps)
{
    const char *name = facts->user.name;
    g_autofree char *path = NULL, *text = NULL;

    if (!aqr_host_facts_runs_qemu_himself(facts) || strchr(name, '/') != NULL ||
        aqr_host_facts_memlock_is_enough(facts, &facts->memlock))
        return;
    path = g_strdup_printf("/etc/security/limits.d/rocm-qemu-%s.conf", name);
    text = g_strdup_printf("%s - memlock unlimited\n", name);
    aqr_setup_step_add_file(steps, "memlock", path, text);
}

static void
plan_group(const AqrHostFacts *facts, const char *group, gboolean needed, GPtrArray *steps)
{
    const char *const argv[] = { "usermod", "--append", "--groups", group, facts->user.name, NULL };

    if (needed && has_group(facts, group) && !aqr_host_user_is_in(&facts->user, group))
        aqr_setup_step_add_command(steps, g_str_equal(group, "kvm") ? "group-kvm" : "group-render",
                                   argv);
}

static void
plan_groups(const AqrHostFacts *facts, GPtrArray *steps)
{
    gboolean ordinary = facts->user.exists && facts->user.uid != 0;

    plan_group(facts, "kvm", ordinary, steps);
    plan_group(facts, "render", aqr_host_facts_runs_qemu_himself(facts), steps);
}

static void
plan_leases(const AqrHostFacts *facts, GPtrArray *steps)
{
    const AqrHostNode *dir = &facts->lease_dir;
    g_autofree char *text = NULL;

    if (dir->exists == AQR_FACT_YES)
        return;
    text = g_strdup_printf("d %s 1777 root root -\n", dir->path);
    aqr_setup_step_add_file(steps, "leases", "/etc/tmpfiles.d/rocm-qemu.conf", text);
    aqr_setup_step_add_directory(steps, "leases-now", dir->path, 01777);
}

GPtrArray *
aqr_setup_plan_make(const AqrHostFacts *facts)
{
    GPtrArray *steps = aqr_setup_steps_new();

    plan_modules(facts, steps);
    plan_udev(facts, steps);
    plan_memlock(facts, steps);
    plan_groups(facts, steps);
    plan_leases(facts, steps);
    return steps;
}
