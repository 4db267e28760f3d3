/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The line is run for real, with the guest's paths moved into a directory. */
#include "core/agent-bootstrap.h"

#include <glib/gstdio.h>
#include <string.h>

#include "core/link-wire.h"
#include "support/check-main.h"
#include "support/data.h"

#define NONCE "0123456789abcdef"
#define LONGEST_LINE 4095 /* a terminal's in canonical mode: n_tty(4) */

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

/* Runs @argv in the directory; its stdout, and its exit status. */
static char *
run(const char *const *argv, int *status)
{
    char *output = NULL;

    ck_assert(g_spawn_sync(dir, (char **)argv, NULL,
                           G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output,
                           NULL, status, NULL));
    return output;
}

static void
write_file(const char *name, const char *bytes, gsize length, int mode)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);
    g_autofree char *parent = g_path_get_dirname(path);

    ck_assert_int_eq(g_mkdir_with_parents(parent, 0700), 0);
    ck_assert(g_file_set_contents_full(path, bytes, (gssize)length, G_FILE_SET_CONTENTS_NONE, mode,
                                       NULL));
}

/* --- the line ------------------------------------------------------------ */

static const char *const shells[] = { "dash", "bash" };

START_TEST(is_one_short_line)
{
    g_autofree char *line = aqr_agent_bootstrap_line(G_MAXUINT32, NONCE);

    ck_assert_uint_lt(strlen(line), LONGEST_LINE);
    ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    ck_assert_ptr_null(strchr(line, '\t')); /* a shell would complete at it */
    ck_assert_ptr_null(strstr(line, AQR_BOOTSTRAP_FAILED));
    ck_assert_int_eq(line[0], ' '); /* not kept in the history */
}
END_TEST

START_TEST(has_syntax)
{
    g_autofree char *line = aqr_agent_bootstrap_line(1000, NONCE);
    const char *argv[] = { shells[_i], "-n", "-c", line, NULL };
    g_autofree char *output = NULL;
    int status = -1;

    output = run(argv, &status);
    ck_assert_str_eq(output, "");
    ck_assert_int_eq(status, 0);
}
END_TEST

/* --- what it does ---------------------------------------------------------- */

typedef struct {
    const char *what;
    const char *port_name; /* in sysfs */
    gboolean no_port;      /* sysfs has it, /dev does not */
    gboolean no_place;     /* no directory for the agent */
    int systemd;           /* what systemd-run ends with; NO_SYSTEMD */
    int agent;             /* what the agent ends with */
    const char *started;   /* with what; NULL: not */
    const char *says;
} Row;

#define NO_SYSTEMD (-1)
#define UNIT                                                         \
    "systemd-run -q -u rocm-testbed-agent-" NONCE                    \
    " -p Type=exec -p DefaultDependencies=no -p IgnoreOnIsolate=yes" \
    " -p OOMPolicy=continue "                                        \
    "place/.rocm-testbed-agent "                                     \
    "dev/vport1p1 " NONCE "\n"
#define AGENT "agent --background dev/vport1p1 " NONCE "\n"

static const Row rows[] = {
    { "without systemd", AQR_WIRE_PORT, FALSE, FALSE, NO_SYSTEMD, 0, AGENT, "" },
    { "as a unit", AQR_WIRE_PORT, FALSE, FALSE, 0, 0, UNIT, "" },
    { "systemd refuses", AQR_WIRE_PORT, FALSE, FALSE, 1, 0, UNIT AGENT, "" },
    { "no port", NULL, FALSE, FALSE, NO_SYSTEMD, 0, NULL, "aqr-failed: no virtio-serial port\n" },
    { "another's port", "org.qemu.guest_agent.0", FALSE, FALSE, NO_SYSTEMD, 0, NULL,
      "aqr-failed: no virtio-serial port\n" },
    { "no device", AQR_WIRE_PORT, TRUE, FALSE, NO_SYSTEMD, 0, NULL,
      "aqr-failed: the agent did not arrive\n" },
    { "no place", AQR_WIRE_PORT, FALSE, TRUE, NO_SYSTEMD, 0, NULL,
      "aqr-failed: no directory for programs\n" },
    { "it fails", AQR_WIRE_PORT, FALSE, FALSE, NO_SYSTEMD, 1, AGENT,
      "aqr-failed: the agent does not start\n" },
};

static char *
make_agent(const Row *row)
{
    return g_strdup_printf("#!/bin/sh\necho \"agent $*\" >>started\nexit %d\n", row->agent);
}

/* What an earlier agent left, the mark, the agent, and what is for the agent. */
static void
write_port(const char *agent)
{
    static const char left[] =
        "\x01\xff garbage\0 $(touch evil)\n" NONCE "x\nhalf a line\n" NONCE "\n";
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)left, sizeof left - 1);
    g_byte_array_append(bytes, (const guint8 *)agent, (guint)strlen(agent));
    g_byte_array_append(bytes, (const guint8 *)"\0frame\n", 7);
    write_file("dev/vport1p1", (const char *)bytes->data, bytes->len, 0600);
}

static void
write_guest(const Row *row, const char *agent)
{
    g_autofree char *systemd_run =
        g_strdup_printf("#!/bin/sh\necho \"systemd-run $*\" >>started\nexit %d\n", row->systemd);
    g_autofree char *name = g_strconcat(row->port_name == NULL ? "" : row->port_name, "\n", NULL);

    write_file("ports/vport0p1/name", "com.redhat.spice.0\n", 19, 0600);
    if (row->port_name != NULL)
        write_file("ports/vport1p1/name", name, strlen(name), 0600);
    if (!row->no_port)
        write_port(agent);
    if (!row->no_place)
        write_file("place/other", "", 0, 0600);
    if (row->systemd != NO_SYSTEMD)
        write_file("systemd/unit", "", 0, 0600);
    write_file("bin/systemd-run", systemd_run, strlen(systemd_run), 0700);
}

/* (transfer full): @line with the guest's paths in the directory. */
static char *
move_paths(const char *line)
{
    static const char *const moves[][2] = {
        { "/run/systemd/system", "systemd" },
        { "/sys/class/virtio-ports", "ports" },
        { "port=/dev/", "port=dev/" },
        { " in /run /dev/shm /var/tmp /root /tmp;", " in nowhere place;" },
    };
    g_autoptr(GString) moved = g_string_new("PATH=bin:$PATH;");

    g_string_append(moved, line);
    for (gsize i = 0; i < G_N_ELEMENTS(moves); i++)
        ck_assert_uint_eq(g_string_replace(moved, moves[i][0], moves[i][1], 0), 1);
    return g_string_free(g_steal_pointer(&moved), FALSE);
}

/* All of it, and nothing of what came behind it. */
static void
ck_assert_arrived(const char *agent)
{
    g_autofree char *path = g_build_filename(dir, "place/.rocm-testbed-agent", NULL);
    g_autofree char *text = NULL;
    gsize length;

    ck_assert(g_file_get_contents(path, &text, &length, NULL));
    ck_assert_uint_eq(length, strlen(agent));
    ck_assert_str_eq(text, agent);
}

START_TEST(brings_agent)
{
    const Row *row = &rows[_i / 2];
    g_autofree char *agent = make_agent(row);
    g_autofree char *line = aqr_agent_bootstrap_line(strlen(agent), NONCE);
    g_autofree char *moved = move_paths(line);
    const char *argv[] = { shells[_i % 2], "-c", moved, NULL };
    g_autofree char *started_path = g_build_filename(dir, "started", NULL);
    g_autofree char *evil = g_build_filename(dir, "evil", NULL);
    g_autofree char *started = NULL, *says = NULL;
    int status;

    write_guest(row, agent);
    says = run(argv, &status);
    g_file_get_contents(started_path, &started, NULL, NULL);
    ck_assert_str_eq(says, row->says);
    ck_assert_pstr_eq(started, row->started);
    if (row->started != NULL)
        ck_assert_arrived(agent);
    ck_assert(!g_file_test(evil, G_FILE_TEST_EXISTS));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, is_one_short_line);
    tcase_add_loop_test(tcase, has_syntax, 0, G_N_ELEMENTS(shells));
    tcase_add_loop_test(tcase, brings_agent, 0, 2 * G_N_ELEMENTS(rows));
}
