/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The guest's user gets into render and video: the real script, in the shells that guests
 * have, over an /etc of the test's own. */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"
#include "testbed/guest-setup.h"

#define PASSWD                                 \
    "root:x:0:0:root:/root:/bin/bash\n"        \
    "debci:x:1000:1000::/home/debci:/bin/sh\n" \
    "debci2:x:1001:44::/home/debci2:/bin/sh\n" \
    "d.x:x:1002:1002::/home/d:/bin/sh\n"

static const struct {
    const char *user;
    const char *group;
    const char *then;  /* what is in /etc/group */
    const char *asked; /* of usermod, where there is one */
    const char *note;  /* how it ends; NULL: none */
} rows[] = {
    { "debci", "render:x:104:\nvideo:x:44:\n", "render:x:104:debci\nvideo:x:44:debci\n",
      "-a -G render -- debci\n-a -G video -- debci\n", NULL },
    { "debci", "video:x:44:a,debci2\nxrender:x:1:\nrender:x:104:b\n",
      "video:x:44:a,debci2,debci\nxrender:x:1:\nrender:x:104:b,debci\n",
      "-a -G video -- debci\n-a -G render -- debci\n", NULL },
    { "debci", "render:x:104:a,debci,b\nvideo:x:44:debci\n",
      "render:x:104:a,debci,b\nvideo:x:44:debci\n", "", NULL },
    { "debci2", "render:x:104:debci2\nvideo:x:44:\n", "render:x:104:debci2\nvideo:x:44:\n", "",
      NULL }, /* his primary group */
    { "d.x", "render:x:104:dax\n", "render:x:104:dax,d.x\n", "-a -G render -- d.x\n", NULL },
    { "debci", "users:x:100:\n", "users:x:100:\n", "", NULL },
    { "root", "render:x:104:\n", "render:x:104:\n", "", NULL },
    { "nobody-here", "render:x:104:\n", "render:x:104:\n", "", ": there is no such user\n" },
};

static const char *const shells[][2] = { { "/bin/dash" }, { "/bin/busybox", "sh" } };

static char *dir;
static const char *const *shell;
static GString *notes;

static char *
path_of(const char *name)
{
    return g_build_filename(dir, name, NULL);
}

/* The guest is this machine, with another /etc, and no tools but those in bin/. */
static gboolean
run(G_GNUC_UNUSED gpointer data, const char *const *argv, G_GNUC_UNUSED gint64 timeout,
    char **output, int *status, GError **error)
{
    g_autofree char *bin = path_of("bin");
    g_auto(GStrv) environment = g_environ_setenv(g_get_environ(), "PATH", bin, TRUE);
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    gboolean done;

    for (int i = 0; i < 2 && shell[i] != NULL; i++)
        g_ptr_array_add(words, (char *)shell[i]);
    for (argv++; *argv != NULL; argv++)
        g_ptr_array_add(words, g_str_equal(*argv, "/etc") ? dir : (char *)*argv);
    g_ptr_array_add(words, NULL);
    done = g_spawn_sync(NULL, (char **)words->pdata, environment, G_SPAWN_DEFAULT, NULL, NULL,
                        output, NULL, status, error);
    ck_assert(done);
    return done;
}

static void
note(G_GNUC_UNUSED gpointer data, const char *text)
{
    g_string_append(notes, text);
}

static const AqrWorld world = { .run = run, .note = note };

static void
write_file(const char *name, const char *text)
{
    g_autofree char *path = path_of(name);

    ck_assert(g_file_set_contents(path, text, -1, NULL));
}

static void
ck_assert_file(const char *name, const char *wanted)
{
    g_autofree char *path = path_of(name);
    g_autofree char *text = NULL;

    g_file_get_contents(path, &text, NULL, NULL);
    ck_assert_str_eq(text == NULL ? "" : text, wanted);
}

static void
grant(int row)
{
    shell = shells[row % 2];
    write_file("passwd", PASSWD);
    write_file("group", rows[row / 2].group);
    aqr_guest_setup_gpu_user(&world, NULL, rows[row / 2].user);
    if (rows[row / 2].note == NULL)
        ck_assert_str_eq(notes->str, "");
    else
        ck_assert_msg(g_str_has_suffix(notes->str, rows[row / 2].note), "%s", notes->str);
}

START_TEST(grants_by_hand)
{
    grant(_i);
    ck_assert_file("group", rows[_i / 2].then);
}
END_TEST

START_TEST(grants_by_usermod)
{
    g_autofree char *path = path_of("bin/usermod");
    g_autofree char *script = g_strdup_printf("#!/bin/sh\necho \"$*\" >>%s/asked\n", dir);

    write_file("bin/usermod", script);
    ck_assert_int_eq(g_chmod(path, 0755), 0);
    grant(_i);
    ck_assert_file("asked", rows[_i / 2].asked);
    ck_assert_file("group", rows[_i / 2].group);
}
END_TEST

/* Its words are noted. */
START_TEST(notes_a_failure)
{
    g_autofree char *path = path_of("bin/usermod");

    write_file("bin/usermod", "#!/bin/sh\necho usermod: read-only >&2\nexit 10\n");
    ck_assert_int_eq(g_chmod(path, 0755), 0);
    shell = shells[_i];
    write_file("passwd", PASSWD);
    write_file("group", "render:x:104:\n");
    aqr_guest_setup_gpu_user(&world, NULL, "debci");
    ck_assert_str_eq(notes->str,
                     "cannot put \"debci\" into the guest's groups render and video, so "
                     "only root may use its GPUs: usermod: read-only\n");
}
END_TEST

static void
set_up(void)
{
    g_autofree char *bin = NULL, *sed = NULL;

    dir = test_make_dir();
    bin = path_of("bin");
    sed = path_of("bin/sed");
    ck_assert_int_eq(g_mkdir(bin, 0755), 0);
    ck_assert_int_eq(symlink("/bin/busybox", sed), 0);
    notes = g_string_new(NULL);
}

static void
tear_down(void)
{
    g_string_free(notes, TRUE);
    test_remove_dir(dir);
}

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, grants_by_hand, 0, 2 * G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, grants_by_usermod, 0, 2 * G_N_ELEMENTS(rows));
    tcase_add_loop_test(tcase, notes_a_failure, 0, G_N_ELEMENTS(shells));
}
