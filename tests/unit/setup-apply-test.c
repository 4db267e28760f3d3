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

static const struct {
    const char *before; /* as above */
    AqrStepResult dry, done;
} removals[] = {
    { NULL, AQR_STEP_SAME, AQR_STEP_SAME },
    { "mark", AQR_STEP_WOULD, AQR_STEP_DONE },
    { "somebody's\n", AQR_STEP_FAILED, AQR_STEP_FAILED },
    { "link", AQR_STEP_FAILED, AQR_STEP_FAILED },
    { "dir", AQR_STEP_FAILED, AQR_STEP_FAILED },
};

START_TEST(removes_only_its_own_files)
{
    char *root = test_make_dir();
    g_autofree char *file = g_build_filename(root, FILE_PATH, NULL);
    AqrSetupStep step = {
        .id = "x", .kind = AQR_STEP_REMOVAL, .title = (char *)"remove", .path = (char *)FILE_PATH
    };
    AqrStepResult dry, done;
    GStatBuf status;
    gboolean is_left;

    prepare(file, removals[_i].before, NULL);
    dry = apply(&step, root, TRUE, NULL);
    done = apply(&step, root, FALSE, NULL);
    is_left = g_lstat(file, &status) == 0;
    test_remove_dir(root);
    ck_assert_int_eq(dry, removals[_i].dry);
    ck_assert_int_eq(done, removals[_i].done);
    ck_assert_int_eq(is_left, removals[_i].done == AQR_STEP_FAILED);
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

/* A secret: its mode and group are what they shall be before its text is there. */
static const struct {
    const char *group;
    guint32 before; /* the mode; 0: no file */
    AqrStepResult result;
} modes[] = {
    { NULL, 0, AQR_STEP_DONE },    { NULL, 0640, AQR_STEP_SAME },
    { NULL, 0644, AQR_STEP_DONE }, { "no-such-group", 0, AQR_STEP_FAILED },
    { "root", 0, AQR_STEP_DONE }, /* as root */
};

START_TEST(keeps_a_secret)
{
    char *root = test_make_dir();
    g_autofree char *file = g_build_filename(root, FILE_PATH, NULL);
    g_autofree char *text = NULL;
    AqrSetupStep step = file_step(&text);
    AqrStepResult dry, done;
    GStatBuf status = { 0 };
    gboolean may = modes[_i].group == NULL || geteuid() == 0 || modes[_i].result != AQR_STEP_DONE;

    step.mode = 0640;
    step.group = modes[_i].group;
    prepare(file, modes[_i].before == 0 ? NULL : "same", text);
    if (modes[_i].before != 0)
        ck_assert_int_eq(g_chmod(file, (int)modes[_i].before), 0);
    dry = apply(&step, root, TRUE, NULL);
    done = apply(&step, root, FALSE, NULL);
    if (done != AQR_STEP_FAILED)
        ck_assert_int_eq(g_stat(file, &status), 0);
    test_remove_dir(root);
    if (!may)
        return;
    ck_assert_int_eq(done, modes[_i].result);
    ck_assert_int_eq(dry, done == AQR_STEP_DONE ? AQR_STEP_WOULD : done);
    ck_assert_uint_eq(status.st_mode & 07777, done == AQR_STEP_FAILED ? 0 : 0640);
}
END_TEST

/* Somebody else may have made it; only root can give it away. */
START_TEST(gives_a_directory_away)
{
    char *root = test_make_dir();
    g_autofree char *dir = g_build_filename(root, "/images", NULL);
    AqrSetupStep step = { .id = "x",
                          .kind = AQR_STEP_DIRECTORY,
                          .title = (char *)"make",
                          .path = (char *)"/images",
                          .mode = 0755,
                          .user = "daemon",
                          .group = "daemon" };
    AqrStepResult first, second, third;
    GStatBuf status = { 0 };

    if (geteuid() != 0) {
        test_remove_dir(root);
        return;
    }
    ck_assert_int_eq(g_mkdir(dir, 0700), 0);
    first = apply(&step, root, TRUE, NULL);
    second = apply(&step, root, FALSE, NULL);
    third = apply(&step, root, FALSE, NULL);
    g_stat(dir, &status);
    test_remove_dir(root);
    ck_assert_int_eq(first, AQR_STEP_WOULD);
    ck_assert_int_eq(second, AQR_STEP_DONE);
    ck_assert_int_eq(third, AQR_STEP_SAME);
    ck_assert_uint_eq(status.st_uid, 1);
    ck_assert_uint_eq(status.st_mode & 07777, 0700); /* the mode was its maker's to choose */
}
END_TEST

void
add_tests(TCase *tcase)
{
    umask(022);
    tcase_add_loop_test(tcase, writes_only_its_own_files, 0, G_N_ELEMENTS(files));
    tcase_add_loop_test(tcase, removes_only_its_own_files, 0, G_N_ELEMENTS(removals));
    tcase_add_test(tcase, makes_a_directory_once);
    tcase_add_loop_test(tcase, keeps_a_secret, 0, G_N_ELEMENTS(modes));
    tcase_add_test(tcase, gives_a_directory_away);
    tcase_add_loop_test(tcase, runs_commands, 0, G_N_ELEMENTS(commands));
    tcase_add_test(tcase, sets_a_host_up);
}
