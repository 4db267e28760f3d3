/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/ssh-config.h"

/* ssh expands "%", then the user's shell reads it, behind an "exec". */
static char *
make_proxy(const AqrSshConfig *config)
{
    g_autoptr(GString) line = g_string_new("");

    for (const char *const *word = config->exec_argv; *word != NULL; word++) {
        g_autofree char *quoted = g_shell_quote(*word);

        g_string_append_printf(line, "%s ", quoted);
    }
    g_string_append(line, config->command);
    g_string_replace(line, "%", "%%", 0);
    return g_string_free(g_steal_pointer(&line), FALSE);
}

/* (transfer full): a file in double quotes, in which "%" is expanded. */
static char *
quote_file(const char *dir, const char *name)
{
    g_autofree char *file = g_build_filename(dir, name, NULL);
    g_autoptr(GString) quoted = g_string_new(file);

    g_string_replace(quoted, "%", "%%", 0);
    g_string_prepend_c(quoted, '"');
    g_string_append_c(quoted, '"');
    return g_string_free(g_steal_pointer(&quoted), FALSE);
}

char *
aqr_ssh_config(const AqrSshConfig *config)
{
    g_autofree char *proxy = make_proxy(config);
    g_autofree char *key = quote_file(config->dir, "ssh-key");
    g_autofree char *known = quote_file(config->dir, "known_hosts");

    return g_strdup_printf("Host " AQR_SSH_HOST "\n"
                           "  User %s\n"
                           "  ProxyCommand %s\n"
                           "  IdentityFile %s\n"
                           "  IdentitiesOnly yes\n"
                           "  IdentityAgent none\n"
                           "  UserKnownHostsFile %s\n"
                           "  GlobalKnownHostsFile /dev/null\n"
                           "  HostKeyAlias " AQR_SSH_HOST "\n"
                           "  StrictHostKeyChecking yes\n"
                           "  PreferredAuthentications publickey\n"
                           "  SendEnv LANG LC_*\n",
                           config->user, proxy, key, known);
}
