/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include <string.h>

#include "base/error.h"
#include "core/qemu-args.h"

#define PARAMETERS "IMAGE [QEMU OPTION...] [-- COMMAND [ARGUMENT...]]"
#define SUMMARY                                                                  \
    "Runs a virtual machine as tests have it, with a GPU, for a person: with\n"  \
    "a root shell on this terminal, or for one COMMAND. What the guest writes\n" \
    "is written to IMAGE, unless there is -s."
#define DESCRIPTION                                                                  \
    "-g GPU, -c CPUS and -m MIB choose what it has; --help-all tells all options.\n" \
    "\nExample:\n  rocm-qemu-run -s -g gfx1030 -d . sid.img\n\nSee rocm-qemu-run(1)."

/* rocm-qemu-support's letters; the server has others for some. */
static const char *const short_names[] = { "gpu=g", "ram-size=m", "debug=", "password=", NULL };

/* clang-format off */
#define ENTRIES(o) { \
    { "snapshot", 's', 0, G_OPTION_ARG_NONE, &(o)->snapshot, "Discard what the guest writes", NULL }, \
    { "dir", 'd', 0, G_OPTION_ARG_FILENAME, &(o)->vm.shared, "Show DIR in the guest as /shared, writable", "DIR" }, \
    { "ssh", 0, 0, G_OPTION_ARG_NONE, &(o)->ssh, "Let ssh, scp and rsync in, by a key made for this run", NULL }, \
    { "ssh-port", 'p', 0, G_OPTION_ARG_INT, &(o)->ssh_port, "Forward PORT of 127.0.0.1 to the guest's port 22", "PORT" }, \
    { "warm-list", 0, 0, G_OPTION_ARG_NONE, &(o)->list, "Print the saved VMs, and do nothing else", NULL }, \
    { "json", 0, 0, G_OPTION_ARG_NONE, &(o)->json, "Print them as JSON", NULL }, \
    { "warm-drop", 0, 0, G_OPTION_ARG_STRING, &(o)->drop, "Remove one of them, or all", "KEY|all" }, \
    { NULL } }
/* clang-format on */

void
run_options_clear(RunOptions *options)
{
    aqr_vm_options_clear(&options->vm);
    aqr_run_args_clear(&options->args);
    g_free(options->drop);
    *options = (RunOptions){ 0 };
}

#define RAM_SIZE "--ram-size="

/* (transfer full): "-m 8G" and "-m 8192M" are QEMU's, and so rocm-qemu-support's. */
static char *
convert_size(const char *word)
{
    char *unit = NULL;
    guint64 size;

    if (!g_str_has_prefix(word, RAM_SIZE) || !g_ascii_isdigit(word[strlen(RAM_SIZE)]))
        return g_strdup(word);
    size = g_ascii_strtoull(word + strlen(RAM_SIZE), &unit, 10);
    if (g_ascii_strcasecmp(unit, "g") == 0 && size <= G_MAXUINT32)
        return g_strdup_printf(RAM_SIZE "%" G_GUINT64_FORMAT, size * 1024);
    if (g_ascii_strcasecmp(unit, "m") == 0)
        return g_strdup_printf(RAM_SIZE "%" G_GUINT64_FORMAT, size);
    return g_strdup(word);
}

/* The image behind "--", so that it may have any name. */
static GStrv
sort(const char *const *argv, const GOptionEntry *known, gpointer data, GError **error)
{
    AqrRunArgs *args = data;
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    if (!aqr_run_args_sort(argv, known, args, error))
        return NULL;
    for (char **word = args->own; *word != NULL; word++) {
        g_autofree char *converted = convert_size(*word);

        g_strv_builder_add(words, converted);
    }
    if (args->image != NULL) {
        g_strv_builder_add(words, "--");
        g_strv_builder_add(words, args->image);
    }
    return g_strv_builder_end(words);
}

static gboolean
refuse(const char *why, GError **error)
{
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, why);
    return FALSE;
}

static gboolean
check_warm_files(const RunOptions *options, GError **error)
{
    if (options->args.image != NULL || options->args.command != NULL)
        return refuse("too many words", error);
    if (options->list && options->drop != NULL)
        return refuse("--warm-list or --warm-drop, not both", error);
    if (options->json && !options->list)
        return refuse("--json is for --warm-list", error);
    return TRUE;
}

/* Behind IMAGE it has been found already. */
static gboolean
qemu_has_snapshot(const AqrVmOptions *vm)
{
    g_auto(GStrv) words = aqr_qemu_args_split(vm->qemu_options);

    return aqr_qemu_args_have((const char *const *)words, "snapshot");
}

static gboolean
check_vm(const RunOptions *options, GError **error)
{
    if (options->args.image == NULL)
        return refuse("no image; name the VM's disk image, or see --help", error);
    if (options->json)
        return refuse("--json is for --warm-list", error);
    if (options->ssh_port < 0 || options->ssh_port > 65535)
        return refuse("--ssh-port takes the number of a port", error);
    if (g_strcmp0(options->vm.shared, "") == 0)
        return refuse("--dir takes the name of a directory", error);
    if (!options->snapshot && g_strcmp0(options->vm.warm_word, "on") == 0)
        return refuse("--warm=on is for -s: a saved VM has a disk of its own", error);
    return TRUE;
}

gboolean
run_options_parse(RunOptions *options, char **argv, GError **error)
{
    const GOptionEntry entries[] = ENTRIES(options);
    const AqrVmOptionsForm form = {
        .parameters = PARAMETERS,
        .summary = SUMMARY,
        .description = DESCRIPTION,
        .entries = entries,
        .short_names = short_names,
        .sort = sort,
        .data = &options->args,
    };

    if (!aqr_vm_options_read(&options->vm, argv, &form, error))
        return FALSE;
    if (options->vm.version)
        return TRUE;
    if (options->list || options->drop != NULL)
        return check_warm_files(options, error);
    options->snapshot = options->snapshot || qemu_has_snapshot(&options->vm);
    if (!check_vm(options, error))
        return FALSE;
    options->vm.by_hand = TRUE;
    options->vm.write = !options->snapshot;
    options->vm.ssh_port = (unsigned)options->ssh_port;
    options->vm.qemu_args = g_strdupv(options->args.qemu);
    return aqr_vm_options_check(&options->vm, error);
}
