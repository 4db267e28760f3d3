/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/recorded-world.h"

#include <libvirt/libvirt-qemu.h>

#include "core/gpu-evidence.h"
#include "core/vm-evidence.h"
#include "host/evidence-guest.h"
#include "host/live-state.h"
#include "host/quarantine.h"
#include "host/sysfs.h"

#define DEVICES "/sys/bus/pci/devices"

static AqrEvidence *
evidence_of(const AqrLiveWorld *world)
{
    return world->config->evidence;
}

/* --- one step ---------------------------------------------------------- */

typedef struct {
    AqrEvidence *evidence;
    const char *name;
    gint64 start;
} Step;

static Step
begin(const AqrLiveWorld *world, const char *name)
{
    return (Step){ evidence_of(world), name, g_get_monotonic_time() };
}

/* @details: NULL, or transfer full; @failed: likewise, it did not. */
static gboolean
end(const Step *step, char *details, GError *failed, GError **error)
{
    const AqrEvent event = {
        .name = step->name,
        .duration = g_get_monotonic_time() - step->start,
        .details = details,
        .error = failed == NULL ? NULL : failed->message,
    };

    aqr_evidence_tell(step->evidence, &event);
    g_free(details);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, failed);
    return FALSE;
}

static gboolean
do_step(AqrLiveWorld *world, const char *name, gboolean (*function)(gpointer, GError **),
        GError **error)
{
    Step step = begin(world, name);
    GError *failed = NULL;

    function(world, &failed);
    return end(&step, NULL, failed, error);
}

/* --- GPUs -------------------------------------------------------------- */

static AqrGpuEvidence *
look_at_gpu(const AqrGpu *gpu, const char *trouble)
{
    AqrGpuEvidence *health = g_new0(AqrGpuEvidence, 1);
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autofree char *dir = g_build_filename(DEVICES, address, NULL);
    g_autofree char *slot = aqr_gpu_request_slot(gpu->device);

    health->vbios = aqr_sysfs_read(dir, "vbios_version");
    health->quarantine = aqr_quarantine_reason(slot);
    health->trouble = g_strdup(trouble);
    return health;
}

static void
put_gpus(const AqrLiveWorld *world, const char *when)
{
    const GPtrArray *gpus = aqr_gpu_hold_get_gpus(world->gpus);
    g_autoptr(GPtrArray) healths =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_evidence_free);
    const char *trouble = aqr_gpu_hold_trouble(world->gpus);
    g_autofree char *json = NULL;

    if (gpus->len == 0)
        return;
    for (guint i = 0; i < gpus->len; i++)
        g_ptr_array_add(healths, look_at_gpu(g_ptr_array_index(gpus, i), trouble));
    json = aqr_gpu_evidence_json(when, gpus, healths);
    aqr_evidence_put(evidence_of(world), AQR_EVIDENCE_GPUS, json);
}

/* A VM that ended, or did not come to be, for which they may be to blame. */
static void
look_after(const AqrLiveWorld *world)
{
    AqrEvidence *evidence = evidence_of(world);
    g_autofree char *when = g_strdup_printf("after VM %u", aqr_evidence_get_vm(evidence));

    aqr_evidence_flush(evidence);
    if (world->gpus != NULL && aqr_evidence_is_kept(evidence))
        put_gpus(world, when);
}

static gboolean
take_gpus(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    Step step = begin(world, "gpu-lease");
    GError *failed = NULL;

    if (aqr_live_world.take_gpus(world, &failed) && world->spec->gpus.gpus->len == 0)
        return TRUE; /* none is asked for */
    if (failed != NULL || !aqr_evidence_is_kept(step.evidence))
        return end(&step, NULL, failed, error);
    put_gpus(world, "before the first VM");
    return end(&step, aqr_gpu_evidence_name(aqr_gpu_hold_get_gpus(world->gpus)), NULL, NULL);
}

static void
give_gpus_back(gpointer data)
{
    AqrLiveWorld *world = data;
    Step step = begin(world, "gpu-return");

    aqr_live_world.give_gpus_back(world);
    if (world->spec->gpus.gpus->len > 0)
        end(&step, NULL, NULL, NULL);
}

static gboolean
plug_gpus(gpointer data, GError **error)
{
    return do_step(data, "gpu-plug", aqr_live_world.plug_gpus, error);
}

static gboolean
wait_gpus(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    Step step = begin(world, "gpu-ready");
    GError *failed = NULL;

    if (aqr_live_world.wait_gpus(world, &failed) && world->spec->gpus.gpus->len == 0)
        return TRUE;
    return end(&step, aqr_gpu_evidence_guest(world->gpu_facts), failed, error);
}

/* --- a VM -------------------------------------------------------------- */

/* "7.2.22 (Debian 1:7.2+dfsg-7+deb12u18)"; NULL: it does not tell. */
static char *
ask_qemu_version(const AqrLiveWorld *world)
{
    virDomainPtr domain = aqr_domain_get_handle(aqr_vm_get_domain(world->vm));
    char *answer = NULL;

    if (virDomainQemuMonitorCommand(domain, "info version", &answer,
                                    VIR_DOMAIN_QEMU_MONITOR_COMMAND_HMP) < 0)
        return NULL;
    return g_strstrip(answer);
}

static char *
describe_vm(const AqrLiveWorld *world, AqrStart how)
{
    g_autofree char *version = ask_qemu_version(world);

    return aqr_vm_evidence(world->spec, how, version);
}

static gboolean
start(gpointer data, AqrStart most, AqrStart *how, GError **error)
{
    AqrLiveWorld *world = data;
    Step step = begin(world, "vm-start");
    GError *failed = NULL;
    char *details = NULL;
    gboolean done;

    aqr_evidence_begin_vm(step.evidence);
    done = aqr_live_world.start(world, most, how, &failed);
    if (done && aqr_evidence_is_kept(step.evidence))
        details = describe_vm(world, *how);
    if (end(&step, details, failed, error))
        return TRUE;
    look_after(world);
    return FALSE;
}

static gboolean
wait_guest(gpointer data, GError **error)
{
    return do_step(data, "guest-up", aqr_live_world.wait_guest, error);
}

static gboolean
save(gpointer data, gboolean *ended, GError **error)
{
    AqrLiveWorld *world = data;
    Step step = begin(world, "vm-save");
    GError *failed = NULL;

    aqr_live_world.save(world, ended, &failed);
    return end(&step, NULL, failed, error);
}

/* Its kernel's messages do not outlast it, nor a restart of it. What they say of a GPU somebody is
 * to hear who keeps nothing, too. */
static void
ask_guest(AqrLiveWorld *world)
{
    gboolean wanted = aqr_evidence_is_kept(evidence_of(world)) || world->spec->gpus.gpus->len > 0;

    if (wanted && world->vm != NULL && aqr_vm_check_alive(world->vm, NULL))
        aqr_evidence_guest_gather(evidence_of(world), aqr_vm_get_link(world->vm), "");
}

static gboolean
expect_reboot(gpointer data, GError **error)
{
    ask_guest(data);
    return aqr_live_world.expect_reboot(data, error);
}

static gboolean
wait_reboot(gpointer data, GError **error)
{
    return do_step(data, "guest-reset", aqr_live_world.wait_reboot, error);
}

static void
stop(gpointer data, gboolean orderly)
{
    AqrLiveWorld *world = data;
    gboolean had_vm = world->vm != NULL;
    Step step;

    if (had_vm && orderly)
        ask_guest(world);
    step = begin(world, "vm-end");
    aqr_live_world.stop(world, orderly);
    if (!had_vm || !aqr_evidence_is_kept(step.evidence))
        return;
    end(&step, NULL, NULL, NULL);
    look_after(world);
}

/* --- the testbed ------------------------------------------------------- */

static void
record(gpointer data, AqrStep step, gboolean begins, const GError *error)
{
    static const char *const names[][2] = {
        { "open", "open-begin" }, { "revert", "revert-begin" }, { "reboot", "reboot-begin" },
        { "copy", "copy-begin" }, { "close", "close-begin" },
    };
    AqrLiveWorld *world = data;
    AqrEvent event = { .name = names[step][begins],
                       .error = error == NULL ? NULL : error->message };
    gint64 now = g_get_monotonic_time();

    if (step == AQR_STEP_OPEN && begins)
        aqr_evidence_begin(evidence_of(world));
    if (!begins && world->steps[step] > 0)
        event.duration = now - world->steps[step];
    world->steps[step] = begins ? now : 0;
    aqr_evidence_tell(evidence_of(world), &event);
}

AqrWorld
aqr_recorded_world(void)
{
    AqrWorld world = aqr_live_world;

    world.take_gpus = take_gpus;
    world.give_gpus_back = give_gpus_back;
    world.start = start;
    world.wait_guest = wait_guest;
    world.save = save;
    world.plug_gpus = plug_gpus;
    world.wait_gpus = wait_gpus;
    world.expect_reboot = expect_reboot;
    world.wait_reboot = wait_reboot;
    world.record = record;
    world.stop = stop;
    return world;
}
