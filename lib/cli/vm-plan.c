/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm-plan.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/program.h"
#include "core/qemu-args.h"
#include "host/accel.h"
#include "host/firmware.h"
#include "host/image-write.h"
#include "host/image.h"
#include "host/libvirt.h"
#include "host/shared-mounts.h"

#define BOOT_SECONDS_KVM 60 /* autopkgtest-virt-qemu's */
#define BOOT_SECONDS_TCG 300

/* The kernel clears 1 to 4 GiB a second of what VFIO pins. */
#define PINNED_MIB_PER_SECOND 1024

/* rocm-qemu-support's */
#define POWEROFF_SECONDS_GPU 30

/* What a person has written is to be on the disk: systemd gives each unit 90 s. */
#define POWEROFF_SECONDS_WRITE 120

#define PROBE_TIMEOUT (60 * G_TIME_SPAN_SECOND)

static gboolean
choose_accel(const AqrVmOptions *options, AqrVmSpec *spec, GError **error)
{
    const char *by_default = g_getenv("AQR_ACCEL");
    const char *word = options->accel != NULL ? options->accel : by_default;
    AqrAccel wanted = AQR_ACCEL_AUTO;

    if (word != NULL && *word != '\0' && !aqr_accel_parse(word, &wanted, error))
        return FALSE;
    return aqr_accel_choose(wanted, &spec->accel, error);
}

static GStrv
collect_qemu_args(const AqrVmOptions *options)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) split = aqr_qemu_args_split(options->qemu_options);

    g_strv_builder_addv(words, (const char **)split);
    if (options->qemu_args != NULL)
        g_strv_builder_addv(words, (const char **)options->qemu_args);
    return g_strv_builder_end(words);
}

static gboolean
choose_emulator(const AqrVmOptions *options, AqrVmSpec *spec, GError **error)
{
    g_autofree char *found = NULL;

    spec->arch = options->arch;
    spec->base_image = options->base_image;
    spec->qemu_args = collect_qemu_args(options);
    if (options->qemu_command == NULL)
        return TRUE;
    found = g_find_program_in_path(options->qemu_command);
    if (found == NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "--qemu-command: there is no program \"%s\" that can be run",
                    options->qemu_command);
        return FALSE;
    }
    spec->emulator = g_canonicalize_filename(found, NULL);
    return TRUE;
}

/* What a file is, is found out anew each time: a guest that can write to all of a raw one can make
 * it a qcow2 file over any file of the host. */
static gboolean
check_format(const AqrDisk *disk, GError **error)
{
    if (!g_str_equal(disk->format, "raw"))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                "image \"%s\": a guest cannot safely write to a raw image, which it could turn "
                "into one of another format; make a qcow2 file of it: qemu-img convert -O qcow2",
                disk->file);
    return FALSE;
}

/* An image that has several names is one all the same: a VM that was saved of it is. */
static gboolean
add_disk(AqrVmSpec *spec, const char *image, const AqrStop *stop, GError **error)
{
    AqrPatience patience = aqr_patience(PROBE_TIMEOUT, stop);
    g_autofree char *real = realpath(image, NULL);
    g_autofree char *file = real != NULL ? g_strdup(real) : g_canonicalize_filename(image, NULL);
    g_auto(AqrImageInfo) info = { 0 };
    gboolean write = spec->overlay == NULL && spec->disks->len == 0;

    if (write && !aqr_image_write_check(file, error))
        return FALSE;
    if (!aqr_image_probe(file, &info, &patience, error) ||
        (write && !check_format(info.disk, error)))
        return FALSE;
    g_ptr_array_add(spec->disks, g_steal_pointer(&info.disk));
    return TRUE;
}

static gboolean
choose_firmware(const AqrVmOptions *options, AqrVmSpec *spec, const AqrStop *stop, GError **error)
{
    const AqrDisk *base = g_ptr_array_index(spec->disks, 0);
    AqrPatience patience = aqr_patience(PROBE_TIMEOUT, stop);
    AqrFirmware firmware;
    gboolean has_esp;

    if (options->efi)
        spec->boot = AQR_BOOT_EFI;
    else if (options->boot != NULL && !aqr_boot_parse(options->boot, &spec->boot, error))
        return FALSE;
    if (spec->boot == AQR_BOOT_AUTO) {
        if (!aqr_image_has_esp(base->file, base->format, spec->socket_dir, &has_esp, &patience,
                               error))
            return FALSE;
        spec->boot = has_esp ? AQR_BOOT_EFI : AQR_BOOT_BIOS;
    }
    if (spec->boot == AQR_BOOT_BIOS)
        return TRUE;
    if (!aqr_firmware_find(&firmware, error))
        return FALSE;
    spec->firmware = g_strdup(firmware.code);
    spec->nvram = g_build_filename(spec->socket_dir, "efi-variables.fd", NULL);
    return TRUE;
}

static gboolean
add_shared_dirs(const AqrVmOptions *options, AqrVmSpec *spec, GError **error)
{
    g_autofree char *here = g_get_current_dir();

    for (char **text = options->shared_dirs; text != NULL && *text != NULL; text++) {
        AqrSharedDir *dir = aqr_shared_dir_parse(*text, here, error);

        if (dir == NULL)
            return FALSE;
        g_ptr_array_add(spec->shared_dirs, dir);
    }
    if (options->shared != NULL)
        g_ptr_array_add(spec->shared_dirs,
                        aqr_shared_dir_new(options->shared, "/shared", TRUE, here));
    return aqr_shared_mounts_check(spec, error);
}

static AqrGpuShare
share_gpus(const GPtrArray *selectors, const AqrGpuInventory *inventory)
{
    guint host = inventory == NULL ? 0 : aqr_gpu_inventory_get_gpus(inventory)->len;
    const AqrGpuSelector *first = selectors->len == 0 ? NULL : g_ptr_array_index(selectors, 0);
    gboolean all = first != NULL && first->wish == AQR_GPU_ALL;

    return (AqrGpuShare){ all ? host : selectors->len, host };
}

guint64
aqr_vm_plan_ram_mib(const AqrVmOptions *options, const AqrGpuInventory *inventory)
{
    guint64 host_mib =
        (guint64)sysconf(_SC_PHYS_PAGES) * (guint64)sysconf(_SC_PAGESIZE) / (1024 * 1024);
    AqrGpuShare gpus = share_gpus(options->gpu_selectors, inventory);

    return options->ram_mib > 0 ? (guint64)options->ram_mib
                                : aqr_vm_spec_default_ram(host_mib, gpus);
}

static void
choose_size(const AqrVmOptions *options, AqrVmSpec *spec, const AqrGpuInventory *inventory)
{
    AqrGpuShare gpus = share_gpus(options->gpu_selectors, inventory);

    spec->cpus = options->cpus > 0 ? (unsigned)options->cpus
                                   : aqr_vm_spec_default_cpus(g_get_num_processors(), gpus);
    spec->ram_mib = aqr_vm_plan_ram_mib(options, inventory);
}

AqrGpuRequest
aqr_vm_plan_gpu_request(const AqrVmOptions *options, guint64 ram_mib, const char *table)
{
    return (AqrGpuRequest){
        .selectors = options->gpu_selectors,
        .forced = options->gpu_force,
        .own_qemu = aqr_libvirt_runs_as_caller(options->connect),
        .ram_mib = ram_mib,
        .table = table,
    };
}

/* Which GPUs it will be is settled when the testbed is opened, as others use them too;
 * what can never be is told now. */
static gboolean
plan_gpus(const AqrVmOptions *options, AqrVmSpec *spec, GError **error)
{
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");
    g_autoptr(AqrGpuInventory) inventory = NULL;
    g_autoptr(GPtrArray) gpus = NULL;
    AqrGpuRequest request;

    if (options->gpu_selectors->len > 0) {
        inventory = aqr_gpu_inventory_new(table, error);
        if (inventory == NULL)
            return FALSE;
    }
    choose_size(options, spec, inventory);
    if (inventory == NULL)
        return TRUE;
    request = aqr_vm_plan_gpu_request(options, spec->ram_mib, table);
    gpus = aqr_gpu_request_plan(&request, inventory, error);
    if (gpus == NULL)
        return FALSE;
    aqr_gpu_request_describe(gpus, &spec->gpus);
    return TRUE;
}

gboolean
aqr_vm_plan_can_be_own(const AqrVmOptions *options)
{
    static char embed[] = AQR_LIBVIRT_EMBED;
    AqrVmOptions own = *options; /* all of it borrowed */
    g_autoptr(AqrVmSpec) spec = aqr_vm_spec_new();
    g_autoptr(GError) never_mind = NULL;

    own.connect = embed;
    return plan_gpus(&own, spec, &never_mind);
}

/* Who has asked for none by name may not know that there need not be one. */
static gboolean
choose_gpus(const AqrVmOptions *options, AqrVmSpec *spec, GError **error)
{
    static const char advice[] = "; --gpu=none does without";
    g_autoptr(GError) failed = NULL;

    if (plan_gpus(options, spec, &failed))
        return TRUE;
    if (options->gpus == NULL && !g_str_has_suffix(failed->message, advice)) {
        g_autofree char *message = failed->message;

        failed->message = g_strconcat(message, advice, NULL);
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* proc(5): the 22nd field; the second may hold blanks and parentheses. */
static guint64
own_start(void)
{
    g_autofree char *text = NULL;
    const char *rest = NULL;

    if (g_file_get_contents("/proc/self/stat", &text, NULL, NULL))
        rest = strrchr(text, ')');
    for (int field = 2; rest != NULL && field < 22; field++)
        rest = strchr(rest + 1, ' ');
    return rest == NULL ? 0 : g_ascii_strtoull(rest, NULL, 10);
}

static gboolean
check_write(const AqrVmOptions *options, GError **error)
{
    const char *option = NULL;

    if (options->write && options->warm_word != NULL && options->warm == AQR_WARM_ON)
        option = "--warm=on";
    else if (options->write && options->base_image)
        option = "--baseimage";
    if (option != NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "%s, with an image that is written to",
                    option);
    return option == NULL;
}

AqrVmSpec *
aqr_vm_plan_make(const AqrVmOptions *options, const char *socket_dir, const char *store_dir,
                 const AqrStop *stop, GError **error)
{
    g_autoptr(AqrVmSpec) spec = aqr_vm_spec_new();

    spec->name =
        g_strdup_printf("autopkgtest-%d-%06x", (int)getpid(), g_random_int_range(0, 1 << 24));
    spec->owner = (guint32)getpid();
    spec->since = own_start();
    spec->socket_dir = g_strdup(socket_dir);
    if (!options->write)
        spec->overlay = g_build_filename(store_dir, "overlay.qcow2", NULL);
    if (!check_write(options, error) || !choose_emulator(options, spec, error) ||
        !choose_accel(options, spec, error) || !add_shared_dirs(options, spec, error))
        return NULL;
    for (char **image = options->images; *image != NULL; image++) {
        if (!add_disk(spec, *image, stop, error))
            return NULL;
    }
    if (!choose_firmware(options, spec, stop, error) || !choose_gpus(options, spec, error))
        return NULL;
    return g_steal_pointer(&spec);
}

int
aqr_vm_plan_boot_seconds(const AqrVmOptions *options, const AqrVmSpec *spec)
{
    int seconds = spec->accel == AQR_ACCEL_KVM ? BOOT_SECONDS_KVM : BOOT_SECONDS_TCG;

    if (options->timeout_reboot > 0)
        return options->timeout_reboot;
    return spec->gpus.gpus->len == 0 ? seconds
                                     : seconds + (int)(spec->ram_mib / PINNED_MIB_PER_SECOND);
}

int
aqr_vm_plan_poweroff_seconds(const AqrVmOptions *options, const AqrVmSpec *spec)
{
    if (options->timeout_poweroff > 0)
        return options->timeout_poweroff;
    if (spec->overlay == NULL)
        return POWEROFF_SECONDS_WRITE;
    return spec->gpus.gpus->len == 0 ? 0 : POWEROFF_SECONDS_GPU;
}
