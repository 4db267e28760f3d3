/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/error.h"
#include "values.h"

#define DEFAULT_RELEASE "unstable"
#define DEFAULT_SIZE "50G"

typedef struct {
    gboolean check, update, print_sources, version;
    GStrv rest;
} Words;

/* clang-format off */
#define IMAGE_ENTRIES(o) { \
    { "release", 'r', 0, G_OPTION_ARG_STRING, &(o)->release, "Release of Debian or Ubuntu; experimental comes with unstable, X-backports with X (default: " DEFAULT_RELEASE ")", "RELEASE" }, \
    { "arch", 0, 0, G_OPTION_ARG_STRING, &(o)->arch, "Architecture; only amd64 is known", "ARCH" }, \
    { "size", 0, 0, G_OPTION_ARG_STRING, &(o)->size, "Size of the disk (default: " DEFAULT_SIZE "; the file has only what is used of it)", "SIZE" }, \
    { "boot", 0, 0, G_OPTION_ARG_STRING, &(o)->boot, "What boots it: bios, efi or both (default: both)", "HOW" }, \
    { "format", 0, 0, G_OPTION_ARG_STRING, &(o)->format, "qcow2 or raw (default: qcow2)", "FORMAT" }, \
    { NULL } }
#define SOURCE_ENTRIES(o) { \
    { "mirror", 'm', 0, G_OPTION_ARG_STRING, &(o)->mirror, "Take packages from there, also in the image (default: from this host's own archives)", "URL" }, \
    { "sources", 0, 0, G_OPTION_ARG_FILENAME, &(o)->sources, "Take packages from the lines of apt's sources in FILE, also in the image", "FILE" }, \
    { "keyring", 0, 0, G_OPTION_ARG_FILENAME, &(o)->keyring, "The archives are signed by a key in FILE, also in the image", "FILE" }, \
    { "proxy", 0, 0, G_OPTION_ARG_STRING, &(o)->proxy, "Have apt use this proxy, also in the image; DIRECT: none (default: $AUTOPKGTEST_APT_PROXY, or as this host's apt)", "URL" }, \
    { NULL } }
#define CONTENT_ENTRIES(o) { \
    { "authorized-keys", 'a', 0, G_OPTION_ARG_FILENAME, &(o)->authorized_keys, "Let root and the users log in by SSH with the keys in FILE", "FILE" }, \
    { "user", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o)->users, "Make a user who may use GPUs; may be repeated (default: user and debci)", "NAME" }, \
    { "package", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o)->packages, "Install this package, too; may be repeated", "NAME" }, \
    { "kernel", 0, 0, G_OPTION_ARG_STRING, &(o)->kernel, "Package of the kernel (default: the release's; PACKAGE/SUITE takes it from backports)", "PACKAGE" }, \
    { "script", 0, 0, G_OPTION_ARG_FILENAME, &(o)->script, "Run FILE with the image's root directory as its argument", "FILE" }, \
    { NULL } }
#define CHECK_ENTRIES(o, w) { \
    { "check", 0, 0, G_OPTION_ARG_NONE, &(w)->check, "Only boot IMAGE and say whether it is good", NULL }, \
    { "no-check", 0, 0, G_OPTION_ARG_NONE, &(o)->no_check, "Do not boot the new image, and hope for the best", NULL }, \
    { "json", 0, 0, G_OPTION_ARG_NONE, &(o)->json, "With --check: say it for programs", NULL }, \
    { "gpu", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(o)->gpus, "A gfx target that it must have firmware for, or none; may be repeated (default: this host's)", "TARGET" }, \
    { "accel", 0, 0, G_OPTION_ARG_STRING, &(o)->accel, "auto, kvm or tcg (default: $AQR_ACCEL, or auto)", "ACCEL" }, \
    { "connect", 0, 0, G_OPTION_ARG_STRING, &(o)->connect, "libvirt to use, as autopkgtest-virt-qemu-rocm's", "URI" }, \
    { "timeout-reboot", 0, 0, G_OPTION_ARG_INT, &(o)->timeout, "How long it may take to boot (default: 60; without KVM 300)", "SECONDS" }, \
    { "show-boot", 0, 0, G_OPTION_ARG_NONE, &(o)->show_boot, "Show what the console prints while it boots", NULL }, \
    { NULL } }
#define MAIN_ENTRIES(o, w) { \
    { "update", 0, 0, G_OPTION_ARG_NONE, &(w)->update, "Bring IMAGE up to date instead of building it anew", NULL }, \
    { "update-timeout", 0, 0, G_OPTION_ARG_INT, &(o)->update_timeout, "How long that may take (default: 3600)", "SECONDS" }, \
    { "log", 0, 0, G_OPTION_ARG_FILENAME, &(o)->log, "Keep what the programs that build it say in FILE", "FILE" }, \
    { "print-sources", 0, 0, G_OPTION_ARG_NONE, &(w)->print_sources, "Print the lines of apt's sources that the image would get", NULL }, \
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &(o)->dry_run, "Print what would be done, and touch nothing", NULL }, \
    { "version", 0, 0, G_OPTION_ARG_NONE, &(w)->version, "Print the version", NULL }, \
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &(w)->rest, NULL, NULL }, \
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
read_words(CreateOptions *options, Words *words, char **argv, GError **error)
{
    const GOptionEntry image[] = IMAGE_ENTRIES(options);
    const GOptionEntry sources[] = SOURCE_ENTRIES(options);
    const GOptionEntry content[] = CONTENT_ENTRIES(options);
    const GOptionEntry check[] = CHECK_ENTRIES(options, words);
    const GOptionEntry other[] = MAIN_ENTRIES(options, words);
    g_autoptr(GOptionContext) context = g_option_context_new("[IMAGE]");
    g_auto(GStrv) copy = g_strdupv(argv);
    g_autoptr(GError) failed = NULL;

    g_option_context_set_summary(context,
                                 "Builds a disk image for autopkgtest with AMD GPUs, and boots and "
                                 "checks it before it takes the place of IMAGE "
                                 "(default: RELEASE.img).");
    g_option_context_set_description(
        context, "Example:\n  rocm-qemu-create -r trixie trixie.img\n\nSee rocm-qemu-create(1).");
    add_group(context, "image", "The image:", image);
    add_group(context, "sources", "Where packages come from:", sources);
    add_group(context, "content", "What is in it:", content);
    add_group(context, "proof", "How it is checked:", check);
    g_option_context_add_main_entries(context, other, NULL);
    if (g_option_context_parse_strv(context, &copy, &failed))
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, failed->message);
    return FALSE;
}

static const char *
find_trouble(const CreateOptions *options, const Words *words)
{
    const gboolean has_image = words->rest != NULL;

    if (has_image && words->rest[1] != NULL)
        return "more than one image";
    if (has_image && *words->rest[0] == '\0')
        return "an image's name is empty";
    if (words->check + words->update + words->print_sources > 1)
        return "only one of --check, --update and --print-sources";
    if ((words->check || words->update) && !has_image)
        return "--check and --update want the name of an image";
    if (words->check && options->no_check)
        return "--check or --no-check, not both";
    if (options->json && !words->check)
        return "--json is for --check";
    if (options->mirror != NULL && options->sources != NULL)
        return "--mirror or --sources, not both";
    if (options->timeout < 0 || options->update_timeout < 0)
        return "--timeout-reboot and --update-timeout take a number that is not negative";
    if (options->update_timeout > 0 && !words->update)
        return "--update-timeout is for --update";
    return NULL;
}

static CreateTask
choose_task(const Words *words)
{
    if (words->version)
        return CREATE_PRINT_VERSION;
    if (words->print_sources)
        return CREATE_PRINT_SOURCES;
    if (words->check)
        return CREATE_CHECK;
    return words->update ? CREATE_UPDATE : CREATE_BUILD;
}

/* Of what is only checked, or made up to date, nothing is taken for granted. */
static void
fill_in(CreateOptions *options, const Words *words)
{
    options->task = choose_task(words);
    options->image = words->rest != NULL ? g_strdup(words->rest[0]) : NULL;
    if (options->task == CREATE_CHECK || options->task == CREATE_UPDATE)
        return;
    if (options->release == NULL)
        options->release = g_strdup(DEFAULT_RELEASE);
    if (options->size == NULL)
        options->size = g_strdup(DEFAULT_SIZE);
    if (options->boot == NULL && options->task == CREATE_BUILD)
        options->boot = g_strdup("both");
    if (options->users == NULL && options->task == CREATE_BUILD)
        options->users = g_strsplit("user debci", " ", -1);
    if (options->image == NULL)
        options->image = g_strconcat(options->release, ".img", NULL);
}

gboolean
create_options_parse(CreateOptions *options, char **argv, GError **error)
{
    Words words = { 0 };
    const char *wrong = NULL;
    gboolean good = read_words(options, &words, argv, error);

    if (good && !words.version)
        wrong = find_trouble(options, &words);
    if (wrong != NULL)
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, wrong);
    good = good && wrong == NULL;
    if (good)
        fill_in(options, &words);
    g_strfreev(words.rest);
    return good && (words.version || values_check(options, error));
}

void
create_options_clear(CreateOptions *options)
{
    char *strings[] = { options->image,   options->release, options->size,
                        options->boot,    options->arch,    options->mirror,
                        options->sources, options->keyring, options->proxy,
                        options->kernel,  options->format,  options->authorized_keys,
                        options->script,  options->log,     options->accel,
                        options->connect };

    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
        g_free(strings[i]);
    g_strfreev(options->users);
    g_strfreev(options->packages);
    g_strfreev(options->gpus);
    *options = (CreateOptions){ 0 };
}
