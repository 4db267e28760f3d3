/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qemu-args.h"

#include <string.h>

GStrv
aqr_qemu_args_split(const char *options)
{
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    g_auto(GStrv) parts = g_strsplit_set(options == NULL ? "" : options, " \t\r\n\v\f", -1);

    for (char **part = parts; *part != NULL; part++) {
        if (**part != '\0')
            g_strv_builder_add(words, *part);
    }
    return g_strv_builder_end(words);
}

/* QEMU takes "--cpu" for "-cpu". */
static gboolean
is_option(const char *word, const char *name)
{
    if (*word != '-')
        return FALSE;
    return g_str_equal(word + (word[1] == '-' ? 2 : 1), name);
}

gboolean
aqr_qemu_args_have(const char *const *args, const char *name)
{
    for (; args != NULL && *args != NULL; args++) {
        if (is_option(*args, name))
            return TRUE;
    }
    return FALSE;
}

/* The type may stand first without its name: "q35,smm=off", "smm=off,type=q35". */
static char *
find_type(const char *value)
{
    g_auto(GStrv) parts = g_strsplit(value, ",", -1);

    for (char **part = parts; *part != NULL; part++) {
        if (g_str_has_prefix(*part, "type="))
            return g_strdup(*part + strlen("type="));
    }
    return parts[0] == NULL || strchr(parts[0], '=') != NULL ? NULL : g_strdup(parts[0]);
}

char *
aqr_qemu_args_machine(const char *const *args)
{
    char *machine = NULL;

    for (; args != NULL && args[0] != NULL && args[1] != NULL; args++) {
        char *type =
            is_option(args[0], "machine") || is_option(args[0], "M") ? find_type(args[1]) : NULL;

        if (type != NULL) {
            g_free(machine);
            machine = type;
        }
    }
    return machine;
}

/* Those that are about the machine alone. A -device is, unless it names a file, or a backend that
 * only a foreign option can have made. */
static const char *const own[] = {
    "cpu",    "machine", "M",    "smp",     "device", "global",
    "smbios", "rtc",     "boot", "no-hpet", "name",   "snapshot",
};

static gboolean
is_own(const char *arg)
{
    const char *name = arg + strspn(arg, "-");

    for (gsize i = 0; i < G_N_ELEMENTS(own); i++) {
        if (g_str_equal(name, own[i]))
            return TRUE;
    }
    return FALSE;
}

const char *
aqr_qemu_args_foreign(const char *const *args)
{
    for (; args != NULL && *args != NULL; args++) {
        if (**args == '-' ? !is_own(*args)
                          : strstr(*args, "file=") != NULL || strstr(*args, "vfio") != NULL)
            return *args;
    }
    return NULL;
}
