/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The script that an image is asked by, run by the shells that guests have, over trees of
 * files, and with programs that say what these trees' programs would: what it makes of that is in
 * golden/image-script-NAME.txt. */
#include <glib/gstdio.h>
#include <unistd.h>

#include "core/image-facts.h"
#include "support/check-main.h"
#include "support/data.h"

static char *dir;

/* The names begin at the tree's root; "bin" is the one of the programs. */
typedef struct {
    const char *name;
    const char *text; /* NULL: a symbolic link to "target" */
    const char *target;
} File;

static const File bare[] = {
    { "proc/sys/kernel/osrelease", "6.1.0-1-cloud-amd64\n", NULL },
    { "bin/apt-get", "echo 'E: The list of sources could not be read.' >&2; exit 100", NULL },
    { NULL, NULL, NULL },
};

#define CARD "lib/firmware/amdgpu/"

static const File good[] = {
    { "etc/os-release", "PRETTY_NAME=\"Debian 13\"\nID=debian\nVERSION_ID=\"13\"\nHOME=x\n", NULL },
    { "etc/group", "root:x:0:\nvideo:x:44:user\nrender:x:105:user\n", NULL },
    { "proc/sys/kernel/osrelease", "6.12-amd64\n", NULL },
    { "proc/sys/kernel/hostname", "host\n", NULL },
    { "proc/17/comm", "sh\n", NULL },
    { "proc/17/fd/0", NULL, "/dev/hvc1" },
    { "proc/18/comm", "agetty\n", NULL },
    { "proc/18/fd/0", NULL, "/dev/ttyS1" },
    { "proc/19/comm", "sh\n", NULL },
    { "proc/19/fd/0", NULL, "/dev/null" },
    { "sys/firmware/efi/x", "", NULL },
    { "run/systemd/system/x", "", NULL },
    { "lib/modules/6.12-amd64/modules.dep", "kernel/amd/amdgpu/amdgpu.ko.xz:\n", NULL },
    { CARD "sienna_cichlid_rlc.bin", "", NULL },
    { CARD "sienna_cichlid_mec.bin", "", NULL },
    { CARD "raven_kicker_rlc.bin", "", NULL },
    { CARD "gone_rlc.bin", NULL, "nowhere" },
    { "lib/firmware/6.12-amd64/amdgpu/gc_11_0_0_rlc.bin.xz", "", NULL },
    { "lib/firmware/updates/amdgpu/gc_12_0_1_rlc.bin.zst", "", NULL },
    { "usr/sbin/sshd", "", NULL },
    { "var/lib/apt/lists/one_Packages.lz4", "", NULL },
    { "bin/modprobe", "[ \"$*\" = amdgpu ]", NULL },
    { "bin/dpkg", "echo amd64", NULL },
    { "bin/id",
      "case $* in '-nG -- user') echo user video render ;; '-u -- user') echo 1000 ;; *) exit 1 ;; "
      "esac",
      NULL },
    { "bin/systemctl",
      "case $* in is-enabled*) ;; list-units*) echo 'bad.service loaded failed failed Bad' ;; esac",
      NULL },
    { "bin/setpriv", "[ \"$*\" = '--reuid=1000 --regid=65534 --clear-groups dmesg' ]", NULL },
    { "bin/dmesg", "", NULL },
    { "bin/apt-get",
      "case $* in *indextargets*) echo 'Packages /var/lib/apt/lists/one_Packages http://a/ x "
      "main'; "
      "echo 'Translations /t http://a/ x main'; "
      "echo 'Sources /var/lib/apt/lists/two_Sources http://a/ x main' ;; esac",
      NULL },
    { "bin/bash", "", NULL },
    { "bin/su", "", NULL },
    { "bin/tar", "", NULL },
    { "bin/dpkg-source", "", NULL },
    { "bin/dpkg-query", "echo 'package ii  bash 5 amd64'", NULL },
    { "bin/getent", "[ \"$*\" = 'hosts host' ]", NULL },
    { "bin/df", "echo Filesystem; echo '/dev/vda3 6 1 5033164 2% /'", NULL },
    { NULL, NULL, NULL },
};

/* The same, where things go wrong. */
static const File spoilt[] = {
    { "proc/sys/kernel/osrelease", "6.12-amd64\n", NULL },
    { "proc/sys/kernel/hostname", "host\n", NULL },
    { "lib/modules/6.12-amd64/modules.dep", "kernel/amd/amdgpu/amdgpu.ko:\n", NULL },
    { "usr/sbin/sshd", "", NULL },
    { "etc/rc2.d/S01ssh", "", NULL },
    { "bin/modprobe", "echo first >&2; echo 'modprobe: ERROR: no' >&2; exit 1", NULL },
    { "bin/setpriv", "exit 1", NULL },
    { "bin/dmesg", "", NULL },
    { "bin/apt-get",
      "case $* in *indextargets*) ;; *print-uris*) echo \"'http://lists/InRelease' x 0\" ;; "
      "*check) ;; *) echo 'Err:1'; echo 'E: Failed to fetch'; echo 'E: More'; exit 100 ;; esac",
      NULL },
    { "bin/getent", "exit 2", NULL },
    { NULL, NULL, NULL },
};

/* Nothing has been fetched so far. */
static const File fresh[] = {
    { "var/lib/apt/x", "", NULL },
    { "bin/touch", NULL, "/bin/busybox" },
    { "bin/apt-get",
      "x=${0%/bin/apt-get}/list; case $* in "
      "*indextargets*) [ ! -e $x ] || echo 'Packages /list http://a/ x main' ;; "
      "*print-uris*) echo \"'http://a/InRelease' x 0\" ;; *update) touch $x ;; esac",
      NULL },
    { NULL, NULL, NULL },
};

static const struct {
    const char *name;
    const File *files;
} trees[] = { { "good", good }, { "bare", bare }, { "spoilt", spoilt }, { "fresh", fresh } };

static void
make_file(const char *root, const File *file)
{
    g_autofree char *path = g_build_filename(root, file->name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);
    gboolean program = g_str_has_prefix(file->name, "bin/");
    g_autofree char *text = g_strconcat(program ? "#!/bin/busybox sh\n" : "", file->text, NULL);

    ck_assert_int_eq(g_mkdir_with_parents(parent, 0755), 0);
    if (file->text == NULL)
        ck_assert_int_eq(symlink(file->target, path), 0);
    else
        ck_assert(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

/* Nothing of this machine beside these. */
static void
make_tree(const char *root, const File *files)
{
    static const char *const applets[] = { "grep", "ls", "tail", "timeout" };

    for (; files->name != NULL; files++)
        make_file(root, files);
    for (gsize i = 0; i < G_N_ELEMENTS(applets); i++) {
        g_autofree char *path = g_build_filename(root, "bin", applets[i], NULL);

        ck_assert_int_eq(symlink("/bin/busybox", path), 0);
    }
}

static char *
run_script(const char *root, const char *const *shell)
{
    g_autofree char *bin = g_build_filename(root, "bin", NULL);
    const char *const argv[] = { shell[0], shell[1], "-c", aqr_image_facts_script, "sh", root,
                                 "user",   "other",  NULL };
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "PATH", bin, TRUE);
    g_autoptr(GError) error = NULL;
    char *output = NULL;
    int status = -1;

    g_spawn_sync(dir, (char **)argv, environment, G_SPAWN_DEFAULT, NULL, NULL, &output, NULL,
                 &status, &error);
    ck_assert_no_error(error);
    ck_assert_int_eq(status, 0);
    return output;
}

static const char *const shells[][2] = {
    { "/bin/dash", "-u" },
    { "/bin/bash", "--posix" },
    { "/bin/busybox", "sh" },
};

START_TEST(tells_what_an_image_is)
{
    gsize tree = (gsize)_i / G_N_ELEMENTS(shells);
    g_autofree char *wanted = g_strdup_printf("golden/image-script-%s.txt", trees[tree].name);
    g_autofree char *root = g_build_filename(dir, "root", NULL);
    g_autofree char *told = NULL;

    make_tree(root, trees[tree].files);
    told = run_script(root, shells[(gsize)_i % G_N_ELEMENTS(shells)]);
    test_data_compare(wanted, told);
}
END_TEST

static void
set_up(void)
{
    dir = test_make_dir();
}

static void
tear_down(void)
{
    test_remove_dir(dir);
}

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, tells_what_an_image_is, 0,
                        (int)(G_N_ELEMENTS(trees) * G_N_ELEMENTS(shells)));
}
