/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/access-hint.h"

char *
aqr_access_hint(unsigned ssh_port, const char *user, const char *const *exec_argv)
{
    g_autoptr(GString) text = g_string_new("while it is open, the guest can be reached by\n");

    if (ssh_port != 0)
        g_string_append_printf(text,
                               "    ssh -o UserKnownHostsFile=/dev/null "
                               "-o StrictHostKeyChecking=no -p %u %s@127.0.0.1\n",
                               ssh_port, user == NULL ? "root" : user);
    g_string_append(text, "   ");
    for (; *exec_argv != NULL; exec_argv++)
        g_string_append_printf(text, " %s", *exec_argv);
    g_string_append(text, " COMMAND...");
    return g_string_free(g_steal_pointer(&text), FALSE);
}
