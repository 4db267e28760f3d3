/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is true of one GPU. */
#include <string.h>

#include "core/host-checks.h"

static const char *const reset_bug[] = { "gfx803",  "gfx900",  "gfx906",  "gfx908",
                                         "gfx1010", "gfx1011", "gfx1012", NULL };

/* Addresses and ids, each behind what is there already. */
static char *
list_devices(const GPtrArray *devices, const AqrPciDevice *except)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < devices->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(devices, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        if (device != except)
            g_string_append_printf(list, "%s%s (%04x:%04x)", list->len > 0 ? ", " : "", address,
                                   device->vendor, device->device);
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}

static char *
address_of(const AqrHostGpu *gpu)
{
    return aqr_pci_address_to_string(&gpu->gpu->device->address);
}

static void
judge_identity(G_GNUC_UNUSED const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    static const char *const sources[] = {
        [AQR_GFX_TABLE] = "by its id",
        [AQR_GFX_DISCOVERY] = "by amdgpu",
        [AQR_GFX_KFD] = "by KFD",
    };
    const AqrPciDevice *device = gpu->gpu->device;
    g_autofree char *siblings = list_devices(gpu->gpu->together, device);
    g_autofree char *with =
        *siblings == '\0' ? g_strdup("") : g_strconcat("; with ", siblings, NULL);

    if (gpu->gpu->gfx == NULL)
        aqr_finding_set(finding, AQR_WARN, "name it by its address in --gpu; please report the id",
                        "%s (%04x:%04x), gfx target unknown%s", gpu->gpu->name, device->vendor,
                        device->device, with);
    else
        aqr_finding_pass(finding, "%s (%04x:%04x), %s %s%s", gpu->gpu->name, device->vendor,
                         device->device, gpu->gpu->gfx, sources[gpu->gpu->gfx_source], with);
}

static void
judge_passable(G_GNUC_UNUSED const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *address = address_of(gpu);
    g_autofree char *prefix = g_strdup_printf("GPU %s: ", address);

    if (aqr_gpu_check_passable(gpu->gpu, FALSE, &error))
        aqr_finding_pass(finding, "nothing speaks against passing it to a guest");
    else
        aqr_finding_set(finding, AQR_FAIL, NULL, "%s",
                        error->message +
                            (g_str_has_prefix(error->message, prefix) ? strlen(prefix) : 0));
}

static void
judge_group(G_GNUC_UNUSED const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    g_autofree char *foreign = list_devices(gpu->gpu->foreign, NULL);

    if (gpu->gpu->device->iommu_group < 0)
        aqr_finding_set(finding, AQR_FAIL, "see machine.iommu", "it is in no IOMMU group");
    else if (gpu->gpu->foreign->len > 0)
        aqr_finding_set(finding, AQR_FAIL,
                        "put the card into another slot; the firmware's ACS setting may help",
                        "its IOMMU groups hold what is not the card's: %s", foreign);
    else
        aqr_finding_pass(finding, "IOMMU group %d, with nothing foreign",
                         gpu->gpu->device->iommu_group);
}

static char *
list_drivers(const AqrHostGpu *gpu, guint *n_on_vfio)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < gpu->gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(gpu->gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        *n_on_vfio += aqr_pci_device_is_on_vfio(device);
        g_string_append_printf(list, "%s%s: %s", list->len > 0 ? ", " : "", address,
                               device->driver == NULL ? "none" : device->driver);
    }
    return g_string_free(g_steal_pointer(&list), FALSE);
}

static void
judge_driver(const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    guint on_vfio = 0;
    g_autofree char *drivers = list_drivers(gpu, &on_vfio);
    g_autofree char *address = address_of(gpu);
    g_autofree char *hint = NULL;

    if (on_vfio == gpu->gpu->together->len) {
        aqr_finding_pass(finding, "on vfio-pci, with all that goes along");
    } else if (facts->user.uid == 0 || aqr_host_facts_has_daemon(facts)) {
        aqr_finding_pass(finding, "libvirt takes it from its driver and gives it back (%s)",
                         drivers);
    } else {
        hint = g_strdup_printf("as root: driverctl set-override %s vfio-pci, and so on for each; "
                               "or let libvirt's daemon do it (adduser %s libvirt)",
                               address, facts->user.name);
        aqr_finding_set(finding, AQR_FAIL, hint, "not all are on vfio-pci (%s)", drivers);
    }
}

static void
judge_node(const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    const AqrHostNode *node = &gpu->node;

    if (facts->user.uid == 0 || aqr_host_facts_has_daemon(facts))
        return;
    if (node->exists == AQR_FACT_YES && aqr_host_user_may_use(&facts->user, &node->owner))
        aqr_finding_pass(finding, "%s may open %s", facts->user.name, node->path);
    else if (node->exists == AQR_FACT_YES)
        aqr_finding_set(finding, AQR_FAIL, "see vfio.udev and user.render",
                        "%s may not open %s (mode %04o, group %s)", facts->user.name, node->path,
                        node->owner.mode & 07777, node->group == NULL ? "unknown" : node->group);
    else if (node->exists == AQR_FACT_NO)
        aqr_finding_set(finding, AQR_FAIL, "it is there as soon as the GPU is on vfio-pci",
                        "there is no %s", node->path);
    else
        aqr_finding_unknown(finding, "run this as root", "whose %s is", node->path);
}

static gboolean
has_reset(const AqrPciDevice *device, const char *method)
{
    return device->reset_methods != NULL &&
           g_strv_contains((const char *const *)device->reset_methods, method);
}

static gboolean
has_reset_bug(const AqrGpu *gpu)
{
    return gpu->gfx != NULL && g_strv_contains(reset_bug, gpu->gfx) &&
           !has_reset(gpu->device, "device_specific");
}

/* Usually a Radeon has no reset of its own, as it shares the bus with its audio function:
 * VFIO then resets the bus when all functions are given back. */
static void
judge_reset(G_GNUC_UNUSED const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    const AqrPciDevice *device = gpu->gpu->device;
    g_autofree char *methods =
        device->reset_methods == NULL ? NULL : g_strjoinv(", ", device->reset_methods);

    if (has_reset_bug(gpu->gpu))
        aqr_finding_set(finding, AQR_WARN,
                        "load the module vendor-reset and write device_specific to reset_method",
                        "%s cards are known not to come back from every reset", gpu->gpu->gfx);
    else if (methods != NULL)
        aqr_finding_pass(finding, "it can be reset: %s", methods);
    else if (gpu->gpu->together->len > 1)
        aqr_finding_pass(finding, "it is reset with its bus, when all functions are on vfio-pci");
    else if (device->has_parent)
        aqr_finding_pass(finding, "it is reset with its bus");
    else
        aqr_finding_set(finding, AQR_WARN, "expect to restart the host after a crash in a guest",
                        "the kernel knows no way to reset it");
}

static gboolean
wakes_badly(const AqrHostFacts *facts, const AqrGpu *gpu)
{
    return gpu->gfx != NULL && g_str_has_prefix(gpu->gfx, "gfx12") && gpu->device->d3cold_allowed &&
           !facts->vfio_conf->disable_idle_d3;
}

static void
judge_power(const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    const AqrPciDevice *device = gpu->gpu->device;
    const char *state = device->power_state == NULL ? "unknown" : device->power_state;
    const char *d3cold = device->d3cold_allowed ? "allowed" : "not allowed";
    static const char hint[] = "\"options vfio-pci disable_idle_d3=1\" in /etc/modprobe.d, or "
                               "write 0 to its d3cold_allowed";

    if (aqr_pci_device_is_lost(device))
        aqr_finding_set(finding, AQR_FAIL, "restart the host", "it has fallen off the bus");
    else if (wakes_badly(facts, gpu->gpu))
        aqr_finding_set(finding, AQR_WARN, hint,
                        "%s cards may not wake from D3cold, which is allowed (power state: %s)",
                        gpu->gpu->gfx, state);
    else if (g_str_equal(state, "unknown"))
        aqr_finding_unknown(finding, NULL, "its power state (D3cold is %s)", d3cold);
    else
        aqr_finding_pass(finding, "power state %s, D3cold %s", state, d3cold);
}

/* Polaris and Fiji: KFD refuses them without. */
static void
judge_atomics(const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    const char *reason = gpu->gpu->atomics_reason == NULL ? "" : gpu->gpu->atomics_reason;
    gboolean needed = g_strcmp0(gpu->gpu->gfx, "gfx803") == 0;

    if (gpu->gpu->atomics == AQR_ATOMICS_YES)
        aqr_finding_pass(finding, "PCIe atomics reach the root");
    else if (gpu->gpu->atomics == AQR_ATOMICS_NO)
        aqr_finding_set(finding, needed ? AQR_FAIL : AQR_WARN,
                        "put the card into a slot of the processor's own", "no PCIe atomics: %s",
                        reason);
    else
        aqr_finding_unknown(finding, facts->is_root ? NULL : "run this as root", "PCIe atomics%s%s",
                            *reason == '\0' ? "" : ": ", reason);
}

static void
judge_display(G_GNUC_UNUSED const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    const AqrPciDevice *device = gpu->gpu->device;

    if (!device->boot_vga)
        aqr_finding_pass(finding, "it is not the host's display");
    else if (aqr_pci_device_is_on_vfio(device))
        aqr_finding_set(finding, AQR_WARN, "make another one primary in the firmware's set-up",
                        "the firmware shows its messages on it");
    else
        aqr_finding_set(finding, AQR_FAIL, "make another one primary in the firmware's set-up",
                        "it is the host's display");
}

static void
judge_use(G_GNUC_UNUSED const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrFinding *finding)
{
    g_autofree char *address = address_of(gpu);
    g_autofree char *hint = g_strdup_printf("rocm-qemu-gpus release %s", address);

    if (gpu->quarantined != NULL)
        aqr_finding_set(finding, AQR_FAIL, hint, "in quarantine: %s", gpu->quarantined);
    else if (gpu->held_by != NULL)
        aqr_finding_pass(finding, "in use now: %s", gpu->held_by);
    else
        aqr_finding_pass(finding, "free");
}

const AqrGpuCheck aqr_gpu_checks[] = {
    { "gpu.identity", judge_identity },
    { "gpu.passable", judge_passable },
    { "gpu.group", judge_group },
    { "gpu.driver", judge_driver },
    { "gpu.node", judge_node },
    { "gpu.reset", judge_reset },
    { "gpu.power", judge_power },
    { "gpu.atomics", judge_atomics },
    { "gpu.display", judge_display },
    { "gpu.use", judge_use },
    { NULL, NULL },
};
