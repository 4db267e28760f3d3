/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake-world.h"

#include <string.h>

#include "base/error.h"

FakeWorld *
fake_world_new(void)
{
    FakeWorld *world = g_new0(FakeWorld, 1);

    world->asked = g_string_new(NULL);
    world->recorded = g_string_new(NULL);
    world->scratch = FAKE_SCRATCH;
    world->user = "debci";
    return world;
}

void
fake_world_free(FakeWorld *world)
{
    if (world == NULL)
        return;
    g_string_free(world->asked, TRUE);
    g_string_free(world->recorded, TRUE);
    g_free(world);
}

char *
fake_world_take(FakeWorld *world)
{
    char *asked = g_strdup(world->asked->str);

    g_string_truncate(world->asked, 0);
    return asked;
}

/* Writes it down; FALSE when it is what is to fail. */
static gboolean note(FakeWorld *world, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);

static gboolean
note(FakeWorld *world, GError **error, const char *format, ...)
{
    g_autofree char *request = NULL;
    va_list arguments;

    va_start(arguments, format);
    request = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_string_append_printf(world->asked, "%s\n", request);
    if (g_strcmp0(world->fails, request) != 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "the fake fails to %s", request);
    return FALSE;
}

gboolean
fake_world_note(FakeWorld *world, const char *request, GError **error)
{
    return note(world, error, "%s", request);
}

static gboolean
take_gpus(gpointer data, GError **error)
{
    return note(data, error, "take_gpus");
}

static void
give_gpus_back(gpointer data)
{
    note(data, NULL, "give_gpus_back");
}

static gboolean
wait_gpus(gpointer data, GError **error)
{
    return note(data, error, "wait_gpus");
}

static gboolean
start(gpointer data, AqrStart most, AqrStart *how, GError **error)
{
    static const char *const names[] = {
        [AQR_START_COLD] = "start cold",
        [AQR_START_RESTORED] = "start restored",
        [AQR_START_TO_SAVE] = "start",
    };
    FakeWorld *world = data;

    if (!note(world, error, "%s", names[most]))
        return FALSE;
    *how = MIN(most, world->start);
    return TRUE;
}

static gboolean
save(gpointer data, gboolean *ended, GError **error)
{
    FakeWorld *world = data;

    *ended = world->saves;
    if (world->saves) /* and from now on there is a saved one */
        world->start = AQR_START_RESTORED;
    return note(world, error, "save");
}

static gboolean
furnish(gpointer data, GError **error)
{
    return note(data, error, "furnish");
}

static gboolean
plug_gpus(gpointer data, GError **error)
{
    return note(data, error, "plug_gpus");
}

static gboolean
may_boot_instead(gpointer data, gboolean gpus_only, const GError *why)
{
    FakeWorld *world = data;

    note(world, NULL, "may_boot_instead%s: %s", gpus_only ? " for GPUs" : "", why->message);
    if (world->may_boot_instead) /* whatever failed was this VM's fault */
        world->fails = world->fails_next;
    return world->may_boot_instead;
}

static void
had_to_boot(gpointer data, const GError *why)
{
    note(data, NULL, "had_to_boot: %s", why->message);
}

static gboolean
wait_guest(gpointer data, GError **error)
{
    return note(data, error, "wait_guest");
}

/* The testbed's scripts go by what only one of them does. */
static const char *
name_script(const char *script)
{
    static const char *const names[][2] = {
        { "debconf-set-selections", "set-up" },
        { "usermod", "groups" },
        { "dmesg_restrict", "reports" },
        { "mktemp", "prepare" },
        { "^btime", "note" },
        { "tar --warning=none --create", "save" },
        { "tar --extract", "restore" },
        { "systemctl --no-block reboot", "restart" },
        { "rm -f /run/autopkgtest-reboot-prepare-mark", "announce" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strstr(script, names[i][0]) != NULL)
            return names[i][1];
    }
    return "unknown";
}

static gboolean
run(gpointer data, const char *const *argv, gint64 timeout, char **output, int *status,
    GError **error)
{
    FakeWorld *world = data;
    const char *name = name_script(argv[2]);
    const char *argument = argv[4];

    if (!note(world, error, "run %s%s%s (%d s)", name, *argument == '\0' ? "" : " ", argument,
              (int)(timeout / G_TIME_SPAN_SECOND)))
        return FALSE;
    if (output != NULL)
        *output = g_strdup_printf("%s%s%s", *argument == '\0' ? world->scratch : argument,
                                  world->user == NULL ? "" : "\n",
                                  world->user == NULL ? "" : world->user);
    *status = world->status;
    return TRUE;
}

static gboolean
copy(gpointer data, const AqrCopy *what, gint64 timeout, AqrCopyResult *result, GError **error)
{
    note(data, NULL, "copy %s%s %s %s (%d s)", what->directory ? "directory " : "", what->host,
         what->down ? "->" : "<-", what->guest, (int)(timeout / G_TIME_SPAN_SECOND));
    *result = AQR_COPY_DONE;
    if (strstr(what->host, "fails") != NULL)
        *result = AQR_COPY_FAILED;
    if (strstr(what->host, "times-out") != NULL)
        *result = AQR_COPY_TIMED_OUT;
    if (strstr(what->host, "is-lost") == NULL)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GUEST, "the fake was lost");
    return FALSE;
}

static gboolean
expect_reboot(gpointer data, GError **error)
{
    return note(data, error, "expect_reboot");
}

static gboolean
wait_reboot(gpointer data, GError **error)
{
    return note(data, error, "wait_reboot");
}

static const char *const *
exec_argv(G_GNUC_UNUSED gpointer data)
{
    static const char *const argv[] = { "/usr/libexec/fake/exec", "/tmp/a b,%c/exec", NULL };

    return argv;
}

static void
tell_access(gpointer data, const char *user)
{
    note(data, NULL, "tell_access %s", user == NULL ? "root" : user);
}

static void
note_text(gpointer data, const char *text)
{
    note(data, NULL, "note %s", text);
}

static void
record(gpointer data, AqrStep step, gboolean begins, const GError *error)
{
    static const char *const names[] = { "open", "revert", "reboot", "copy", "close" };
    FakeWorld *world = data;

    g_string_append_printf(world->recorded, "%s%s%s%s\n", names[step], begins ? " begins" : "",
                           error == NULL ? "" : ": ", error == NULL ? "" : error->message);
}

static gboolean
shell(gpointer data, const char *const *argv, GError **error)
{
    g_autofree char *joined = g_strjoinv("|", (char **)argv);

    return note(data, error, "shell %s", joined);
}

static void
explain(gpointer data)
{
    note(data, NULL, "explain");
}

static void
stop(gpointer data, gboolean orderly)
{
    note(data, NULL, "stop%s", orderly ? " orderly" : "");
}

const AqrWorld fake_world = {
    .take_gpus = take_gpus,
    .give_gpus_back = give_gpus_back,
    .start = start,
    .wait_guest = wait_guest,
    .save = save,
    .furnish = furnish,
    .plug_gpus = plug_gpus,
    .wait_gpus = wait_gpus,
    .may_boot_instead = may_boot_instead,
    .had_to_boot = had_to_boot,
    .run = run,
    .copy = copy,
    .expect_reboot = expect_reboot,
    .wait_reboot = wait_reboot,
    .exec_argv = exec_argv,
    .tell_access = tell_access,
    .note = note_text,
    .record = record,
    .shell = shell,
    .explain = explain,
    .stop = stop,
};
