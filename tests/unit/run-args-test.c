/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/run-args.h"

#include <string.h>

#include "base/error.h"
#include "support/check-main.h"

static const GOptionEntry known[] = {
    { .long_name = "snapshot", .short_name = 's', .arg = G_OPTION_ARG_NONE },
    { .long_name = "ssh", .arg = G_OPTION_ARG_NONE },
    { .long_name = "cpus", .short_name = 'c', .arg = G_OPTION_ARG_INT },
    { .long_name = "gpu", .short_name = 'g', .arg = G_OPTION_ARG_STRING_ARRAY },
    { .long_name = "dir", .short_name = 'd', .arg = G_OPTION_ARG_FILENAME },
    { .long_name = "warm", .arg = G_OPTION_ARG_STRING },
    { .long_name = "warm-dir", .arg = G_OPTION_ARG_STRING },
    { NULL },
};

static const struct {
    const char *line, *own, *image, *qemu, *command; /* "|" between words; command NULL: none */
} sorted[] = {
    { "", "", NULL, "", NULL },
    { "i", "", "i", "", NULL },
    { "-", "", "-", "", NULL },
    { "-s i", "--snapshot", "i", "", NULL },
    { "-c 4 i", "--cpus=4", "i", "", NULL },
    { "-c4 i", "--cpus=4", "i", "", NULL },
    { "-sc4 i", "--snapshot|--cpus=4", "i", "", NULL },
    { "-sc 4 i", "--snapshot|--cpus=4", "i", "", NULL },
    { "-d --x i", "--dir=--x", "i", "", NULL },
    { "-g 03:00.0 -g 09:00.0 i", "--gpu=03:00.0|--gpu=09:00.0", "i", "", NULL },
    { "-g nonsense i", "--gpu=nonsense", "i", "", NULL },
    { "--cpus 4 --warm=on --ssh i", "--cpus=4|--warm=on|--ssh", "i", "", NULL },
    { "--cpus= i", "--cpus=", "i", "", NULL },
    { "-h", "--help", NULL, "", NULL },
    { "--help-all i", "--help-all", "i", "", NULL },
    /* not ours, for who reads it to say so */
    { "-x i", "-x", "i", "", NULL },
    { "-sx i", "--snapshot|-x", "i", "", NULL },
    { "--war on i", "--war", "on", "i", NULL },
    { "-c", "--cpus", NULL, "", NULL },
    /* behind the image */
    { "i -g 09:00.0", "--gpu=09:00.0", "i", "", NULL },
    { "i -g gfx1030 -g any", "--gpu=gfx1030|--gpu=any", "i", "", NULL },
    { "i -g none", "--gpu=none", "i", "", NULL },
    { "i -g 800x600x8", "", "i", "-g|800x600x8", NULL },
    { "i -g", "", "i", "-g", NULL },
    { "i -s -m 2G -c4", "", "i", "-s|-m|2G|-c4", NULL },
    { "i --ssh --cpus 2 --cpu max", "--ssh|--cpus=2", "i", "--cpu|max", NULL },
    { "i --warm-dir=x --warm-d=x", "--warm-dir=x", "i", "--warm-d=x", NULL },
    { "i -snapshot", "--snapshot", "i", "-snapshot", NULL },
    { "i -m 1 --snapshot -drive x", "--snapshot", "i", "-m|1|-snapshot|-drive|x", NULL },
    { "i -snapshots -- -snapshot", "", "i", "-snapshots", "-snapshot" },
    { "i --help -h", "--help", "i", "-h", NULL },
    { "i second -device 'a b,c' -smbios type=11", "", "i", "second|-device|a b,c|-smbios|type=11",
      NULL },
    { "i --cpus", "--cpus", "i", "", NULL },
    /* and the command */
    { "i -- true", "", "i", "", "true" },
    { "i -- -s --ssh -- -g any '' 'a b'", "", "i", "", "-s|--ssh|--|-g|any||a b" },
    { "-s i -m 1 --ssh -- sh -c 'exit 3'", "--snapshot|--ssh", "i", "-m|1", "sh|-c|exit 3" },
    { "-s -- true", "--snapshot", NULL, "", "true" },
};

static GStrv
split(const char *line)
{
    g_autofree char *whole = g_strconcat("run ", line, NULL);
    GStrv argv = NULL;

    ck_assert(g_shell_parse_argv(whole, NULL, &argv, NULL));
    return argv;
}

static char *
join(GStrv words)
{
    return words == NULL ? NULL : g_strjoinv("|", words);
}

START_TEST(sorts)
{
    g_auto(GStrv) argv = split(sorted[_i].line);
    g_auto(AqrRunArgs) args = { 0 };
    g_autofree char *own = NULL, *qemu = NULL, *command = NULL;

    ck_assert(aqr_run_args_sort((const char *const *)argv, known, &args, NULL));
    ck_assert_str_eq(args.own[0], "run");
    own = join(args.own + 1);
    qemu = join(args.qemu);
    command = join(args.command);
    ck_assert_str_eq(own, sorted[_i].own);
    ck_assert_pstr_eq(args.image, sorted[_i].image);
    ck_assert_str_eq(qemu, sorted[_i].qemu);
    ck_assert_pstr_eq(command, sorted[_i].command);
}
END_TEST

static const char *const refused[] = { "--", "i --", "-s i -m 1 --" };

START_TEST(refuses)
{
    g_auto(GStrv) argv = split(refused[_i]);
    g_auto(AqrRunArgs) args = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!aqr_run_args_sort((const char *const *)argv, known, &args, &error));
    ck_assert_error(error, AQR_ERROR_USAGE);
    ck_assert_ptr_null(args.own);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, sorts, 0, G_N_ELEMENTS(sorted));
    tcase_add_loop_test(tcase, refuses, 0, G_N_ELEMENTS(refused));
}
