/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands.h"

#include "base/error.h"
#include "cli/program.h"
#include "cli/vm-libvirt.h"
#include "cli/vm-options.h"
#include "cli/vm-plan.h"
#include "host/gpu-bind.h"
#include "host/gpu-health.h"
#include "host/gpu-hold.h"
#include "host/gpu-status.h"
#include "host/gpu-strikes.h"
#include "host/lease.h"
#include "host/quarantine.h"
#include "host/vfio.h"

static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    aqr_program_say("%s", text);
}

static AqrGpuInventory *
take_inventory(GError **error)
{
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");

    return aqr_gpu_inventory_new(table, error);
}

static void
print_statuses(const GpusOptions *options, const GPtrArray *statuses)
{
    g_autofree char *text =
        options->json ? aqr_gpu_report_json(statuses) : aqr_gpu_report_table(statuses);

    g_print("%s", text);
}

gboolean
gpus_list(const GpusOptions *options, G_GNUC_UNUSED char **words, GError **error)
{
    g_autoptr(AqrGpuInventory) inventory = take_inventory(error);
    g_autoptr(GPtrArray) statuses = NULL;

    if (inventory == NULL)
        return FALSE;
    statuses = aqr_gpu_status_list(inventory);
    print_statuses(options, statuses);
    return TRUE;
}

/* The GPU at the address @word. */
static const AqrGpu *
find_gpu(const AqrGpuInventory *inventory, const char *word, GError **error)
{
    AqrPciAddress address;
    const AqrGpu *gpu;

    if (!aqr_pci_address_parse(word, &address, error))
        return NULL;
    gpu = aqr_gpu_find(aqr_gpu_inventory_get_gpus(inventory), &address);
    if (gpu != NULL)
        return gpu;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "%s is no AMD GPU of this host; see rocm-qemu-gpus list", word);
    return NULL;
}

/* All that goes with it is leased, so that it is nobody else's meanwhile. */
static GPtrArray *
lease_slots(const AqrGpu *gpu, const char *purpose, GError **error)
{
    g_autoptr(GPtrArray) slots = aqr_gpu_request_slots(gpu);
    g_autoptr(GPtrArray) leases = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_lease_free);

    for (guint i = 0; i < slots->len; i++) {
        AqrLease *lease = aqr_lease_take(g_ptr_array_index(slots, i), purpose, error);

        if (lease == NULL)
            return NULL;
        g_ptr_array_add(leases, lease);
    }
    return g_steal_pointer(&leases);
}

/* The drivers are as they were afterwards, whatever a rescan has bound. */
static gboolean
reset(const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) gpus = g_ptr_array_new();
    g_autoptr(AqrGpuDrivers) drivers = NULL;
    gboolean well;

    if (!aqr_gpu_health_check_reset(gpu, error) || !aqr_vfio_check_unused(gpu, error))
        return FALSE;
    g_ptr_array_add(gpus, (gpointer)gpu);
    drivers = aqr_gpu_drivers_of(gpus);
    well = aqr_gpu_health_recover(gpu, NULL, note, NULL, error);
    return aqr_gpu_drivers_restore(drivers, well ? error : NULL) && well;
}

gboolean
gpus_reset(G_GNUC_UNUSED const GpusOptions *options, char **words, GError **error)
{
    g_autoptr(AqrGpuInventory) inventory = take_inventory(error);
    const AqrGpu *gpu = inventory == NULL ? NULL : find_gpu(inventory, words[0], error);
    g_autoptr(GPtrArray) leases = gpu == NULL ? NULL : lease_slots(gpu, "reset", error);
    g_autofree char *slot = gpu == NULL ? NULL : aqr_gpu_request_slot(gpu->device);

    if (leases == NULL || !reset(gpu, error) || !aqr_gpu_strikes_end(slot, error))
        return FALSE;
    g_print("%s is well\n", words[0]);
    return TRUE;
}

gboolean
gpus_quarantine(G_GNUC_UNUSED const GpusOptions *options, char **words, GError **error)
{
    g_autoptr(AqrGpuInventory) inventory = take_inventory(error);
    const AqrGpu *gpu = inventory == NULL ? NULL : find_gpu(inventory, words[0], error);
    g_autofree char *reason = g_strjoinv(" ", words + 1);
    g_autofree char *slot = NULL;

    if (gpu == NULL)
        return FALSE;
    slot = aqr_gpu_request_slot(gpu->device);
    return aqr_quarantine_set(slot, reason, error);
}

/* One that has left the bus can be released too, for when it is back: whether it was a
 * virtual function, and has one of its own, is not known. */
gboolean
gpus_release(G_GNUC_UNUSED const GpusOptions *options, char **words, GError **error)
{
    g_autofree char *slot = NULL, *function = NULL;
    AqrPciAddress address;

    if (!aqr_pci_address_parse(words[0], &address, error))
        return FALSE;
    slot = aqr_pci_address_slot(&address);
    function = aqr_pci_address_to_string(&address);
    return aqr_quarantine_end(slot, error) && aqr_quarantine_end(function, error) &&
           aqr_gpu_strikes_end(slot, error) && aqr_gpu_strikes_end(function, error);
}

/* --- wait -------------------------------------------------------------- */

/* As the server reads them, with an image that nobody opens. */
static gboolean
read_testbed(AqrVmOptions *testbed, const GpusOptions *options, char **words, GError **error)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();
    g_auto(GStrv) argv = NULL;

    g_strv_builder_add(all, g_get_prgname());
    for (; *words != NULL; words++)
        g_strv_builder_add_many(all, "--gpu", *words, NULL);
    if (options->testbed != NULL)
        g_strv_builder_addv(all, (const char **)options->testbed);
    g_strv_builder_add(all, "IMAGE");
    argv = g_strv_builder_end(all);
    return aqr_vm_options_parse(testbed, (int)g_strv_length(argv), argv, NULL, NULL, error);
}

/* As for a testbed: only some libvirts bind GPUs for a user. */
static gboolean
choose_libvirt(AqrVmOptions *testbed, const AqrStop *stop, GError **error)
{
    char *uri = aqr_vm_libvirt_choose(testbed, stop, error);

    if (uri == NULL)
        return FALSE;
    g_free(testbed->connect);
    testbed->connect = uri;
    return TRUE;
}

/* Of this user, by his libvirt. */
static AqrGpuRequest
request_gpus(const AqrVmOptions *testbed, const char *table)
{
    g_autoptr(AqrGpuInventory) inventory = aqr_gpu_inventory_new(table, NULL);
    AqrGpuRequest request =
        aqr_vm_plan_gpu_request(testbed, aqr_vm_plan_ram_mib(testbed, inventory), table);

    request.mended_later = TRUE;
    return request;
}

static void
print_gpus(const GPtrArray *gpus)
{
    for (guint i = 0; i < gpus->len; i++) {
        g_autofree char *address = aqr_gpu_address(g_ptr_array_index(gpus, i));

        g_print("%s\n", address);
    }
}

gboolean
gpus_wait(const GpusOptions *options, char **words, GError **error)
{
    g_autoptr(AqrStop) stop = aqr_stop_new(error);
    g_auto(AqrVmOptions) testbed = { 0 };
    g_autofree char *keeper = aqr_program_libexec("rocm-gpu-keeper");
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");
    g_autoptr(AqrGpuHold) hold = NULL;
    AqrGpuHoldConfig config = {
        .wait = options->timeout > 0 ? options->timeout * G_TIME_SPAN_SECOND : G_MAXINT64 / 2,
        .wait_absent = options->absent,
        .purpose = "wait",
        .keeper = keeper,
        .stop = stop,
        .note = note,
    };

    if (stop == NULL || !read_testbed(&testbed, options, words, error) ||
        !choose_libvirt(&testbed, stop, error))
        return FALSE;
    config.request = request_gpus(&testbed, table);
    hold = aqr_gpu_hold_take(&config, error);
    if (hold == NULL)
        return FALSE;
    print_gpus(aqr_gpu_hold_get_gpus(hold));
    return TRUE;
}
