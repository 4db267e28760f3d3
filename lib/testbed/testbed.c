/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/testbed.h"

#include <string.h>

#include "base/error.h"
#include "testbed/bring-up.h"
#include "testbed/guest-setup.h"

#define SHORT_TIMEOUT (100 * G_TIME_SPAN_SECOND) /* autopkgtest's own, for small commands */

struct AqrTestbed {
    const AqrWorld *world;
    gpointer data;
    gint64 copy_timeout;
    gboolean open;
    gboolean took_gpus;
    char *scratch;     /* NULL before the first open */
    char *suggested;   /* NULL: the first that the guest has */
    char *normal_user; /* NULL: the guest has none */
    char *time_zone;   /* NULL: the guest keeps its own */
    gboolean has_gpus;
};

AqrTestbed *
aqr_testbed_new(const AqrWorld *world, gpointer data, gint64 copy_timeout)
{
    AqrTestbed *testbed = g_new0(AqrTestbed, 1);

    testbed->world = world;
    testbed->data = data;
    testbed->copy_timeout = copy_timeout;
    return testbed;
}

void
aqr_testbed_free(AqrTestbed *testbed)
{
    if (testbed == NULL)
        return;
    aqr_testbed_close(testbed);
    g_free(testbed->scratch);
    g_free(testbed->suggested);
    g_free(testbed->normal_user);
    g_free(testbed->time_zone);
    g_free(testbed);
}

void
aqr_testbed_suggest_user(AqrTestbed *testbed, const char *user)
{
    g_free(testbed->suggested);
    testbed->suggested = g_strdup(user);
}

void
aqr_testbed_set_time_zone(AqrTestbed *testbed, const char *zone)
{
    g_free(testbed->time_zone);
    testbed->time_zone = g_strdup(zone);
}

void
aqr_testbed_set_gpus(AqrTestbed *testbed)
{
    testbed->has_gpus = TRUE;
}

/* --- what is told of it ------------------------------------------------ */

static void
record_begin(AqrTestbed *testbed, AqrStep step)
{
    testbed->world->record(testbed->data, step, TRUE, NULL);
}

/* @failed: NULL if it did not. Transfer full. */
static gboolean
record_end(AqrTestbed *testbed, AqrStep step, GError *failed, GError **error)
{
    testbed->world->record(testbed->data, step, FALSE, failed);
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, failed);
    return FALSE;
}

/* --- scripts in the guest ---------------------------------------------- */

typedef struct {
    const char *text;
    const char *doing;  /* "cannot ..." */
    gboolean is_a_copy; /* takes as long as one may */
} Script;

/* Makes the scratch directory, $1 if there was one before, and prints its name;
 * then the first ordinary user's. The mode is that of autopkgtest 6.0. */
static const Script prepare = {
    .text = "umask 022\n" AQR_GUEST_RENEW "if [ -n \"$1\" ]; then d=$1; mkdir -p -- \"$d\"; "
            "else d=$(mktemp --directory --tmpdir=/tmp autopkgtest.XXXXXX); fi || exit\n"
            "chmod 777 -- \"$d\" && printf '%s\\n' \"$d\" || exit\n"
            "while IFS=: read -r name _ uid _; do\n"
            "  if [ \"$uid\" -ge 1000 ] && [ \"$uid\" -lt 60000 ]; then echo \"$name\"; break; fi\n"
            "done </etc/passwd\n",
    .doing = "make the scratch directory",
};

/* Where /tmp does not outlast a reboot, these do. */
#define SAVED "autopkgtest-tmpdir.tar"

static const Script save = {
    .text = "for d in /var/cache /home; do [ -w $d ] && break; done\n"
            "tar --warning=none --create --absolute-names --file=$d/" SAVED " \"$1\"\n",
    .doing = "save the scratch directory",
    .is_a_copy = TRUE,
};

static const Script restore = {
    .text = "for f in /var/cache/" SAVED " /home/" SAVED "; do if [ -e $f ]; then\n"
            "  tar --extract --absolute-names --preserve-permissions --file=$f && rm -f $f\n"
            "  exit\n"
            "fi; done; exit 1\n",
    .doing = "restore the scratch directory",
    .is_a_copy = TRUE,
};

/* Somebody in the guest waits for this, and restarts it at once. */
static const Script announce = {
    .text = "rm -f /run/autopkgtest-reboot-prepare-mark\n",
    .doing = "say that the guest may restart",
};

/* The command must have ended before the guest goes down with it. */
static const Script restart = {
    .text = "rm -f /run/autopkgtest-reboot-prepare-mark\n"
            "if [ -d /run/systemd/system ]; then systemctl --no-block reboot; else reboot; fi "
            ">/dev/null 2>&1 &\n",
    .doing = "restart the guest",
};

/* Runs @script with @argument in the guest; it must succeed. */
static gboolean
run_script(AqrTestbed *testbed, const Script *script, const char *argument, char **output,
           GError **error)
{
    const char *const argv[] = { "sh", "-c", script->text, "sh", argument, NULL };
    gint64 timeout = script->is_a_copy ? testbed->copy_timeout : SHORT_TIMEOUT;
    int status;

    if (!testbed->world->run(testbed->data, argv, timeout, output, &status, error))
        return FALSE;
    if (status == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "cannot %s: the command ended with status %d",
                script->doing, status);
    return FALSE;
}

/* --- open, revert, close ----------------------------------------------- */

/* The answer comes from the guest. autopkgtest decodes it once, and splits it at
 * blanks: a word that holds one would become a capability of its own. */
static gboolean
is_plain(const char *word, const char *more)
{
    for (; *word != '\0'; word++) {
        if (!g_ascii_isalnum(*word) && strchr(more, *word) == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean
take_answer(AqrTestbed *testbed, char *answer, GError **error)
{
    g_auto(GStrv) lines = g_strsplit(answer, "\n", -1);

    if (lines[0] == NULL || *lines[0] != '/' || !is_plain(lines[0], "/_.-") ||
        (testbed->scratch != NULL && !g_str_equal(testbed->scratch, lines[0]))) {
        g_autofree char *shown = g_strescape(answer, NULL);

        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "unusable scratch directory \"%s\"", shown);
        return FALSE;
    }
    if (testbed->scratch == NULL)
        testbed->scratch = g_strdup(lines[0]);
    g_free(testbed->normal_user);
    testbed->normal_user = g_strdup(testbed->suggested);
    if (testbed->normal_user == NULL && lines[1] != NULL && *lines[1] != '\0' && *lines[1] != '-' &&
        is_plain(lines[1], "_.-"))
        testbed->normal_user = g_strdup(lines[1]);
    return TRUE;
}

static gboolean
prepare_guest(gpointer data, GError **error)
{
    AqrTestbed *testbed = data;
    g_autofree char *answer = NULL;

    if (!run_script(testbed, &prepare, testbed->scratch == NULL ? "" : testbed->scratch, &answer,
                    error) ||
        !take_answer(testbed, answer, error))
        return FALSE;
    if (testbed->has_gpus)
        aqr_guest_setup_gpu_reports(testbed->world, testbed->data);
    if (testbed->has_gpus && testbed->normal_user != NULL)
        aqr_guest_setup_gpu_user(testbed->world, testbed->data, testbed->normal_user);
    return TRUE;
}

static gboolean
start(AqrTestbed *testbed, GError **error)
{
    const AqrBringUp what = {
        .world = testbed->world,
        .data = testbed->data,
        .time_zone = testbed->time_zone,
        .has_gpus = testbed->has_gpus,
        .prepare = prepare_guest,
        .user = testbed,
    };

    return aqr_bring_up(&what, &testbed->open, error);
}

static gboolean
open_anew(AqrTestbed *testbed, const char **scratch, GError **error)
{
    testbed->took_gpus = testbed->took_gpus || testbed->world->take_gpus(testbed->data, error);
    if (!testbed->took_gpus)
        return FALSE;
    if (!start(testbed, error)) {
        aqr_testbed_close(testbed);
        return FALSE;
    }
    *scratch = testbed->scratch;
    return TRUE;
}

gboolean
aqr_testbed_open(AqrTestbed *testbed, const char **scratch, GError **error)
{
    GError *failed = NULL;

    record_begin(testbed, AQR_STEP_OPEN);
    open_anew(testbed, scratch, &failed);
    return record_end(testbed, AQR_STEP_OPEN, failed, error);
}

static void
stop(AqrTestbed *testbed)
{
    if (!testbed->open)
        return;
    testbed->open = FALSE;
    testbed->world->stop(testbed->data, TRUE);
}

/* The GPUs stay its own meanwhile: who waits for one gets it when the tests are done. */
gboolean
aqr_testbed_revert(AqrTestbed *testbed, const char **scratch, GError **error)
{
    GError *failed = NULL;

    record_begin(testbed, AQR_STEP_REVERT);
    stop(testbed);
    open_anew(testbed, scratch, &failed);
    return record_end(testbed, AQR_STEP_REVERT, failed, error);
}

void
aqr_testbed_close(AqrTestbed *testbed)
{
    if (!testbed->open && !testbed->took_gpus)
        return;
    record_begin(testbed, AQR_STEP_CLOSE);
    stop(testbed);
    if (testbed->took_gpus)
        testbed->world->give_gpus_back(testbed->data);
    testbed->took_gpus = FALSE;
    record_end(testbed, AQR_STEP_CLOSE, NULL, NULL);
}

/* --- while it is open -------------------------------------------------- */

static gboolean
reboot(AqrTestbed *testbed, gboolean prepare_only, GError **error)
{
    if (!testbed->world->expect_reboot(testbed->data, error) ||
        !run_script(testbed, &save, testbed->scratch, NULL, error))
        return FALSE;
    if (prepare_only) /* it may take the command with it: whether it restarts will be seen */
        run_script(testbed, &announce, "", NULL, NULL);
    else if (!run_script(testbed, &restart, "", NULL, error))
        return FALSE;
    return testbed->world->wait_reboot(testbed->data, error) &&
           testbed->world->wait_guest(testbed->data, error) &&
           testbed->world->furnish(testbed->data, error) &&
           testbed->world->wait_gpus(testbed->data, error) &&
           run_script(testbed, &restore, "", NULL, error);
}

gboolean
aqr_testbed_reboot(AqrTestbed *testbed, gboolean prepare_only, GError **error)
{
    GError *failed = NULL;

    record_begin(testbed, AQR_STEP_REBOOT);
    reboot(testbed, prepare_only, &failed);
    return record_end(testbed, AQR_STEP_REBOOT, failed, error);
}

gboolean
aqr_testbed_follow(AqrTestbed *testbed, GError **error)
{
    GError *failed = NULL;

    record_begin(testbed, AQR_STEP_REBOOT);
    if (testbed->world->wait_guest(testbed->data, &failed) &&
        testbed->world->furnish(testbed->data, &failed))
        testbed->world->wait_gpus(testbed->data, &failed);
    return record_end(testbed, AQR_STEP_REBOOT, failed, error);
}

/* There are many, and those that are done tell nothing. */
gboolean
aqr_testbed_copy(AqrTestbed *testbed, const AqrCopy *copy, AqrCopyResult *result, GError **error)
{
    GError *failed = NULL;

    return testbed->world->copy(testbed->data, copy, testbed->copy_timeout, result, &failed) ||
           record_end(testbed, AQR_STEP_COPY, failed, error);
}

const char *const *
aqr_testbed_exec_argv(AqrTestbed *testbed)
{
    return testbed->world->exec_argv(testbed->data);
}

gboolean
aqr_testbed_shell(AqrTestbed *testbed, const char *dir, const char *const *environment,
                  GError **error)
{
    /* A guest has the terminals of ncurses-base; of others its programs would complain. */
    static const char *const shell[] = {
        "sh",
        "-c",
        "command -v tput >/dev/null && ! tput -T \"$TERM\" longname >/dev/null 2>&1 && TERM=xterm; "
        "cd -- \"$1\"; exec \"$(command -v bash || command -v sh)\" -i",
        "sh",
    };
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    const char *term = g_getenv("TERM");
    g_autofree char *terminal = g_strconcat("TERM=", term == NULL ? "dumb" : term, NULL);
    g_auto(GStrv) argv = NULL;

    g_strv_builder_add(builder, "env");
    g_strv_builder_add(builder, terminal);
    g_strv_builder_addv(builder, (const char **)environment);
    for (gsize i = 0; i < G_N_ELEMENTS(shell); i++)
        g_strv_builder_add(builder, shell[i]);
    g_strv_builder_add(builder, dir);
    argv = g_strv_builder_end(builder);
    testbed->world->tell_access(testbed->data, testbed->normal_user);
    return testbed->world->shell(testbed->data, (const char *const *)argv, error);
}

void
aqr_testbed_explain(AqrTestbed *testbed)
{
    testbed->world->explain(testbed->data);
}

GStrv
aqr_testbed_capabilities(const AqrTestbed *testbed)
{
    static const char *const fixed[] = { "isolation-machine", "reboot", "revert",
                                         "revert-full-system", "root-on-testbed" };
    g_autoptr(GStrvBuilder) capabilities = g_strv_builder_new();

    for (gsize i = 0; i < G_N_ELEMENTS(fixed); i++)
        g_strv_builder_add(capabilities, fixed[i]);
    if (testbed->normal_user != NULL) {
        g_autofree char *user = g_strconcat("suggested-normal-user=", testbed->normal_user, NULL);

        g_strv_builder_add(capabilities, user);
    }
    return g_strv_builder_end(capabilities);
}
