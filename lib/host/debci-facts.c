/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/debci-facts.h"

#include <string.h>

#include "core/debci-files.h"
#include "core/setup-step.h"
#include "host/host-facts.h"

#define UNITS "/etc/systemd/system"

static char *
read_file(const char *root, const char *path)
{
    g_autofree char *file = g_build_filename(root, path, NULL);
    char *text = NULL;

    g_file_get_contents(file, &text, NULL, NULL);
    return text;
}

/* Of a package that is removed dpkg knows the version too. */
static char *
ask_version(const AqrStop *stop)
{
    static const char *const argv[] = { "dpkg-query", "--show",
                                        "--showformat=${db:Status-Status} ${Version}",
                                        "debci-worker", NULL };
    static const char installed[] = "installed ";
    g_autofree char *answer = aqr_host_ask(argv, stop);

    if (answer == NULL || !g_str_has_prefix(answer, installed))
        return NULL;
    return g_strstrip(g_strdup(answer + strlen(installed)));
}

static gboolean
find_collector(const char *root)
{
    static const char *const paths[] = { "/usr/lib/systemd/system/debci-collector.service",
                                         "/lib/systemd/system/debci-collector.service" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autofree char *file = g_build_filename(root, paths[i], NULL);

        if (g_file_test(file, G_FILE_TEST_EXISTS))
            return TRUE;
    }
    return FALSE;
}

/* (transfer full): the unit that the directory @name has our drop-in for; or NULL. */
static char *
unit_of(const char *root, const char *name)
{
    g_autofree char *path = g_build_filename(UNITS, name, "zz-rocm-qemu.conf", NULL);
    g_autofree char *text = NULL;

    if (!g_str_has_prefix(name, AQR_DEBCI_UNIT_PREFIX) ||
        !g_str_has_suffix(name, AQR_DEBCI_UNIT_SUFFIX ".d"))
        return NULL;
    text = read_file(root, path);
    if (text == NULL || !g_str_has_prefix(text, aqr_setup_mark))
        return NULL;
    return g_strndup(name, strlen(name) - strlen(".d"));
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *
aqr_debci_facts_find_units(const char *root)
{
    g_autofree char *path = g_build_filename(root, UNITS, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    GPtrArray *units = g_ptr_array_new_with_free_func(g_free);
    const char *name;

    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        char *unit = unit_of(root, name);

        if (unit != NULL)
            g_ptr_array_add(units, unit);
    }
    g_ptr_array_sort(units, compare_names);
    return units;
}

void
aqr_debci_facts_gather(const char *root, const AqrStop *stop, AqrDebciFacts *facts)
{
    g_autofree char *conf = read_file(root, AQR_DEBCI_CONF_FILE);

    aqr_debci_facts_clear(facts);
    facts->version = ask_version(stop);
    facts->has_collector = find_collector(root);
    facts->subuid = read_file(root, "/etc/subuid");
    facts->subgid = read_file(root, "/etc/subgid");
    facts->units = aqr_debci_facts_find_units(root);
    aqr_debci_kept_parse(conf, &facts->kept);
}
