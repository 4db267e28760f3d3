/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kept-evidence.h"

#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/check-main.h"
#include "support/data.h"

char *dir;
GString *said;
AqrEvidence *evidence;

static void
say(const char *text, gpointer data)
{
    g_string_append_printf(data, "%s\n", text);
}

AqrEvidence *
new_evidence(const char *parent)
{
    return aqr_evidence_new(parent, say, said);
}

void
set_up_evidence(void)
{
    dir = test_make_dir();
    said = g_string_new(NULL);
    evidence = new_evidence(dir);
}

void
tear_down_evidence(void)
{
    aqr_evidence_free(evidence);
    g_string_free(said, TRUE);
    test_remove_dir(dir);
}

void
tell(const char *name, const char *message)
{
    const AqrEvent event = { .name = name, .message = message };

    aqr_evidence_tell(evidence, &event);
}

char *
read_kept(const char *name)
{
    g_autofree char *path = g_build_filename(dir, "testbed", name, NULL);
    char *text;

    ck_assert_msg(g_file_get_contents(path, &text, NULL, NULL), "%s", path);
    return text;
}

gboolean
is_there(const char *name)
{
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return g_file_test(path, G_FILE_TEST_EXISTS);
}

gsize
size_of(const char *name)
{
    g_autofree char *path = g_build_filename(dir, "testbed", name, NULL);
    struct stat status;

    return stat(path, &status) == 0 ? (gsize)status.st_size : 0;
}

guint
count_events(void)
{
    g_autofree char *text = read_kept("timeline.json");
    g_autoptr(JsonNode) parsed = json_from_string(text, NULL);

    ck_assert_msg(parsed != NULL && JSON_NODE_HOLDS_ARRAY(parsed), "%s", text);
    return json_array_get_length(json_node_get_array(parsed));
}

void
log_console(const char *text, gsize length)
{
    aqr_evidence_log(evidence, AQR_EVIDENCE_CONSOLE, text, length);
}

void
log_much(AqrEvidenceLog which, int lines)
{
    g_autofree char *line = g_malloc(MIB / 16 + 1);

    for (int i = 0; i < lines; i++) {
        memset(line, 'x', MIB / 16);
        line[g_snprintf(line, 20, "%05d", i)] = 'x';
        line[MIB / 16 - 1] = '\n';
        aqr_evidence_log(evidence, which, line, MIB / 16);
    }
}
