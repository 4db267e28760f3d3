/* SPDX-License-Identifier: GPL-2.0-or-later */

/* image-judge script: prints the script that tells what an image is.
 * image-judge facts [GFX...]: judges facts on stdin, of an image for these GPUs: what is not
 * well, a line each: "FAIL image.groups there is no group render".
 * image-judge prove IMAGE [BOOT [USER...]]: the report; or what goes wrong, on stderr.
 * $AQR_BOOT_SECONDS bounds a boot. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/program.h"
#include "core/image-checks.h"
#include "image-report.h"
#include "prove.h"

static void
free_gpu(gpointer data)
{
    aqr_image_gpu_free(data);
}

static int
judge(char **gfx)
{
    static const char *const severities[] = { "PASS", "WARN", "FAIL" };
    static char text[1 << 20];
    g_autofree char *file = aqr_program_data("amdgpu-firmware.tsv"), *table = NULL;
    g_autoptr(AqrGpuFirmware) firmware = NULL;
    g_autoptr(AqrImageFacts) facts = NULL;
    g_autoptr(GPtrArray) findings = NULL;
    g_autoptr(GPtrArray) gpus = g_ptr_array_new_with_free_func(free_gpu);
    AqrImageDemand demand = { .gpus = gpus };

    text[fread(text, 1, sizeof text - 1, stdin)] = '\0';
    facts = aqr_image_facts_parse(text);
    if (g_file_get_contents(file, &table, NULL, NULL))
        firmware = aqr_gpu_firmware_parse(table, NULL);
    demand.firmware = firmware;
    for (; *gfx != NULL; gfx++) {
        AqrImageGpu *gpu = g_new0(AqrImageGpu, 1);

        gpu->gfx = g_strdup(*gfx);
        g_ptr_array_add(gpus, gpu);
    }
    findings = aqr_image_checks_judge(facts, &demand);
    for (guint i = 0; i < findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(findings, i);

        if (finding->severity != AQR_PASS)
            printf("%s %s %s\n", severities[finding->severity], finding->id, finding->title);
    }
    return EXIT_SUCCESS;
}

static void
say_stage(const char *what, G_GNUC_UNUSED gpointer data)
{
    if (what != NULL)
        aqr_program_say("%s...", what);
}

static gboolean
prove(const GuestConfig *guest, char **users, AqrStop *stop, GError **error)
{
    const ProveConfig config = { .guest = *guest, .users = (const char *const *)users };
    g_auto(AqrImageVerdict) verdict = { 0 };
    g_autofree char *text = NULL;

    if (!prove_image(&config, stop, &verdict, error))
        return FALSE;
    text = image_report_text(guest->image, &verdict, FALSE);
    fputs(text, stdout);
    return TRUE;
}

static int
work(char **words)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrStop) stop = aqr_stop_new(&error);
    const char *seconds = g_getenv("AQR_BOOT_SECONDS");
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();
    const GuestConfig guest = {
        .place = place,
        .image = words[0],
        .boot = words[1],
        .timeout = seconds == NULL ? 0 : atoi(seconds),
        .stage = say_stage,
    };
    gboolean done =
        stop != NULL && prove(&guest, words[1] == NULL ? NULL : words + 2, stop, &error);

    if (!done)
        aqr_program_say("failure: %s", error->message);
    return done ? EXIT_SUCCESS : EXIT_FAILURE;
}

int
main(int argc, char **argv)
{
    aqr_program_start("image-judge");
    if (argc == 2 && g_str_equal(argv[1], "script"))
        return fputs(aqr_image_facts_script, stdout) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
    if (argc >= 2 && g_str_equal(argv[1], "facts"))
        return judge(argv + 2);
    if (argc >= 3 && g_str_equal(argv[1], "prove"))
        return work(argv + 2);
    return EXIT_FAILURE;
}
