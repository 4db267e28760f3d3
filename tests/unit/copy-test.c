/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The commands are run for real, with a directory of this host as the guest. */
#include "core/copy.h"

#include <glib/gstdio.h>
#include <sys/stat.h>

#include "support/check-main.h"
#include "support/data.h"

static const struct {
    const char *from, *to;
    gboolean planned, directory;
} plans[] = {
    { "/a", "/b", TRUE, FALSE },   { "/a/", "/b/", TRUE, TRUE },  { "/", "/b/", TRUE, TRUE },
    { "a", "b", TRUE, FALSE }, /* relative ones are the caller's business */
    { "/a", "/b/", FALSE, FALSE }, { "/a/", "/b", FALSE, FALSE }, { "", "/b", FALSE, FALSE },
    { "/a", "", FALSE, FALSE },    { "", "", FALSE, FALSE },      { "", "/b/", FALSE, FALSE },
};

START_TEST(plans_copy)
{
    g_autoptr(GError) error = NULL;
    AqrCopy copy = { .host = "untouched" };
    gboolean down = _i % 2 == 0;
    int row = _i / 2;

    if (!plans[row].planned) {
        ck_assert(!aqr_copy_plan(plans[row].from, plans[row].to, down, &copy, &error));
        ck_assert_error(error, AQR_ERROR_PROTOCOL);
        ck_assert_str_eq(copy.host, "untouched");
        return;
    }
    ck_assert(aqr_copy_plan(plans[row].from, plans[row].to, down, &copy, &error));
    ck_assert_no_error(error);
    ck_assert_int_eq(copy.down, down);
    ck_assert_int_eq(copy.directory, plans[row].directory);
    ck_assert_str_eq(copy.host, down ? plans[row].from : plans[row].to);
    ck_assert_str_eq(copy.guest, down ? plans[row].to : plans[row].from);
    ck_assert(!copy.executable);
}
END_TEST

static const struct {
    AqrCopy copy;
    const char *guest, *host; /* host: NULL for a file */
} commands[] = {
    { { .down = TRUE, .host = "/h", .guest = "/g" }, "sh -c exec cat >\"$1\" sh /g", NULL },
    { { .down = TRUE, .host = "/h", .guest = "/g", .executable = TRUE },
      "sh -c cat >\"$1\" && chmod +x -- \"$1\" sh /g",
      NULL },
    { { .host = "/h", .guest = "/g" }, "sh -c exec cat <\"$1\" sh /g", NULL },
    { { .down = TRUE, .directory = TRUE, .host = "/h/", .guest = "/g/" },
      "sh -c [ -d \"$1\" ] || mkdir -- \"$1\" || exit; cd -- \"$1\" && exec "
      "tar --warning=none --extract --preserve-permissions --no-same-owner "
      "--blocking-factor=256 --file=- sh /g/",
      "tar --warning=none --create --blocking-factor=256 --file=- --directory /h/ ." },
    { { .directory = TRUE, .host = "/h/", .guest = "/g/" },
      "sh -c cd -- \"$1\" && exec tar --warning=none --create "
      "--blocking-factor=256 --file=- . sh /g/",
      "tar --warning=none --extract --preserve-permissions --no-same-owner --file=- --directory "
      "/h/" },
    { { .directory = TRUE, .host = "/h/", .guest = "/g/", .privileged = TRUE },
      "sh -c cd -- \"$1\" && exec tar --warning=none --create --blocking-factor=256 --file=- . sh "
      "/g/",
      "setpriv --bounding-set=-mknod --inh-caps=-mknod tar --warning=none --extract "
      "--preserve-permissions --no-same-owner --file=- --directory /h/" },
};

START_TEST(computes_commands)
{
    g_auto(GStrv) guest = aqr_copy_guest_argv(&commands[_i].copy);
    g_auto(GStrv) host = aqr_copy_host_argv(&commands[_i].copy);

    ck_assert_argv_eq(guest, commands[_i].guest);
    if (commands[_i].host != NULL)
        ck_assert_argv_eq(host, commands[_i].host);
}
END_TEST

/* --- run for real ------------------------------------------------------- */

static char *dir;

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

/* Runs @script in the directory; its exit status. */
static int
shell(const char *script)
{
    const char *argv[] = { "sh", "-c", script, NULL };
    int status = -1;

    ck_assert(g_spawn_sync(dir, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    return g_spawn_check_wait_status(status, NULL) ? 0 : status;
}

static char *
quote_argv(const GStrv argv)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) quoted = NULL;

    for (char **word = argv; *word != NULL; word++) {
        g_autofree char *one = g_shell_quote(*word);

        g_strv_builder_add(builder, one);
    }
    quoted = g_strv_builder_end(builder);
    return g_strjoinv(" ", quoted);
}

/* Does what the testbed does with the plan; the exit status of the guest's end. */
static int
carry_out(AqrCopy *copy)
{
    g_auto(GStrv) guest_argv = aqr_copy_guest_argv(copy);
    g_auto(GStrv) host_argv = aqr_copy_host_argv(copy);
    g_autofree char *guest = quote_argv(guest_argv), *host = quote_argv(host_argv);
    g_autofree char *file = g_shell_quote(copy->host);
    g_autofree char *line = NULL;

    if (copy->directory)
        line = g_strdup_printf("%s | %s", copy->down ? host : guest, copy->down ? guest : host);
    else
        line = g_strdup_printf("%s %s%s", guest, copy->down ? "<" : ">", file);
    return shell(line);
}

static int
copy_between(const char *from, const char *to, gboolean down, gboolean executable)
{
    g_autofree char *source = g_strconcat(dir, "/", from, NULL);
    g_autofree char *target = g_strconcat(dir, "/", to, NULL);
    g_autoptr(GError) error = NULL;
    AqrCopy copy;

    ck_assert(aqr_copy_plan(source, target, down, &copy, &error));
    copy.executable = executable;
    return carry_out(&copy);
}

/* Names that a shell or a program could take for something else. */
static const char *const names[] = { "plain", "two words", "it's",        "-n", "$(touch evil)",
                                     "a\"b",  "new\nline", "gr\xc3\xbcn", "*" };

START_TEST(copies_file)
{
    g_autofree char *target = g_strconcat(dir, "/", names[_i], NULL);
    g_autofree char *text = NULL;

    ck_assert_int_eq(shell("printf 'some\\ntext' >source"), 0);
    ck_assert_int_eq(copy_between("source", names[_i], TRUE, FALSE), 0);
    ck_assert(g_file_get_contents(target, &text, NULL, NULL));
    ck_assert_str_eq(text, "some\ntext");
    ck_assert_int_eq(shell("rm source"), 0);
    ck_assert_int_eq(copy_between(names[_i], "source", FALSE, FALSE), 0);
    ck_assert_int_eq(shell("[ \"$(cat source)\" = \"$(printf 'some\\ntext')\" ]"), 0);
    ck_assert_int_ne(shell("[ -e evil ]"), 0);
}
END_TEST

START_TEST(copies_directory)
{
    g_autofree char *from = g_strconcat(names[_i], "/", NULL);

    ck_assert_int_eq(shell("mkdir source && echo text >source/file"), 0);
    ck_assert_int_eq(copy_between("source/", from, TRUE, FALSE), 0);
    ck_assert_int_eq(shell("mkdir back"), 0);
    ck_assert_int_eq(copy_between(from, "back/", FALSE, FALSE), 0);
    ck_assert_int_eq(shell("[ \"$(cat back/file)\" = text ] && [ ! -e evil ]"), 0);
}
END_TEST

/* What is to be so afterwards, whatever was there before. */
static const struct {
    const char *before;
    const char *from, *to;
    gboolean down, executable;
    const char *after; /* NULL: the copy fails */
} effects[] = {
    { "echo x >s", "s", "t", TRUE, TRUE, "[ -x t ]" },
    { "echo x >s", "s", "t", TRUE, FALSE, "[ ! -x t ] && [ $(stat -c %a t) = 644 ]" },
    { "echo x >s; echo long text >t; chmod 600 t", "s", "t", TRUE, FALSE,
      "[ \"$(cat t)\" = x ] && [ $(stat -c %a t) = 600 ]" },
    { "echo x >s; echo y >real; ln -s real t", "s", "t", TRUE, FALSE,
      "[ -L t ] && [ $(cat real) = x ]" },
    { "echo x >s", "s", "none/t", TRUE, FALSE, NULL },
    { ":", "none", "t", FALSE, FALSE, NULL },
    { "mkdir s t; echo x >s/a; echo old >t/a; echo kept >t/b", "s/", "t/", TRUE, FALSE,
      "[ $(cat t/a) = x ] && [ $(cat t/b) = kept ]" },
    { "mkdir s; ln -s nowhere s/l; echo x >s/a; ln s/a s/b; mkfifo s/f; mkdir s/empty", "s/", "t/",
      TRUE, FALSE,
      "[ $(readlink t/l) = nowhere ] && [ t/a -ef t/b ] && [ -p t/f ] && [ -d t/empty ]" },
    { "mkdir s; echo x >s/a; chmod 4711 s/a; chmod 750 s; touch -d 2001-02-03 s/a s", "s/", "t/",
      TRUE, FALSE,
      "[ $(stat -c %a t/a) = 4711 ] && [ $(stat -c %a t) = 750 ] && "
      "[ $(stat -c %Y t/a) = $(stat -c %Y s/a) ] && [ $(stat -c %Y t) = $(stat -c %Y s) ]" },
    { "mkdir s", "s/", "none/t/", TRUE, FALSE, NULL },
    { "mkdir s; echo x >t", "s/", "t/", TRUE, FALSE, NULL },
    { "mkdir t", "none/", "t/", FALSE, FALSE, NULL },
};

/* Where the guest's end is the pipeline's first, its status is lost: see that
 * nothing arrived. */
START_TEST(has_effect)
{
    int status;

    umask(022);
    ck_assert_int_eq(shell(effects[_i].before), 0);
    status =
        copy_between(effects[_i].from, effects[_i].to, effects[_i].down, effects[_i].executable);
    if (effects[_i].after != NULL) {
        ck_assert_int_eq(status, 0);
        ck_assert_int_eq(shell(effects[_i].after), 0);
    } else {
        ck_assert_int_ne(status, 0);
    }
}
END_TEST

/* Directories are directories then, whatever was there; no link is followed. */
START_TEST(merges)
{
    g_autofree char *from = g_strconcat(dir, "/from", NULL);
    g_autofree char *to = g_strconcat(dir, "/to it's", NULL);
    g_auto(GStrv) argv = aqr_copy_merge_argv(from, to);
    g_autofree char *line = quote_argv(argv);

    ck_assert_int_eq(shell("mkdir -p from/a/b from/c elsewhere \"to it's\" && echo x >from/a/x && "
                           "echo y >from/c/y && echo z >from/z && cd to* && mkdir c && "
                           "touch c/kept && ln -s ../elsewhere a && ln -s ../elsewhere/z z"),
                     0);
    ck_assert_int_eq(shell(line), 0);
    ck_assert_int_eq(shell("cd to* && [ -d a/b ] && [ -f a/x ] && [ -f c/y ] && [ -f c/kept ] && "
                           "[ -f z ] && [ -z \"$(ls ../elsewhere)\" ]"),
                     0);
    ck_assert_int_eq(shell("rm -r from"), 0);
    ck_assert_int_ne(shell(line), 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, plans_copy, 0, 2 * G_N_ELEMENTS(plans));
    tcase_add_loop_test(tcase, computes_commands, 0, G_N_ELEMENTS(commands));
    tcase_add_loop_test(tcase, copies_file, 0, G_N_ELEMENTS(names));
    tcase_add_loop_test(tcase, copies_directory, 0, G_N_ELEMENTS(names));
    tcase_add_test(tcase, merges);
    tcase_add_loop_test(tcase, has_effect, 0, G_N_ELEMENTS(effects));
}
