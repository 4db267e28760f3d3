/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/host-facts.h"

#define MIB ((guint64)1024 * 1024)

void
aqr_host_node_clear(AqrHostNode *node)
{
    g_free(node->path);
    g_free(node->group);
    *node = (AqrHostNode){ 0 };
}

void
aqr_host_gpu_free(AqrHostGpu *gpu)
{
    if (gpu == NULL)
        return;
    aqr_host_node_clear(&gpu->node);
    g_free(gpu->held_by);
    g_free(gpu->quarantined);
    g_free(gpu);
}

static void
free_gpu(gpointer data)
{
    aqr_host_gpu_free(data);
}

static void
free_space(gpointer data)
{
    AqrHostSpace *space = data;

    g_free(space->path);
    g_free(space);
}

AqrHostFacts *
aqr_host_facts_new(void)
{
    AqrHostFacts *facts = g_new0(AqrHostFacts, 1);
    const AqrMemlock untold = AQR_MEMLOCK_INIT;

    facts->memlock = untold;
    facts->memlock_now = untold;
    facts->spaces = g_ptr_array_new_with_free_func(free_space);
    facts->vfio_conf = aqr_vfio_conf_new();
    facts->unreadable = g_ptr_array_new_with_free_func(g_free);
    facts->gpus = g_ptr_array_new_with_free_func(free_gpu);
    return facts;
}

static void
clear_programs(AqrHostFacts *facts)
{
    g_free(facts->qemu_version);
    aqr_host_node_clear(&facts->libvirt_socket);
    g_free(facts->libvirt_trouble);
    g_free(facts->autopkgtest_version);
    g_free(facts->apt_proxy);
    aqr_host_user_clear(&facts->debci);
}

static void
clear_gpus(AqrHostFacts *facts)
{
    g_free(facts->gpus_trouble);
    g_ptr_array_unref(facts->gpus);
    g_strfreev(facts->missing_gpus);
    aqr_host_node_clear(&facts->lease_dir);
    if (facts->owner != NULL)
        facts->free_owner(facts->owner);
}

void
aqr_host_facts_free(AqrHostFacts *facts)
{
    if (facts == NULL)
        return;
    aqr_host_user_clear(&facts->user);
    g_strfreev(facts->host_groups);
    g_strfreev(facts->missing_groups);
    aqr_host_node_clear(&facts->kvm);
    g_free(facts->kvm_trouble);
    g_free(facts->command_line);
    g_free(facts->kernel_release);
    g_ptr_array_unref(facts->spaces);
    aqr_vfio_conf_free(facts->vfio_conf);
    aqr_udev_vfio_clear(&facts->udev);
    g_ptr_array_unref(facts->unreadable);
    clear_programs(facts);
    clear_gpus(facts);
    g_free(facts);
}

gboolean
aqr_host_facts_has_daemon(const AqrHostFacts *facts)
{
    if (facts->libvirt_socket.exists != AQR_FACT_YES)
        return FALSE;
    /* What another ordinary user met says nothing about this one. */
    if ((facts->user_is_caller || facts->is_root) && facts->libvirt_trouble != NULL)
        return FALSE;
    return aqr_host_user_may_use_libvirt(&facts->user, &facts->libvirt_socket.owner);
}

guint64
aqr_host_facts_memlock_needed(const AqrHostFacts *facts)
{
    return (facts->ram_mib * 3 / 4 + 1024) * MIB;
}

gboolean
aqr_host_facts_runs_qemu_himself(const AqrHostFacts *facts)
{
    return facts->user.exists && facts->user.uid != 0 && !aqr_host_facts_has_daemon(facts);
}

gboolean
aqr_host_facts_memlock_is_enough(const AqrHostFacts *facts, const AqrMemlock *memlock)
{
    return memlock->hard != AQR_MEMLOCK_UNTOLD && memlock->soft != AQR_MEMLOCK_UNTOLD &&
           MIN(memlock->hard, memlock->soft) >= aqr_host_facts_memlock_needed(facts);
}
