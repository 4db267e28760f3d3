/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "options.h"

#include "base/error.h"
#include "core/amqp-url.h"
#include "core/pci-address.h"

typedef struct {
    GStrv gpus, rest;
    char *suites;
    gboolean selftest; /* these two are for --help: main() looks for them first */
    int rounds;
} Words;

static void
add_debci_entries(GOptionContext *context, SetupOptions *options, Words *words)
{
    const GOptionEntry entries[] = {
        { "debci-worker", 0, 0, G_OPTION_ARG_NONE, &options->debci_worker,
          "Print what adds this host to a debci network, a worker for each GPU; with --apply: set "
          "it",
          NULL },
        { "amqp-server", 0, 0, G_OPTION_ARG_STRING, &options->amqp_server,
          "With --debci-worker: where its queues are (empty: as debci is set up)", "URL" },
        { "amqp-server-file", 0, 0, G_OPTION_ARG_FILENAME, &options->amqp_server_file,
          "The same, for one with a password: read from FILE, - for stdin", "FILE" },
        { "suites", 0, 0, G_OPTION_ARG_STRING, &words->suites,
          "With --debci-worker: suites to make images for, with commas between", "LIST" },
        { "backend-args", 0, 0, G_OPTION_ARG_STRING, &options->backend_args,
          "With --debci-worker: options for autopkgtest-virt-qemu-rocm", "WORDS" },
        { NULL }
    };

    g_option_context_add_main_entries(context, entries, NULL);
}

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
    add_debci_entries(context, options, words);
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

/* debci's programs take the words of a list apart at blanks, and do not quote them. */
static gboolean
add_suites(SetupOptions *options, const Words *words, GError **error)
{
    g_auto(GStrv) suites = g_strsplit_set(words->suites == NULL ? "" : words->suites, ", ", -1);

    if (words->suites == NULL)
        return TRUE;
    for (char **suite = suites; *suite != NULL; suite++) {
        if (g_regex_match_simple("^[a-z0-9][a-z0-9.-]*$", *suite, 0, 0))
            continue;
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "--suites: \"%s\" is no suite's name",
                    *suite);
        return FALSE;
    }
    options->suites = g_steal_pointer(&suites);
    return TRUE;
}

static gboolean
check_url(const SetupOptions *options, GError **error)
{
    if (options->amqp_server == NULL || *options->amqp_server == '\0' ||
        aqr_amqp_url_check(options->amqp_server, error))
        return TRUE;
    g_prefix_error(error, "--amqp-server: ");
    return FALSE;
}

/* They go to a line of a shell's, which is read again. */
static void
put_on_one_line(char *words)
{
    if (words != NULL)
        g_strstrip(g_strdelimit(words, "\r\n", ' '));
}

static gboolean
has_debci_words(const SetupOptions *options, const Words *words)
{
    return options->amqp_server != NULL || options->amqp_server_file != NULL ||
           words->suites != NULL || options->backend_args != NULL;
}

static const char *
find_debci_trouble(const SetupOptions *options, const Words *words)
{
    if (!options->debci_worker)
        return has_debci_words(options, words)
                   ? "--amqp-server, --suites and --backend-args go with --debci-worker"
                   : NULL;
    if (options->user != NULL)
        return "--debci-worker is about the user debci; it takes no -u";
    if (options->amqp_server != NULL && options->amqp_server_file != NULL)
        return "--amqp-server and --amqp-server-file are two ways to say the same";
    return NULL;
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
    else
        wrong = find_debci_trouble(options, words);
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
    good = good && check(options, &words, error) && add_slots(options, &words, error) &&
           add_suites(options, &words, error) && check_url(options, error);
    put_on_one_line(options->backend_args);
    g_strfreev(words.gpus);
    g_free(words.suites);
    g_strfreev(words.rest);
    return good;
}

void
setup_options_clear(SetupOptions *options)
{
    g_free(options->user);
    g_free(options->amqp_server);
    g_free(options->amqp_server_file);
    g_free(options->backend_args);
    g_strfreev(options->suites);
    g_clear_pointer(&options->slots, g_ptr_array_unref);
    *options = (SetupOptions){ 0 };
}
