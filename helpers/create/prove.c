/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "prove.h"

#include "base/error.h"
#include "cli/program.h"
#include "core/image-checks.h"
#include "host/accel.h"
#include "host/firmware.h"
#include "host/gpu-inventory.h"

/* The script bounds what may hang; the rest takes seconds, under emulation some more. */
#define ASK_TIMEOUT (300 * G_TIME_SPAN_SECOND)

void
image_verdict_clear(AqrImageVerdict *verdict)
{
    g_clear_pointer(&verdict->facts, aqr_image_facts_free);
    g_clear_pointer(&verdict->findings, g_ptr_array_unref);
    g_clear_pointer(&verdict->boots, g_strfreev);
}

/* --- what is asked for -------------------------------------------------- */

static void
free_gpu(gpointer data)
{
    aqr_image_gpu_free(data);
}

static void
add_gpu(GPtrArray *gpus, const char *gfx, const char *address)
{
    AqrImageGpu *gpu = g_new0(AqrImageGpu, 1);

    gpu->gfx = g_strdup(gfx);
    gpu->address = g_strdup(address);
    g_ptr_array_add(gpus, gpu);
}

/* A host whose GPUs cannot be seen has none to make an image for. */
static void
add_gpus_of_host(GPtrArray *gpus)
{
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");
    g_autoptr(GError) failed = NULL;
    g_autoptr(AqrGpuInventory) inventory = aqr_gpu_inventory_new(table, &failed);
    const GPtrArray *found;

    if (inventory == NULL) {
        aqr_program_say("which GPUs this host has is not known: %s", failed->message);
        return;
    }
    found = aqr_gpu_inventory_get_gpus(inventory);
    for (guint i = 0; i < found->len; i++) {
        const AqrGpu *gpu = g_ptr_array_index(found, i);
        g_autofree char *address = aqr_gpu_address(gpu);

        add_gpu(gpus, gpu->gfx, address);
    }
}

static gboolean
choose_gpus(const char *const *words, GPtrArray *gpus, gboolean *none, GError **error)
{
    *none = words != NULL && g_strv_contains(words, "none");
    if (words == NULL)
        add_gpus_of_host(gpus);
    for (; words != NULL && *words != NULL; words++) {
        if (g_str_equal(*words, "none"))
            continue;
        if (!aqr_gfx_is(*words)) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                        "\"%s\" is no gfx target, such as gfx1030, nor none", *words);
            return FALSE;
        }
        add_gpu(gpus, *words, NULL);
    }
    return TRUE;
}

static AqrGpuFirmware *
read_firmware(GError **error)
{
    g_autofree char *file = aqr_program_data("amdgpu-firmware.tsv");
    g_autofree char *text = NULL;
    g_autoptr(GError) failed = NULL;
    AqrGpuFirmware *table;

    if (!g_file_get_contents(file, &text, NULL, &failed)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "the table of firmware: %s", failed->message);
        return NULL;
    }
    table = aqr_gpu_firmware_parse(text, error);
    if (table == NULL)
        g_prefix_error(error, "%s: ", file);
    return table;
}

gboolean
prove_can(const char *boot, const char *accel, GError **error)
{
    const char *by_default = g_getenv("AQR_ACCEL");
    const char *word = accel != NULL ? accel : by_default;
    g_autoptr(AqrGpuFirmware) table = NULL;
    AqrAccel wanted = AQR_ACCEL_AUTO, chosen;
    AqrFirmware firmware;

    if ((word != NULL && *word != '\0' && !aqr_accel_parse(word, &wanted, error)) ||
        !aqr_accel_choose(wanted, &chosen, error) ||
        (g_strcmp0(boot, "bios") != 0 && !aqr_firmware_find(&firmware, error)))
        return FALSE;
    table = read_firmware(error);
    return table != NULL;
}

/* --- the guest ---------------------------------------------------------- */

typedef struct {
    const ProveConfig *config;
    const AqrImageDemand *demand;
    AqrImageVerdict *verdict;
    GStrvBuilder *boots;
} Proof;

static gboolean
run_script(const ProveConfig *config, AqrLiveWorld *world, char **output, GError **error)
{
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    int status;

    g_ptr_array_add(argv, (char *)"sh");
    g_ptr_array_add(argv, (char *)"-c");
    g_ptr_array_add(argv, (char *)aqr_image_facts_script);
    g_ptr_array_add(argv, (char *)"sh");
    g_ptr_array_add(argv, (char *)"");
    for (const char *const *user = config->users; user != NULL && *user != NULL; user++)
        g_ptr_array_add(argv, (char *)*user);
    g_ptr_array_add(argv, NULL);
    return aqr_live_world.run(world, (const char *const *)argv->pdata, ASK_TIMEOUT, output, &status,
                              error);
}

static gboolean
ask(AqrLiveWorld *world, gpointer data, GError **error)
{
    Proof *proof = data;
    g_autofree char *text = NULL;

    guest_stage(&proof->config->guest, "checking");
    if (!run_script(proof->config, world, &text, error)) {
        g_prefix_error(error, "cannot ask the image what it is: ");
        return FALSE;
    }
    proof->verdict->facts = aqr_image_facts_parse(text);
    proof->verdict->findings = aqr_image_checks_judge(proof->verdict->facts, proof->demand);
    g_strv_builder_add(proof->boots, proof->verdict->facts->efi == AQR_IMAGE_YES ? "efi" : "bios");
    guest_stage(&proof->config->guest, NULL);
    return TRUE;
}

/* That it answers is all that is asked of it. */
static gboolean
note_boot(G_GNUC_UNUSED AqrLiveWorld *world, gpointer data, G_GNUC_UNUSED GError **error)
{
    Proof *proof = data;

    g_strv_builder_add(proof->boots, "bios");
    return TRUE;
}

static gboolean
boot(Proof *proof, AqrStop *stop, const char *by, GError **error)
{
    GuestConfig guest = proof->config->guest;
    gboolean again = proof->verdict->facts != NULL;

    guest.boot = by;
    if (guest_with(&guest, stop, FALSE, again ? note_boot : ask, proof, error))
        return TRUE;
    g_prefix_error(error, "cannot prove \"%s\"%s: ", guest.image,
                   again ? ", which boots by EFI, by BIOS" : "");
    return FALSE;
}

static gboolean
prove(Proof *proof, AqrStop *stop, GError **error)
{
    const char *by = proof->config->guest.boot;

    if (g_strcmp0(by, "both") != 0)
        return boot(proof, stop, by, error);
    return boot(proof, stop, "efi", error) && boot(proof, stop, "bios", error);
}

gboolean
prove_image(const ProveConfig *config, AqrStop *stop, AqrImageVerdict *verdict, GError **error)
{
    g_autoptr(GPtrArray) gpus = g_ptr_array_new_with_free_func(free_gpu);
    g_autoptr(AqrGpuFirmware) firmware = read_firmware(error);
    g_auto(AqrImageVerdict) found = { 0 };
    g_autoptr(GStrvBuilder) boots = g_strv_builder_new();
    AqrImageDemand demand = { .gpus = gpus, .firmware = firmware };
    Proof proof = { config, &demand, &found, boots };

    if (firmware == NULL || !choose_gpus(config->gpus, gpus, &demand.no_gpu, error) ||
        !prove(&proof, stop, error))
        return FALSE;
    found.boots = g_strv_builder_end(boots);
    *verdict = found;
    found = (AqrImageVerdict){ 0 };
    return TRUE;
}
