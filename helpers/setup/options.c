/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/error.h"
#include "core/pci-address.h"

typedef struct {
    GStrv gpus, rest;
    gboolean selftest; /* these two are for --help: main() looks for them first */
    int rounds;
} Words;

static GOptionContext *
make_context(SetupOptions *options, Words *words)
{
    const GOptionEntry entries[] = {
        { "user", 'u', 0, G_OPTION_ARG_STRING, &options->user,
          "Judge for USER (default: the caller, or who called sudo)", "USER" },
        { "gpu", 0, 0, G_OPTION_ARG_STRING_ARRAY, &words->gpus,
          "Judge this GPU only; can be repeated (default: all)", "SLOT" },
        { "apply", 0, 0, G_OPTION_ARG_NONE, &options->apply,
          "Set what can be set safely, then judge; needs root", NULL },
        { "dry-run", 0, 0, G_OPTION_ARG_NONE, &options->dry_run,
          "With --apply: say what would be set, and touch nothing", NULL },
        { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "The same for programs", NULL },
        { "selftest", 0, 0, G_OPTION_ARG_NONE, &words->selftest,
          "First: take IMAGE through all of a GPU's way instead, with options of "
          "autopkgtest-virt-qemu-rocm, and print a report",
          NULL },
        { "rounds", 0, 0, G_OPTION_ARG_INT, &words->rounds,
          "With --selftest, behind it: how often (default: 3)", "N" },
        { "version", 0, 0, G_OPTION_ARG_NONE, &options->version, "Print the version", NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words->rest, NULL, NULL },
        { NULL }
    };
    GOptionContext *context = g_option_context_new(NULL);

    g_option_context_set_summary(
        context, "Judges whether this host can give AMD GPUs to autopkgtest's testbeds.");
    g_option_context_set_description(context,
                                     "Examples:\n  rocm-qemu-setup -u debci --gpu 03:00.0\n"
                                     "  rocm-qemu-setup --selftest --gpu=03:00.0 sid.qcow2"
                                     "\n\nSee rocm-qemu-setup(1).");
    g_option_context_add_main_entries(context, entries, NULL);
    return context;
}

static gboolean
add_slots(SetupOptions *options, const Words *words, GError **error)
{
    for (char **gpu = words->gpus; gpu != NULL && *gpu != NULL; gpu++) {
        AqrPciAddress slot;

        if (!aqr_pci_address_parse(*gpu, &slot, error)) {
            g_prefix_error(error, "--gpu: ");
            return FALSE;
        }
        g_ptr_array_add(options->slots, g_memdup2(&slot, sizeof slot));
    }
    return TRUE;
}

static gboolean
check(const SetupOptions *options, const Words *words, GError **error)
{
    const char *wrong = NULL;

    if (words->rest != NULL)
        wrong = "there are no arguments but options; name a GPU with --gpu";
    else if (words->selftest || words->rounds != 0)
        wrong = "--selftest comes first, and --rounds next; see --help";
    else if (options->dry_run && !options->apply)
        wrong = "--dry-run goes with --apply; without it nothing is touched anyway";
    else if (options->user != NULL && *options->user == '\0')
        wrong = "-u takes the name of a user";
    if (wrong == NULL)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, wrong);
    return FALSE;
}

gboolean
setup_options_parse(SetupOptions *options, int argc, char **argv, GError **error)
{
    Words words = { 0 };
    g_autoptr(GOptionContext) context = make_context(options, &words);
    g_autoptr(GError) failed = NULL;
    gboolean good;

    options->slots = g_ptr_array_new_with_free_func(g_free);
    good = g_option_context_parse(context, &argc, &argv, &failed);
    if (!good)
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE, failed->message);
    good = good && check(options, &words, error) && add_slots(options, &words, error);
    g_strfreev(words.gpus);
    g_strfreev(words.rest);
    return good;
}

void
setup_options_clear(SetupOptions *options)
{
    g_free(options->user);
    g_clear_pointer(&options->slots, g_ptr_array_unref);
    *options = (SetupOptions){ 0 };
}
