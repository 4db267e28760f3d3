/* SPDX-License-Identifier: GPL-2.0-or-later */

/* rocm-qemu-gpus: what GPUs there are, who has them, and what to do about a sick one. */
#include <stdlib.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/program.h"
#include "commands.h"

#define NAME "rocm-qemu-gpus"

typedef struct {
    const char *name;
    guint min_words, max_words; /* behind the name; G_MAXUINT: any number */
    gboolean (*run)(const GpusOptions *options, char **words, GError **error);
} Command;

static const Command commands[] = {
    { "list", 0, 0, gpus_list },
    { "reset", 1, 1, gpus_reset },
    { "quarantine", 2, G_MAXUINT, gpus_quarantine },
    { "release", 1, 1, gpus_release },
    { "wait", 0, G_MAXUINT, gpus_wait },
};

static void
clear_options(GpusOptions *options)
{
    g_strfreev(options->testbed);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(GpusOptions, clear_options)

#define DESCRIPTION                                                    \
    "Commands:\n"                                                      \
    "  list                    The host's AMD GPUs, and how each is\n" \
    "  reset GPU               Reset one that nobody uses\n"           \
    "  quarantine GPU REASON   Keep everybody from using it\n"         \
    "  release GPU             End that\n"                             \
    "  wait [GPU...]           Until a testbed can have such GPUs\n"   \
    "\nExample:\n  rocm-qemu-gpus wait --timeout=600 gfx1030\n\nSee rocm-qemu-gpus(1)."

/* Transfer full: what is behind the first "--", where @argv ends then. */
static GStrv
cut(char **argv)
{
    g_autoptr(GStrvBuilder) behind = g_strv_builder_new();

    while (*argv != NULL && !g_str_equal(*argv, "--"))
        argv++;
    if (*argv != NULL) {
        g_strv_builder_addv(behind, (const char **)argv + 1);
        for (; *argv != NULL; argv++)
            g_clear_pointer(argv, g_free);
    }
    return g_strv_builder_end(behind);
}

/* To "wait" they are a testbed's options, to other commands more words. */
static void
add_behind(GpusOptions *options, char ***words, GStrv behind)
{
    g_autoptr(GStrvBuilder) all = g_strv_builder_new();

    if (*behind == NULL)
        return;
    if (*words != NULL && g_str_equal((*words)[0], "wait")) {
        options->testbed = g_strdupv(behind);
        return;
    }
    if (*words != NULL)
        g_strv_builder_addv(all, (const char **)*words);
    g_strv_builder_addv(all, (const char **)behind);
    g_strfreev(*words);
    *words = g_strv_builder_end(all);
}

static gboolean
parse(GpusOptions *options, gboolean *version, char ***words, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        { "absent", 0, 0, G_OPTION_ARG_NONE, &options->absent,
          "Wait for GPUs, too, that this host or you cannot have yet", NULL },
        { "json", 0, 0, G_OPTION_ARG_NONE, &options->json, "Print JSON", NULL },
        { "timeout", 0, 0, G_OPTION_ARG_INT, &options->timeout,
          "How long to wait (default: as long as it takes)", "SECONDS" },
        { "version", 0, 0, G_OPTION_ARG_NONE, version, "Print the version", NULL },
        { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, words, NULL, NULL },
        { NULL },
    };
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [WORDS...]");
    g_auto(GStrv) copy = g_strdupv(argv);
    g_auto(GStrv) behind = cut(copy);
    g_autoptr(GError) failed = NULL;

    g_option_context_set_summary(context, "Looks after a host's AMD GPUs.");
    g_option_context_set_description(context, DESCRIPTION);
    g_option_context_add_main_entries(context, entries, NULL);
    if (g_option_context_parse_strv(context, &copy, &failed) && options->timeout >= 0) {
        add_behind(options, words, behind);
        return TRUE;
    }
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                        failed != NULL ? failed->message : "--timeout is negative");
    return FALSE;
}

static const Command *
find_command(char **words, GError **error)
{
    guint n = words == NULL ? 0 : g_strv_length(words) - 1;

    for (gsize i = 0; words != NULL && i < G_N_ELEMENTS(commands); i++) {
        if (!g_str_equal(commands[i].name, words[0]))
            continue;
        if (n >= commands[i].min_words && n <= commands[i].max_words)
            return &commands[i];
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "%s: wrong number of words; see --help",
                    words[0]);
        return NULL;
    }
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                "%s; use list, reset, quarantine, release or wait",
                words == NULL ? "no command" : "unknown command");
    return NULL;
}

int
main(G_GNUC_UNUSED int argc, char **argv)
{
    g_auto(GpusOptions) options = { 0 };
    gboolean version = FALSE;
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) error = NULL;
    const Command *command;

    aqr_program_start(NAME);
    if (!parse(&options, &version, &words, argv, &error)) {
        aqr_program_say("%s", error->message);
        return aqr_error_exit_status(error);
    }
    if (version) {
        g_print("%s %s\n", NAME, AQR_VERSION);
        return EXIT_SUCCESS;
    }
    command = find_command(words, &error);
    if (command != NULL && command->run(&options, words + 1, &error))
        return EXIT_SUCCESS;
    aqr_program_say("%s", error->message);
    return g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE) ? 2 : 1;
}
