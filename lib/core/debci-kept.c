/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-kept.h"

#include "core/amqp-url.h"
#include "core/debci-files.h"
#include "core/setup-step.h"

#define AMQP_TEST "if [ -r " AQR_DEBCI_AMQP_FILE " ]; then"
#define LIST "(debci_(?:arch|arch_skip|backend|suite)_list)"

/* What an earlier version of the program has written stays here. */
static const char *const plain_lines[] = {
    "if [ -z \"${debci_backend_list:-}\" ]; then",
    "    debci_backend_list=${debci_backend:-}",
    "    if [ -z \"$debci_backend_list\" ] && command -v lxc-create >/dev/null; then",
    "        debci_backend_list=lxc",
    "    fi",
    "fi",
    "        *\" $rocm_qemu_word \"*) ;;",
    "    esac",
    "done",
    "debci_suite_list=${debci_suite_list:-${debci_suite:-unstable}}",
    "unset rocm_qemu_word",
    NULL,
};

typedef struct {
    AqrDebciKept *kept;
    char *words; /* of the last "for"; NULL: there was none */
} Reader;

/* (transfer full): what @regex has in its parentheses; NULL: @line is not like that. */
static char *
match(const char *regex, const char *line)
{
    g_autoptr(GRegex) compiled = g_regex_new(regex, G_REGEX_DOLLAR_ENDONLY, 0, NULL);
    g_autoptr(GMatchInfo) found = NULL;

    return g_regex_match(compiled, line, 0, &found) ? g_match_info_fetch(found, 1) : NULL;
}

/* A list is begun by the words that are added to it. */
static gboolean
take_list(Reader *reader, const char *line)
{
    g_autofree char *list = match("^    case \" \\$\\{" LIST ":-\\} \" in$", line);
    g_autofree char *same =
        match("^        \\*\\) " LIST "=\"\\$\\{\\1:\\+\\$\\1 \\}\\$rocm_qemu_word\" ;;$", line);
    char *words = match("^for rocm_qemu_word in ([a-z0-9][a-z0-9.+_ -]*); do$", line);

    if (words != NULL) {
        g_free(reader->words);
        reader->words = words;
        return TRUE;
    }
    if (same != NULL)
        return TRUE;
    if (list == NULL || reader->words == NULL)
        return FALSE;
    if (!g_str_equal(list, "debci_suite_list"))
        return TRUE;
    if (reader->kept->suites != NULL)
        return FALSE;
    reader->kept->suites = g_strsplit(reader->words, " ", -1);
    return TRUE;
}

/* Sets *@value, once, to what @line says of @name, as g_shell_quote() would have it. */
static gboolean
take_value(const char *line, const char *name, char **value)
{
    g_autofree char *regex = g_strdup_printf("^%s=(.*)$", name);
    g_autofree char *quoted = match(regex, line);
    g_autofree char *plain = quoted == NULL ? NULL : g_shell_unquote(quoted, NULL);
    g_autofree char *again = plain == NULL ? NULL : g_shell_quote(plain);

    if (again == NULL || !g_str_equal(again, quoted) || *value != NULL)
        return FALSE;
    *value = g_steal_pointer(&plain);
    return TRUE;
}

static gboolean
take_amqp(AqrDebciKept *kept, const char *line)
{
    g_autofree char *url = NULL;

    if (kept->amqp_server != NULL || kept->amqp_apart)
        return FALSE;
    kept->amqp_apart = g_str_equal(line, "    . " AQR_DEBCI_AMQP_FILE);
    if (kept->amqp_apart)
        return TRUE;
    if (!take_value(line, "debci_amqp_server", &url) || !aqr_amqp_url_check(url, NULL))
        return FALSE;
    kept->amqp_server = g_steal_pointer(&url);
    return TRUE;
}

static gboolean
take_line(Reader *reader, const char *line)
{
    return *line == '\0' || *line == '#' || g_str_equal(line, AMQP_TEST) ||
           g_strv_contains(plain_lines, line) || take_list(reader, line) ||
           take_amqp(reader->kept, line) ||
           take_value(line, "debci_autopkgtest_args_qemu_rocm", &reader->kept->backend_args);
}

void
aqr_debci_kept_parse(const char *text, AqrDebciKept *kept)
{
    Reader reader = { .kept = kept };
    g_auto(GStrv) lines = NULL;

    aqr_debci_kept_clear(kept);
    if (text == NULL || !g_str_has_prefix(text, aqr_setup_mark))
        return;
    lines = g_strsplit(text, "\n", -1);
    for (guint i = 0; lines[i] != NULL && kept->foreign == 0; i++) {
        if (!take_line(&reader, lines[i]))
            kept->foreign = i + 1;
    }
    g_free(reader.words);
}

void
aqr_debci_kept_clear(AqrDebciKept *kept)
{
    g_free(kept->amqp_server);
    g_strfreev(kept->suites);
    g_free(kept->backend_args);
    *kept = (AqrDebciKept){ 0 };
}
