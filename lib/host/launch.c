/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/launch.h"

/* A restored guest answers within a second, even where its processor is emulated. */
#define RESTORE_TIMEOUT (30 * G_TIME_SPAN_SECOND)
#define SAVE_TIMEOUT (60 * G_TIME_SPAN_SECOND)

/* --- starting ---------------------------------------------------------- */

static AqrVm *
restore(const AqrLaunch *launch, GError **error)
{
    AqrPatience patience = aqr_patience(RESTORE_TIMEOUT, launch->vm->stop);
    g_autoptr(AqrVm) vm =
        aqr_vm_restore(launch->vm, aqr_warm_start_state(launch->warm), &patience, error);

    if (vm == NULL || !aqr_vm_reach_guest(vm, &patience, error))
        return NULL;
    return g_steal_pointer(&vm);
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
    vm = spec->warm.use == AQR_WARM_RESTORE ? restore(launch, error)
                                            : aqr_vm_start(launch->vm, error);
    if (vm == NULL)
        aqr_gpu_hold_restore(gpus);
    else
        aqr_gpu_hold_tell_qemu(gpus, aqr_connection_find_qemu(launch->connection, spec->name));
    return vm;
}

static AqrVm *
start_chosen(const AqrLaunch *launch, AqrGpuHold *gpus, GError **error)
{
    if (launch->vm->spec->warm.use == AQR_WARM_SAVE) /* it has none */
        return aqr_vm_start(launch->vm, error);
    return start_with_gpus(launch, gpus, error);
}

static GStrv
name_gpus(const AqrVmSpec *spec)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; i < spec->gpus.gpus->len; i++) {
        g_autofree char *name =
            aqr_pci_address_to_string(&g_array_index(spec->gpus.gpus, AqrPciAddress, i));

        g_strv_builder_add(names, name);
    }
    return g_strv_builder_end(names);
}

void
aqr_launch_distrust_gpus(const AqrLaunch *launch, const char *why)
{
    g_auto(GStrv) names = name_gpus(launch->vm->spec);

    for (char **name = names; *name != NULL; name++)
        aqr_warm_start_distrust(launch->warm, *name, why);
}

static gboolean
is_of_gpu(const GError *error)
{
    return g_error_matches(error, AQR_ERROR, AQR_ERROR_GPU) ||
           g_error_matches(error, AQR_ERROR, AQR_ERROR_STOPPED);
}

/* A GPU that is sick is so for a VM that boots, too. */
AqrVm *
aqr_launch_vm(const AqrLaunch *launch, AqrGpuHold *gpus, AqrWarmUse most, GError **error)
{
    const AqrVmWarm *warm = &launch->vm->spec->warm;
    g_auto(GStrv) names = name_gpus(launch->vm->spec);
    g_autoptr(GError) failed = NULL;
    AqrVm *vm;

    if (!aqr_warm_start_choose(launch->warm, most, (const char *const *)names, error))
        return NULL;
    vm = start_chosen(launch, gpus, &failed);
    if (vm != NULL || warm->use == AQR_WARM_NONE || is_of_gpu(failed)) {
        if (vm == NULL)
            g_propagate_error(error, g_steal_pointer(&failed));
        return vm;
    }
    if (!aqr_warm_start_reject(launch->warm,
                               warm->use == AQR_WARM_SAVE ? "cannot start a VM to be saved"
                                                          : "cannot restore the saved VM",
                               failed, error))
        return NULL;
    return start_chosen(launch, gpus, error);
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
        return aqr_warm_start_reject(launch->warm, "cannot save the VM", failed, error);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}
