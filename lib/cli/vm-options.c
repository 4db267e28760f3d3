/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm-options.h"

#include <string.h>

#include "base/error.h"
#include "core/shared-dir.h"

#define MAX_IMAGES 26 /* vda to vdz */

void
aqr_vm_options_clear(AqrVmOptions *options)
{
    g_strfreev(options->images);
    g_strfreev(options->gpus);
    g_clear_pointer(&options->gpu_selectors, g_ptr_array_unref);
    g_free(options->gpu_ready_word);
    g_strfreev(options->shared_dirs);
    g_free(options->connect);
    g_free(options->accel);
    g_free(options->boot);
    g_free(options->overlay_dir);
    g_free(options->qemu_architecture);
    g_free(options->dpkg_architecture);
    g_free(options->qemu_command);
    g_free(options->qemu_options);
    g_free(options->warm_word);
    g_free(options->warm_dir);
    g_free(options->artifacts);
    g_free(options->user);
    g_free(options->password);
    g_strfreev(options->qemu_args);
    g_free(options->shared);
    *options = (AqrVmOptions){ 0 };
}

/* --- the command line -------------------------------------------------- */

/* clang-format off */
#define GPU_ENTRIES(o) { \
    { "gpu", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o)->gpus, "GPU for the testbed: a PCI address, a gfx target, any, all or none; may be repeated (default: any)", "GPU" }, \
    { "gpu-wait", 0, 0, G_OPTION_ARG_INT, &(o)->gpu_wait, "How long to wait for a GPU that is in use (default: 0)", "SECONDS" }, \
    { "gpu-ready", 0, 0, G_OPTION_ARG_STRING, &(o)->gpu_ready_word, "How far it must work in the guest before the testbed is open: kfd, drm, pci or none (default: kfd)", "WHAT" }, \
    { "gpu-force", 0, 0, G_OPTION_ARG_NONE, &(o)->gpu_force, "Take GPUs whose passing may harm the host", NULL }, \
    { NULL } }
#define MACHINE_ENTRIES(o) { \
    { "cpus", 'c', 0, G_OPTION_ARG_INT, &(o)->cpus, "Processors (default: 3/4 of the host's)", "N" }, \
    { "ram-size", 0, 0, G_OPTION_ARG_INT64, &(o)->ram_mib, "Memory (default: 3/4 of the host's, without a GPU at most 4096)", "MIB" }, \
    { "accel", 0, 0, G_OPTION_ARG_STRING, &(o)->accel, "auto, kvm or tcg (default: $AQR_ACCEL, or auto)", "ACCEL" }, \
    { "boot", 0, 0, G_OPTION_ARG_STRING, &(o)->boot, "auto, bios or efi (default: auto, by what the image offers)", "FIRMWARE" }, \
    { "efi", 0, 0, G_OPTION_ARG_NONE, &(o)->efi, "Same as --boot=efi", NULL }, \
    { "connect", 0, 0, G_OPTION_ARG_STRING, &(o)->connect, "libvirt to use (default: $LIBVIRT_DEFAULT_URI, or qemu:///system if it lets you in, or qemu:///embed)", "URI" }, \
    { "overlay-dir", 'o', 0, G_OPTION_ARG_FILENAME, &(o)->overlay_dir, "Where what the testbed writes goes (default: $TMPDIR)", "DIR" }, \
    { NULL } }
#define WARM_ENTRIES(o) { \
    { "warm", 0, 0, G_OPTION_ARG_STRING, &(o)->warm_word, "Save a VM that has booted, and go on from there instead of booting: auto, on or off (default: $AQR_WARM, or auto)", "WHEN" }, \
    { "warm-dir", 0, 0, G_OPTION_ARG_FILENAME, &(o)->warm_dir, "Where saved VMs are kept (default: $AQR_WARM_DIR, or the cache directory)", "DIR" }, \
    { "warm-limit", 0, 0, G_OPTION_ARG_INT64, &(o)->warm_limit_mib, "How much room they may take (default: 16384)", "MIB" }, \
    { NULL } }
#define QEMU_ENTRIES(o) { \
    { "qemu-command", 'q', 0, G_OPTION_ARG_FILENAME, &(o)->qemu_command, "QEMU to run (default: libvirt's choice)", "COMMAND" }, \
    { "qemu-options", 0, 0, G_OPTION_ARG_STRING, &(o)->qemu_options, "More options for it, split at blanks", "OPTIONS" }, \
    { "qemu-architecture", 0, 0, G_OPTION_ARG_STRING, &(o)->qemu_architecture, "Architecture of the guest, in QEMU's words: x86_64", "ARCH" }, \
    { "dpkg-architecture", 0, 0, G_OPTION_ARG_STRING, &(o)->dpkg_architecture, "The same in Debian's words: amd64", "ARCH" }, \
    { NULL } }
#define GUEST_ENTRIES(o) { \
    { "user", 'u', 0, G_OPTION_ARG_STRING, &(o)->user, "Log in as USER where the image offers no root shell", "USER" }, \
    { "password", 'p', 0, G_OPTION_ARG_STRING, &(o)->password, "Password of USER", "PASSWORD" }, \
    { "baseimage", 0, 0, G_OPTION_ARG_NONE, &(o)->base_image, "Show the image in the guest, read-only, as /dev/baseimage", NULL }, \
    { "shared-dir", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(o)->shared_dirs, "Show a directory of the host in the guest (src=DIR,dst=DIR[,rw])", "DIRS" }, \
    { "timeout-reboot", 0, 0, G_OPTION_ARG_INT, &(o)->timeout_reboot, "How long the guest may take to boot (default: 60; without KVM 300)", "SECONDS" }, \
    { "timeout-poweroff", 0, 0, G_OPTION_ARG_INT, &(o)->timeout_poweroff, "How long it may take to power itself off (default, and with 0: 30 with a GPU, otherwise it is not asked to)", "SECONDS" }, \
    { NULL } }
#define OUTPUT_ENTRIES(o) { \
    { "artifacts", 0, 0, G_OPTION_ARG_FILENAME, &(o)->artifacts, "Keep evidence of the run in DIR/testbed (default: $AQR_ARTIFACTS, or $debci_test_outputdir)", "DIR" }, \
    { "show-boot", 0, 0, G_OPTION_ARG_NONE, &(o)->show_boot, "Show what the console prints while the guest boots", NULL }, \
    { "debug", 'd', 0, G_OPTION_ARG_NONE, &(o)->debug, "Say what is being done", NULL }, \
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &(o)->dry_run, "Print the domain's XML, start nothing", NULL }, \
    { "version", 0, 0, G_OPTION_ARG_NONE, &(o)->version, "Print the version", NULL }, \
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(o)->images, NULL, NULL }, \
    { NULL } }
/* clang-format on */

static gboolean
check_ranges(const AqrVmOptions *options, GError **error)
{
    if (options->cpus >= 0 && options->ram_mib >= 0 && options->timeout_reboot >= 0 &&
        options->timeout_poweroff >= 0 && options->gpu_wait >= 0 && options->warm_limit_mib >= 0)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                        "--cpus, --ram-size, --timeout-reboot, --timeout-poweroff, --gpu-wait and "
                        "--warm-limit take numbers that are not negative");
    return FALSE;
}

static gboolean
check_gpus(AqrVmOptions *options, GError **error)
{
    options->gpu_ready = AQR_GPU_READY_KFD;
    if (options->gpu_ready_word != NULL &&
        !aqr_gpu_ready_parse(options->gpu_ready_word, &options->gpu_ready, error)) {
        g_prefix_error(error, "--gpu-ready: ");
        return FALSE;
    }
    options->gpu_selectors = aqr_gpu_selectors_parse((const char *const *)options->gpus, error);
    return options->gpu_selectors != NULL;
}

static gboolean
check_warm(AqrVmOptions *options, GError **error)
{
    const char *by_default = g_getenv("AQR_WARM");
    const char *word = options->warm_word != NULL ? options->warm_word : by_default;

    if (word == NULL || *word == '\0' || aqr_warm_parse(word, &options->warm, error))
        return TRUE;
    g_prefix_error(error, options->warm_word != NULL ? "--warm: " : "AQR_WARM: ");
    return FALSE;
}

static gboolean
check_arch(AqrVmOptions *options, GError **error)
{
    const AqrArchWords words = { options->qemu_architecture, options->dpkg_architecture,
                                 options->qemu_command };

    return aqr_arch_choose(&words, &options->arch, error);
}

static gboolean
check_shared_dirs(const AqrVmOptions *options, GError **error)
{
    for (char **text = options->shared_dirs; text != NULL && *text != NULL; text++) {
        g_autoptr(AqrSharedDir) dir = aqr_shared_dir_parse(*text, "/", error);

        if (dir == NULL)
            return FALSE;
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

/* --- reading it --------------------------------------------------------- */

typedef struct {
    GOptionContext *context;
    const char *const *short_names;
    GArray *known; /* GOptionEntry */
} Reading;

static void
rename_short(GOptionEntry *entry, const char *const *short_names)
{
    for (; short_names != NULL && *short_names != NULL; short_names++) {
        const char *equals = strchr(*short_names, '=');
        gsize length = (gsize)(equals - *short_names);

        if (strlen(entry->long_name) == length &&
            strncmp(entry->long_name, *short_names, length) == 0)
            entry->short_name = equals[1];
    }
}

/* @title: NULL for those that are shown first. */
static void
add_group(Reading *reading, const char *name, const char *title, const GOptionEntry *entries)
{
    GOptionGroup *group = g_option_group_new(name, title, title, NULL, NULL);
    guint first = reading->known->len;

    for (; entries->long_name != NULL; entries++) {
        GOptionEntry entry = *entries;

        rename_short(&entry, reading->short_names);
        g_array_append_val(reading->known, entry);
    }
    g_option_group_add_entries(group, &g_array_index(reading->known, GOptionEntry, first));
    if (title == NULL)
        g_option_context_set_main_group(reading->context, group);
    else
        g_option_context_add_group(reading->context, group);
}

/* Those of the program and what is told first are one group. */
static void
add_main_group(Reading *reading, const GOptionEntry *own, const GOptionEntry *output)
{
    g_autoptr(GArray) all = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));

    for (; own != NULL && own->long_name != NULL; own++)
        g_array_append_val(all, *own);
    for (; output->long_name != NULL; output++)
        g_array_append_val(all, *output);
    add_group(reading, "main", NULL, (const GOptionEntry *)(void *)all->data);
}

static void
add_groups(Reading *reading, AqrVmOptions *options, const GOptionEntry *own)
{
    const GOptionEntry gpu[] = GPU_ENTRIES(options);
    const GOptionEntry machine[] = MACHINE_ENTRIES(options);
    const GOptionEntry warm[] = WARM_ENTRIES(options);
    const GOptionEntry qemu[] = QEMU_ENTRIES(options);
    const GOptionEntry guest[] = GUEST_ENTRIES(options);
    const GOptionEntry output[] = OUTPUT_ENTRIES(options);

    add_group(reading, "gpu", "The GPU:", gpu);
    add_group(reading, "machine", "The machine:", machine);
    add_group(reading, "warm", "Warm testbeds:", warm);
    add_group(reading, "qemu", "QEMU:", qemu);
    add_group(reading, "guest", "The guest:", guest);
    add_main_group(reading, own, output);
}

gboolean
aqr_vm_options_read(AqrVmOptions *options, char **argv, const AqrVmOptionsForm *form,
                    GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(form->parameters);
    g_autoptr(GArray) known = g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
    Reading reading = { context, form->short_names, known };
    g_autoptr(GError) failed = NULL;
    g_auto(GStrv) words = NULL;

    g_option_context_set_summary(context, form->summary);
    g_option_context_set_description(context, form->description);
    add_groups(&reading, options, form->entries);
    words = form->sort((const char *const *)argv, (const GOptionEntry *)(void *)known->data,
                       form->data, error);
    if (words == NULL || g_option_context_parse_strv(context, &words, &failed))
        return words != NULL;
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "%s", failed->message);
    return FALSE;
}

gboolean
aqr_vm_options_check(AqrVmOptions *options, GError **error)
{
    return check_ranges(options, error) && check_gpus(options, error) &&
           check_warm(options, error) && check_arch(options, error) &&
           check_shared_dirs(options, error) && check_images(options, error);
}

/* GLib wants "-c 2", autopkgtest-virt-qemu's users may write "-c2". */
static gboolean
is_short_with_value(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && strchr("copqu", word[1]) != NULL && word[2] != '\0';
}

static GStrv
split_short_options(const char *const *argv, G_GNUC_UNUSED const GOptionEntry *known,
                    G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED GError **error)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    g_strv_builder_add(words, argv[0]);
    for (int i = 1; argv[i] != NULL; i++) {
        const char *word = argv[i];

        /* The value of this one begins with a dash as often as not. */
        if (is_short_with_value(word) && !g_str_equal(argv[i - 1], "--qemu-options")) {
            const char name[] = { '-', word[1], '\0' };

            g_strv_builder_add(words, name);
            word += 2;
        }
        g_strv_builder_add(words, word);
    }
    return g_strv_builder_end(words);
}

gboolean
aqr_vm_options_parse(AqrVmOptions *options, G_GNUC_UNUSED int argc, char **argv,
                     const char *summary, const char *description, GError **error)
{
    const AqrVmOptionsForm form = {
        .parameters = "IMAGE [READ-ONLY-IMAGE...]",
        .summary = summary,
        .description = description,
        .sort = split_short_options,
    };

    return aqr_vm_options_read(options, argv, &form, error) &&
           (options->version || aqr_vm_options_check(options, error));
}

const char *
aqr_vm_options_remark(const AqrVmOptions *options)
{
    if (!options->efi && g_strcmp0(options->boot, "ieee1275") == 0)
        return "--boot=ieee1275 is for POWER machines; a PC boots by BIOS instead";
    return NULL;
}
