/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/setup-apply.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"
#include "support/fake-host.h"

#define FILE_PATH "/etc/x.d/rocm-qemu.conf"

static AqrSetupStep
file_step(char **text)
{
    *text = g_strconcat(aqr_setup_mark, "vfio-pci\n", NULL);
    return (AqrSetupStep){ .id = "x",
                           .kind = AQR_STEP_FILE,
                           .title = (char *)"write",
                           .path = (char *)FILE_PATH,
                           .text = *text };
}

/* What @step comes to; @why: NULL where it does not matter. */
static AqrStepResult
apply(AqrSetupStep *step, const char *root, gboolean dry_run, char **why)
{
    const AqrSetupPlace place = { .root = root, .dry_run = dry_run };
    g_autoptr(GPtrArray) steps = g_ptr_array_new();
    g_autoptr(GPtrArray) reports = NULL;
    const AqrStepReport *report;

    g_ptr_array_add(steps, step);
    reports = aqr_setup_apply(steps, &place);
    ck_assert_uint_eq(reports->len, 1);
    report = g_ptr_array_index(reports, 0);
    ck_assert_int_eq(report->why == NULL, report->result != AQR_STEP_FAILED);
    if (why != NULL)
        *why = g_strdup(report->why);
    return report->result;
}

static const struct {
    const char *before; /* NULL: no file; "link", "dir": what it is instead; "mark": ours */
    AqrStepResult dry, done;
    const char *after; /* "new", or as before */
} files[] = {
    { NULL, AQR_STEP_WOULD, AQR_STEP_DONE, "new" },
    { "mark", AQR_STEP_WOULD, AQR_STEP_DONE, "new" },
    { "same", AQR_STEP_SAME, AQR_STEP_SAME, "new" },
    { "somebody's\n", AQR_STEP_FAILED, AQR_STEP_FAILED, "somebody's\n" },
    { "", AQR_STEP_FAILED, AQR_STEP_FAILED, "" },
    { "link", AQR_STEP_FAILED, AQR_STEP_FAILED, NULL },
    { "dir", AQR_STEP_FAILED, AQR_STEP_FAILED, NULL },
};

static void
prepare(const char *file, const char *before, const char *text)
{
    g_autofree char *dir = g_path_get_dirname(file);

    if (before == NULL)
        return;
    ck_assert_int_eq(g_mkdir_with_parents(dir, 0755), 0);
    if (strcmp(before, "link") == 0)
        ck_assert_int_eq(symlink("elsewhere", file), 0);
    else if (strcmp(before, "dir") == 0)
        ck_assert_int_eq(g_mkdir(file, 0755), 0);
    else if (strcmp(before, "mark") == 0)
        ck_assert(g_file_set_contents(file, aqr_setup_mark, -1, NULL));
    else
        ck_assert(g_file_set_contents(file, strcmp(before, "same") == 0 ? text : before, -1, NULL));
}

START_TEST(writes_only_its_own_files)
{
    char *root = test_make_dir();
    g_autofree char *file = g_build_filename(root, FILE_PATH, NULL);
    g_autofree char *elsewhere = g_build_filename(root, "/etc/x.d/elsewhere", NULL);
    g_autofree char *text = NULL, *after = NULL;
    AqrSetupStep step = file_step(&text);
    gboolean touched, followed;

    prepare(file, files[_i].before, text);
    ck_assert_int_eq(apply(&step, root, TRUE, NULL), files[_i].dry);
    touched = files[_i].before == NULL && g_file_test(root, G_FILE_TEST_EXISTS) &&
              g_file_test(file, G_FILE_TEST_EXISTS);
    ck_assert_int_eq(apply(&step, root, FALSE, NULL), files[_i].done);
    g_file_get_contents(file, &after, NULL, NULL);
    if (files[_i].done == AQR_STEP_DONE)
        ck_assert_int_eq(apply(&step, root, FALSE, NULL), AQR_STEP_SAME);
    followed = g_file_test(elsewhere, G_FILE_TEST_EXISTS);
    test_remove_dir(root);
    ck_assert(!touched && !followed);
    ck_assert_pstr_eq(after, g_strcmp0(files[_i].after, "new") == 0 ? text : files[_i].after);
}
END_TEST

START_TEST(makes_a_directory_once)
{
    char *root = test_make_dir();
    g_autofree char *dir = g_build_filename(root, "/run/lock/rocm-gpu", NULL);
    AqrSetupStep step = { .id = "x",
                          .kind = AQR_STEP_DIRECTORY,
                          .title = (char *)"make",
                          .path = (char *)"/run/lock/rocm-gpu",
                          .mode = 01777 };
    GStatBuf status;
    gboolean dry;

    ck_assert_int_eq(apply(&step, root, TRUE, NULL), AQR_STEP_WOULD);
    dry = g_file_test(dir, G_FILE_TEST_EXISTS);
    ck_assert_int_eq(apply(&step, root, FALSE, NULL), AQR_STEP_DONE);
    ck_assert_int_eq(apply(&step, root, FALSE, NULL), AQR_STEP_SAME);
    ck_assert_int_eq(g_stat(dir, &status), 0);
    g_rmdir(dir);
    ck_assert_int_eq(symlink("/", dir), 0);
    ck_assert_int_eq(apply(&step, root, FALSE, NULL), AQR_STEP_FAILED);
    test_remove_dir(root);
    ck_assert(!dry);
    ck_assert_uint_eq(status.st_mode & 07777, 01777);
}
END_TEST

static const struct {
    const char *argv;
    gboolean dry_run;
    AqrStepResult result;
    const char *why; /* a part of it */
} commands[] = {
    { "true", FALSE, AQR_STEP_DONE, NULL },
    { "false", FALSE, AQR_STEP_FAILED, "cannot run it: " },
    { "false", TRUE, AQR_STEP_WOULD, NULL },
    { "ls /nonexistent", FALSE, AQR_STEP_FAILED, "/nonexistent" },
    { "no-such-program", FALSE, AQR_STEP_FAILED, "no-such-program: not installed" },
    { "no-such-program", TRUE, AQR_STEP_FAILED, "not installed" },
};

START_TEST(runs_commands)
{
    g_auto(GStrv) argv = g_strsplit(commands[_i].argv, " ", -1);
    AqrSetupStep step = {
        .id = "x", .kind = AQR_STEP_COMMAND, .title = (char *)"run it", .argv = argv
    };
    g_autofree char *why = NULL;

    ck_assert_int_eq(apply(&step, "/", commands[_i].dry_run, &why), commands[_i].result);
    if (commands[_i].why != NULL)
        ck_assert_msg(strstr(why, commands[_i].why) != NULL, "%s", why);
}
END_TEST

/* Does what is planned for a bare host, but for users and udev. */
START_TEST(sets_a_host_up)
{
    char *root = test_make_dir();
    g_autoptr(AqrHostFacts) facts = fake_host_new_bare();
    g_autoptr(GPtrArray) steps = aqr_setup_plan_make(facts);
    const AqrSetupPlace place = { .root = root };
    g_autoptr(GPtrArray) reports = aqr_setup_apply(steps, &place);
    g_autofree char *limits =
        g_build_filename(root, "/etc/security/limits.d/rocm-qemu-rocky.conf", NULL);
    g_autofree char *text = NULL;
    GStatBuf status;

    ck_assert(g_file_get_contents(limits, &text, NULL, NULL));
    ck_assert_int_eq(g_stat(limits, &status), 0);
    test_remove_dir(root);
    ck_assert_uint_eq(reports->len, steps->len);
    for (guint i = 0; i < reports->len; i++) {
        const AqrStepReport *report = g_ptr_array_index(reports, i);

        ck_assert_int_eq(report->result, AQR_STEP_DONE);
    }
    ck_assert(g_str_has_suffix(text, "\nrocky - memlock unlimited\n"));
    ck_assert_uint_eq(status.st_mode & 0777, 0644);
}
END_TEST

void
add_tests(TCase *tcase)
{
    umask(022);
    tcase_add_loop_test(tcase, writes_only_its_own_files, 0, G_N_ELEMENTS(files));
    tcase_add_test(tcase, makes_a_directory_once);
    tcase_add_loop_test(tcase, runs_commands, 0, G_N_ELEMENTS(commands));
    tcase_add_test(tcase, sets_a_host_up);
}
