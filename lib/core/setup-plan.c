/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/setup-plan.h"

#include <string.h>

const char aqr_setup_mark[] = "# Made by rocm-qemu-setup --apply, which may write it anew.\n";

void
aqr_setup_step_free(AqrSetupStep *step)
{
    if (step == NULL)
        return;
    g_free(step->title);
    g_free(step->path);
    g_free(step->text);
    g_strfreev(step->argv);
    g_free(step);
}

static void
free_step(gpointer data)
{
    aqr_setup_step_free(data);
}

static AqrSetupStep *
add(GPtrArray *steps, const char *id, AqrStepKind kind, char *title)
{
    AqrSetupStep *step = g_new0(AqrSetupStep, 1);

    step->id = id;
    step->kind = kind;
    step->title = title;
    g_ptr_array_add(steps, step);
    return step;
}

static void
add_file(GPtrArray *steps, const char *id, const char *path, const char *text)
{
    AqrSetupStep *step = add(steps, id, AQR_STEP_FILE, g_strdup_printf("write %s", path));

    step->path = g_strdup(path);
    step->text = g_strconcat(aqr_setup_mark, text, NULL);
}

static void
add_command(GPtrArray *steps, const char *id, const char *const *argv)
{
    g_autofree char *words = g_strjoinv(" ", (char **)argv);
    AqrSetupStep *step = add(steps, id, AQR_STEP_COMMAND, g_strconcat("run ", words, NULL));

    step->argv = g_strdupv((char **)argv);
}

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
        add_file(steps, "modules-load", "/etc/modules-load.d/rocm-qemu.conf", "vfio-pci\n");
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
    add_file(steps, "udev", "/etc/udev/rules.d/99-rocm-qemu.rules",
             "SUBSYSTEM==\"vfio\", GROUP=\"render\", MODE=\"0660\"\n");
    add_command(steps, "udev-reload", reload);
    add_command(steps, "udev-trigger", trigger);
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
    add_file(steps, "memlock", path, text);
}

static void
plan_group(const AqrHostFacts *facts, const char *group, gboolean needed, GPtrArray *steps)
{
    const char *const argv[] = { "usermod", "--append", "--groups", group, facts->user.name, NULL };

    if (needed && has_group(facts, group) && !aqr_host_user_is_in(&facts->user, group))
        add_command(steps, g_str_equal(group, "kvm") ? "group-kvm" : "group-render", argv);
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
    AqrSetupStep *step;

    if (dir->exists == AQR_FACT_YES)
        return;
    text = g_strdup_printf("d %s 1777 root root -\n", dir->path);
    add_file(steps, "leases", "/etc/tmpfiles.d/rocm-qemu.conf", text);
    step = add(steps, "leases-now", AQR_STEP_DIRECTORY, g_strdup_printf("make %s", dir->path));
    step->path = g_strdup(dir->path);
    step->mode = 01777;
}

GPtrArray *
aqr_setup_plan_make(const AqrHostFacts *facts)
{
    GPtrArray *steps = g_ptr_array_new_with_free_func(free_step);

    plan_modules(facts, steps);
    plan_udev(facts, steps);
    plan_memlock(facts, steps);
    plan_groups(facts, steps);
    plan_leases(facts, steps);
    return steps;
}
