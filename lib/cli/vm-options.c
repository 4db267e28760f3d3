/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm-options.h"

#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/accel.h"
#include "host/firmware.h"
#include "host/image.h"

#define BOOT_SECONDS_KVM 60 /* autopkgtest-virt-qemu's */
#define BOOT_SECONDS_TCG 300

#define PROBE_TIMEOUT (60 * G_TIME_SPAN_SECOND)

#define MAX_IMAGES 26 /* vda to vdz */

void
aqr_vm_options_clear(AqrVmOptions *options)
{
    g_strfreev(options->images);
    g_strfreev(options->gpus);
    g_free(options->connect);
    g_free(options->accel);
    g_free(options->boot);
    g_free(options->overlay_dir);
    g_free(options->user);
    g_free(options->password);
    *options = (AqrVmOptions){ 0 };
}

/* --- the command line -------------------------------------------------- */

/* clang-format off */
#define MACHINE_ENTRIES(o) { \
    { "gpu", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o)->gpus, "GPU for the testbed: none", "GPU" }, \
    { "cpus", 'c', 0, G_OPTION_ARG_INT, &(o)->cpus, "Processors (default: 3/4 of the host's)", "N" }, \
    { "ram-size", 0, 0, G_OPTION_ARG_INT64, &(o)->ram_mib, "Memory (default: 3/4 of the host's, without a GPU at most 4096)", "MIB" }, \
    { "accel", 0, 0, G_OPTION_ARG_STRING, &(o)->accel, "auto, kvm or tcg (default: $AQR_ACCEL, or auto)", "ACCEL" }, \
    { "boot", 0, 0, G_OPTION_ARG_STRING, &(o)->boot, "auto, bios or efi (default: auto, by what the image offers)", "FIRMWARE" }, \
    { "efi", 0, 0, G_OPTION_ARG_NONE, &(o)->efi, "Same as --boot=efi", NULL }, \
    { "connect", 0, 0, G_OPTION_ARG_STRING, &(o)->connect, "libvirt to use (default: $LIBVIRT_DEFAULT_URI, qemu:///system if it answers, or qemu:///embed)", "URI" }, \
    { "overlay-dir", 'o', 0, G_OPTION_ARG_FILENAME, &(o)->overlay_dir, "Where what the testbed writes goes (default: $TMPDIR)", "DIR" }, \
    { NULL } }
#define GUEST_ENTRIES(o) { \
    { "user", 'u', 0, G_OPTION_ARG_STRING, &(o)->user, "Log in as USER where the image offers no root shell", "USER" }, \
    { "password", 'p', 0, G_OPTION_ARG_STRING, &(o)->password, "Password of USER", "PASSWORD" }, \
    { "timeout-reboot", 0, 0, G_OPTION_ARG_INT, &(o)->timeout_reboot, "How long the guest may take to boot (default: 60; without KVM 300)", "SECONDS" }, \
    { "timeout-poweroff", 0, 0, G_OPTION_ARG_INT, &(o)->timeout_poweroff, "How long it may take to power itself off (default: 0, it is not asked to)", "SECONDS" }, \
    { NULL } }
#define OUTPUT_ENTRIES(o) { \
    { "show-boot", 0, 0, G_OPTION_ARG_NONE, &(o)->show_boot, "Show what the console prints while the guest boots", NULL }, \
    { "debug", 'd', 0, G_OPTION_ARG_NONE, &(o)->debug, "Say what is being done", NULL }, \
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &(o)->dry_run, "Print the domain's XML, start nothing", NULL }, \
    { "version", 0, 0, G_OPTION_ARG_NONE, &(o)->version, "Print the version", NULL }, \
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(o)->images, NULL, NULL }, \
    { NULL } }
/* clang-format on */

static void
add_group(GOptionContext *context, const char *name, const char *title, const GOptionEntry *entries)
{
    GOptionGroup *group = g_option_group_new(name, title, title, NULL, NULL);

    g_option_group_add_entries(group, entries);
    g_option_context_add_group(context, group);
}

static gboolean
check_ranges(const AqrVmOptions *options, GError **error)
{
    if (options->cpus >= 0 && options->ram_mib >= 0 && options->timeout_reboot >= 0 &&
        options->timeout_poweroff >= 0)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                        "--cpus, --ram-size, --timeout-reboot and --timeout-poweroff take numbers "
                        "that are not negative");
    return FALSE;
}

static gboolean
check_gpus(const AqrVmOptions *options, GError **error)
{
    for (char **gpu = options->gpus; gpu != NULL && *gpu != NULL; gpu++) {
        if (!g_str_equal(*gpu, "none")) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                        "--gpu=%s: this version cannot pass a GPU through; use --gpu=none", *gpu);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean
check_images(const AqrVmOptions *options, GError **error)
{
    guint n = options->images == NULL ? 0 : g_strv_length(options->images);

    if (n > 0 && n <= MAX_IMAGES)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                n == 0 ? "no image; name the disk image of the testbed" : "more than %u images",
                MAX_IMAGES);
    return FALSE;
}

gboolean
aqr_vm_options_parse(AqrVmOptions *options, int argc, char **argv, const char *summary,
                     const char *description, GError **error)
{
    const GOptionEntry machine[] = MACHINE_ENTRIES(options);
    const GOptionEntry guest[] = GUEST_ENTRIES(options);
    const GOptionEntry output[] = OUTPUT_ENTRIES(options);
    g_autoptr(GOptionContext) context = g_option_context_new("IMAGE [READ-ONLY-IMAGE...]");
    g_autoptr(GError) failed = NULL;

    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    add_group(context, "machine", "The machine:", machine);
    add_group(context, "guest", "The guest:", guest);
    g_option_context_add_main_entries(context, output, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &failed)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "%s", failed->message);
        return FALSE;
    }
    return options->version || (check_ranges(options, error) && check_gpus(options, error) &&
                                check_images(options, error));
}

/* --- the host and the images ------------------------------------------- */

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

static gboolean
add_disk(AqrVmSpec *spec, const char *image, const AqrStop *stop, GError **error)
{
    AqrPatience patience = aqr_patience(PROBE_TIMEOUT, stop);
    g_autofree char *file = g_canonicalize_filename(image, NULL);
    g_auto(AqrImageInfo) info = { 0 };

    if (!aqr_image_probe(file, &info, &patience, error))
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

static void
choose_size(const AqrVmOptions *options, AqrVmSpec *spec)
{
    guint64 host_mib =
        (guint64)sysconf(_SC_PHYS_PAGES) * (guint64)sysconf(_SC_PAGESIZE) / (1024 * 1024);

    spec->cpus = options->cpus > 0 ? (unsigned)options->cpus
                                   : aqr_vm_spec_default_cpus(g_get_num_processors());
    spec->ram_mib =
        options->ram_mib > 0 ? (guint64)options->ram_mib : aqr_vm_spec_default_ram(host_mib, FALSE);
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

AqrVmSpec *
aqr_vm_options_to_spec(const AqrVmOptions *options, const char *socket_dir, const char *store_dir,
                       const AqrStop *stop, GError **error)
{
    g_autoptr(AqrVmSpec) spec = aqr_vm_spec_new();

    spec->name =
        g_strdup_printf("autopkgtest-%d-%06x", (int)getpid(), g_random_int_range(0, 1 << 24));
    spec->owner = (guint32)getpid();
    spec->since = own_start();
    spec->socket_dir = g_strdup(socket_dir);
    spec->overlay = g_build_filename(store_dir, "overlay.qcow2", NULL);
    if (!choose_accel(options, spec, error))
        return NULL;
    for (char **image = options->images; *image != NULL; image++) {
        if (!add_disk(spec, *image, stop, error))
            return NULL;
    }
    if (!choose_firmware(options, spec, stop, error))
        return NULL;
    choose_size(options, spec);
    return g_steal_pointer(&spec);
}

int
aqr_vm_options_boot_seconds(const AqrVmOptions *options, AqrAccel accel)
{
    if (options->timeout_reboot > 0)
        return options->timeout_reboot;
    return accel == AQR_ACCEL_KVM ? BOOT_SECONDS_KVM : BOOT_SECONDS_TCG;
}
