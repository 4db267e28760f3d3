/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/launch.h"

/* A restored guest answers within a second, even where its processor is emulated. */
#define RESTORE_TIMEOUT (30 * G_TIME_SPAN_SECOND)
#define SAVE_TIMEOUT (60 * G_TIME_SPAN_SECOND)

/* --- starting ---------------------------------------------------------- */

static gboolean
restore(const AqrLaunch *launch, AqrVm *vm, GError **error)
{
    AqrPatience patience = aqr_patience(RESTORE_TIMEOUT, launch->vm->stop);

    return aqr_vm_restore(vm, aqr_warm_start_state(launch->warm), &patience, error) &&
           aqr_vm_reach_guest(vm, &patience, error);
}

/* libvirt binds the GPUs and what goes along with them, and gives them back when this fails. A
 * GPU that is not well does not get into a VM. */
static AqrVm *
start_with_gpus(const AqrLaunch *launch, AqrGpuHold *gpus, GError **error)
{
    const AqrVmSpec *spec = launch->vm->spec;
    AqrVm *vm;

    if (!aqr_gpu_hold_check(gpus, error))
        return NULL;
    aqr_gpu_hold_tell_domain(gpus, spec->name, aqr_connection_is_daemon(launch->connection));
    vm = aqr_vm_start(launch->vm, error);
    if (vm == NULL)
        aqr_gpu_hold_restore(gpus);
    else
        aqr_gpu_hold_tell_qemu(gpus, aqr_connection_find_qemu(launch->connection, spec->name));
    return vm;
}

/* *@blame: what was saved is to blame for a failure, not what is around it. */
static AqrVm *
start_chosen(const AqrLaunch *launch, AqrGpuHold *gpus, gboolean *blame, GError **error)
{
    AqrWarmUse use = launch->vm->spec->warm.use;
    AqrVm *vm = use == AQR_WARM_SAVE ? aqr_vm_start(launch->vm, error) /* it has no GPUs */
                                     : start_with_gpus(launch, gpus, error);

    *blame = FALSE;
    if (vm == NULL || use != AQR_WARM_RESTORE || restore(launch, vm, error))
        return vm;
    *blame = TRUE;
    aqr_launch_end(&vm, gpus);
    return NULL;
}

/* One name for all of them together: one that does not work is no matter of the others, but
 * nobody can tell which it was. NULL: there is none. */
static char *
name_gpus(const AqrVmSpec *spec)
{
    g_autoptr(GString) name = g_string_new(NULL);

    for (guint i = 0; i < spec->gpus.gpus->len; i++) {
        g_autofree char *address =
            aqr_pci_address_to_string(&g_array_index(spec->gpus.gpus, AqrPciAddress, i));

        g_string_append_printf(name, "%s%s", i == 0 ? "" : "+", address);
    }
    return name->len == 0 ? NULL : g_strdup(name->str);
}

static gboolean
is_final(const GError *error)
{
    return g_error_matches(error, AQR_ERROR, AQR_ERROR_GPU) ||
           g_error_matches(error, AQR_ERROR, AQR_ERROR_STOPPED);
}

/* A GPU that is sick is so for a VM that boots, too. */
AqrVm *
aqr_launch_vm(const AqrLaunch *launch, AqrGpuHold *gpus, AqrWarmUse most, GError **error)
{
    const AqrVmWarm *warm = &launch->vm->spec->warm;
    g_autofree char *name = name_gpus(launch->vm->spec);
    g_autoptr(GError) failed = NULL;
    gboolean blame;
    AqrVm *vm;

    if (!aqr_warm_start_choose(launch->warm, most, name, error))
        return NULL;
    vm = start_chosen(launch, gpus, &blame, &failed);
    if (vm != NULL || warm->use == AQR_WARM_NONE || is_final(failed)) {
        if (vm == NULL)
            g_propagate_error(error, g_steal_pointer(&failed));
        return vm;
    }
    g_prefix_error(&failed, warm->use == AQR_WARM_SAVE ? "cannot start a VM to be saved: "
                                                       : "cannot restore the saved VM: ");
    if (!aqr_warm_start_reject(launch->warm, blame, failed, error))
        return NULL;
    return start_chosen(launch, gpus, &blame, error);
}

void
aqr_launch_end(AqrVm **vm, AqrGpuHold *gpus)
{
    gboolean ended = aqr_vm_end(*vm);

    g_clear_pointer(vm, aqr_vm_free);
    if (!ended) {
        aqr_gpu_hold_abandon(gpus);
        return;
    }
    aqr_gpu_hold_tell_qemu(gpus, 0);
    aqr_gpu_hold_restore(gpus);
}

gboolean
aqr_launch_may_boot(const AqrLaunch *launch, gboolean gpus_only, const GError *why)
{
    g_autoptr(GError) text = g_error_copy(why);

    g_prefix_error(&text, "trying it with a VM that boots: ");
    return aqr_warm_start_reject(launch->warm, !gpus_only, text, NULL);
}

void
aqr_launch_distrust_gpus(const AqrLaunch *launch, const char *why)
{
    g_autofree char *name = name_gpus(launch->vm->spec);

    if (name != NULL)
        aqr_warm_start_distrust(launch->warm, name, why);
}

/* --- saving ------------------------------------------------------------ */

static gboolean
publish(const AqrLaunch *launch, AqrVm **vm, GBytes *state, GError **error)
{
    gboolean ended = aqr_vm_end(*vm);

    g_clear_pointer(vm, aqr_vm_free);
    if (ended)
        return aqr_warm_start_publish(launch->warm, state, error);
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST, "it writes to its files still");
    return FALSE;
}

/* @refused: by QEMU, which will not think otherwise the next time. One that could not be made
 * to run again is of no use. */
static gboolean
give_up(const AqrLaunch *launch, AqrVm **vm, gboolean refused, GError *why, GError **error)
{
    g_autoptr(GError) text = g_error_copy(why);

    if (*vm != NULL && !aqr_vm_check_alive(*vm, NULL))
        g_clear_pointer(vm, aqr_vm_free);
    g_prefix_error(&text, "cannot save the VM: ");
    return refused && *vm != NULL ? aqr_warm_start_refuse(launch->warm, text, error)
                                  : aqr_warm_start_reject(launch->warm, FALSE, text, error);
}

gboolean
aqr_launch_save(const AqrLaunch *launch, AqrVm **vm, gboolean finished, GError **error)
{
    AqrPatience patience = aqr_patience(SAVE_TIMEOUT, launch->vm->stop);
    g_autoptr(GError) failed = NULL;
    g_autoptr(GBytes) state = NULL;

    if (!aqr_vm_check_alive(*vm, error))
        return FALSE;
    if (finished)
        state = aqr_vm_save(*vm, &patience, &failed);
    else
        g_set_error_literal(&failed, AQR_ERROR, AQR_ERROR_GUEST, "its units are not all started");
    if (state != NULL && publish(launch, vm, state, &failed))
        return TRUE;
    if (!g_error_matches(failed, AQR_ERROR, AQR_ERROR_STOPPED))
        return give_up(launch, vm, g_error_matches(failed, AQR_ERROR, AQR_ERROR_HOST), failed,
                       error);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}
