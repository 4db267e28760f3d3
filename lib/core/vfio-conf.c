/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vfio-conf.h"

#include <string.h>

#define IDS "ids="

AqrVfioConf *
aqr_vfio_conf_new(void)
{
    AqrVfioConf *conf = g_new0(AqrVfioConf, 1);

    conf->ids = g_ptr_array_new_with_free_func(g_free);
    conf->softdeps = g_ptr_array_new_with_free_func(g_free);
    conf->blacklisted = g_ptr_array_new_with_free_func(g_free);
    conf->replaced = g_ptr_array_new_with_free_func(g_free);
    return conf;
}

void
aqr_vfio_conf_free(AqrVfioConf *conf)
{
    if (conf == NULL)
        return;
    g_ptr_array_unref(conf->ids);
    g_ptr_array_unref(conf->softdeps);
    g_ptr_array_unref(conf->blacklisted);
    g_ptr_array_unref(conf->replaced);
    g_free(conf);
}

/* modprobe takes a dash for an underscore. */
static char *
module_name(const char *text)
{
    return g_strdelimit(g_strdup(text), "-", '_');
}

static gboolean
is_vfio_pci(const char *text)
{
    g_autofree char *name = module_name(text);

    return g_str_equal(name, "vfio_pci");
}

static void
add_once(GPtrArray *names, const char *name)
{
    if (!g_ptr_array_find_with_equal_func(names, name, g_str_equal, NULL))
        g_ptr_array_add(names, g_strdup(name));
}

static void
add_vfio_module(GPtrArray *modules, const char *text)
{
    g_autofree char *name = module_name(text);

    if (g_str_has_prefix(name, "vfio"))
        add_once(modules, name);
}

static void
add_list(GPtrArray *names, const char *list, void (*add)(GPtrArray *names, const char *name))
{
    g_auto(GStrv) each = g_strsplit(list, ",", -1);

    for (char **name = each; *name != NULL; name++) {
        if (**name != '\0')
            add(names, *name);
    }
}

static gboolean
is_on(const char *value)
{
    return *value != '\0' && strchr("1yYtT", *value) != NULL;
}

static void
read_parameter(AqrVfioConf *conf, const char *parameter)
{
    const char *const idle = "disable_idle_d3";

    if (g_str_has_prefix(parameter, IDS))
        add_list(conf->ids, parameter + strlen(IDS), add_once);
    else if (g_str_equal(parameter, idle)) /* a parameter without a value is switched on */
        conf->disable_idle_d3 = TRUE;
    else if (g_str_has_prefix(parameter, idle) && parameter[strlen(idle)] == '=')
        conf->disable_idle_d3 = is_on(parameter + strlen(idle) + 1);
}

/* softdep MODULE pre: A B post: C */
static void
read_softdep(AqrVfioConf *conf, const char *const *words)
{
    gboolean before = FALSE;

    for (const char *const *word = words + 1; *word != NULL; word++) {
        if (g_str_has_suffix(*word, ":"))
            before = g_str_equal(*word, "pre:");
        else if (before && is_vfio_pci(*word))
            add_once(conf->softdeps, words[0]);
    }
}

/* install MODULE COMMAND: one that names modprobe loads it after all. */
static void
read_install(AqrVfioConf *conf, const char *const *words)
{
    g_autofree char *command = g_strjoinv(" ", (char **)words + 1);

    if (strstr(command, "modprobe") == NULL && strstr(command, "insmod") == NULL)
        add_vfio_module(conf->replaced, words[0]);
}

static void
read_command(AqrVfioConf *conf, const char *const *words)
{
    if (words[0] == NULL || words[1] == NULL)
        return;
    if (g_str_equal(words[0], "blacklist"))
        add_vfio_module(conf->blacklisted, words[1]);
    else if (g_str_equal(words[0], "install"))
        read_install(conf, words + 1);
    else if (g_str_equal(words[0], "softdep"))
        read_softdep(conf, words + 1);
    else if (g_str_equal(words[0], "options") && is_vfio_pci(words[1])) {
        for (const char *const *word = words + 2; *word != NULL; word++)
            read_parameter(conf, *word);
    }
}

static GStrv
split_words(const char *line)
{
    g_auto(GStrv) pieces = g_strsplit_set(line, " \t\r\n", -1);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (char **piece = pieces; *piece != NULL; piece++) {
        if (**piece != '\0')
            g_strv_builder_add(words, *piece);
    }
    return g_strv_builder_end(words);
}

void
aqr_vfio_conf_read_modprobe(AqrVfioConf *conf, const char *text)
{
    g_auto(GStrv) joined = g_strsplit(text, "\\\n", -1);
    g_autofree char *whole = g_strjoinv(" ", joined);
    g_auto(GStrv) lines = g_strsplit(whole, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = split_words(*line);

        if (words[0] != NULL && *words[0] != '#')
            read_command(conf, (const char *const *)words);
    }
}

/* /etc/modules is such a file, too; there, options may stand behind the name. */
void
aqr_vfio_conf_read_modules_load(AqrVfioConf *conf, const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = split_words(*line);

        conf->autoload |= words[0] != NULL && is_vfio_pci(words[0]);
    }
}

void
aqr_vfio_conf_read_command_line(AqrVfioConf *conf, const char *text)
{
    g_auto(GStrv) words = split_words(text);

    for (char **word = words; *word != NULL; word++) {
        if (g_str_has_prefix(*word, "modprobe.blacklist=") ||
            g_str_has_prefix(*word, "module_blacklist="))
            add_list(conf->blacklisted, strchr(*word, '=') + 1, add_vfio_module);
        else if (g_str_has_prefix(*word, "vfio-pci.") || g_str_has_prefix(*word, "vfio_pci."))
            read_parameter(conf, *word + strlen("vfio-pci."));
    }
}
