/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The input is a command line, a word a line. */
#include "cli/vm-options.h"

#include <string.h>

#include "base/error.h"
#include "cli/vm-plan.h"
#include "core/qemu-args.h"
#include "core/shared-dir.h"
#include "fuzz.h"

/* It would print itself and end the process. */
static gboolean
asks_for_help(char **words)
{
    for (; *words != NULL; words++) {
        if (g_str_has_prefix(*words, "--help") ||
            (**words == '-' && (*words)[1] != '-' && strpbrk(*words, "h?") != NULL))
            return TRUE;
    }
    return FALSE;
}

static void
check_shared_dir(const char *text)
{
    g_autoptr(AqrSharedDir) dir = aqr_shared_dir_parse(text, "/", NULL);

    g_assert(dir == NULL || g_path_is_absolute(dir->source));
}

/* What the plan of a VM reads of them. */
static void
check_words(const AqrVmOptions *options)
{
    g_auto(GStrv) args = aqr_qemu_args_split(options->qemu_options);

    for (char **text = options->shared_dirs; text != NULL && *text != NULL; text++)
        check_shared_dir(*text);
}

static void
check_options(const AqrVmOptions *options)
{
    g_autoptr(AqrVmSpec) spec = aqr_vm_spec_new();
    AqrAccel accel;
    AqrBoot boot;

    if (options->version)
        return;
    g_assert(options->images != NULL && options->images[0] != NULL);
    g_assert(options->cpus >= 0 && options->ram_mib >= 0);
    g_assert(aqr_vm_plan_boot_seconds(options, spec) > 0);
    g_assert(options->gpu_wait >= 0 && options->gpu_selectors != NULL);
    if (options->accel != NULL && aqr_accel_parse(options->accel, &accel, NULL))
        g_assert(accel <= AQR_ACCEL_TCG);
    if (options->boot != NULL && aqr_boot_parse(options->boot, &boot, NULL))
        g_assert(boot <= AQR_BOOT_EFI);
    check_words(options);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *text = fuzz_text(bytes, length);
    g_autofree char *line = g_strconcat("server\n", text, NULL);
    g_auto(GStrv) words = g_strsplit(line, "\n", -1);
    g_autofree char **argv = g_memdup2(words, (g_strv_length(words) + 1) * sizeof *words);
    g_auto(AqrVmOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    if (asks_for_help(words))
        return 0;
    if (aqr_vm_options_parse(&options, (int)g_strv_length(words), argv, "", "", &error))
        check_options(&options);
    else
        g_assert(g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE));
    return 0;
}
