/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/guest-shell.h"

#include <string.h>

#include "fuzz.h"

#define ENTER "\r" /* at a menu */

/* The input is a line a piece: its first character is the console, "l" logs in,
 * "r" restarts the guest; "\r" stands for a newline. */
static void
check_typed(const char *typed)
{
    g_assert(typed == NULL || g_str_has_suffix(typed, "\n") || g_str_equal(typed, ENTER));
}

static void
take_piece(AqrGuestShell *shell, char *line)
{
    g_autofree char *typed = NULL;
    AqrSocket console;

    if (*line >= '0' && *line < '0' + AQR_N_SOCKETS) {
        g_strdelimit(line + 1, "\r", '\n');
        typed = aqr_guest_shell_read(shell, (AqrSocket)(*line - '0'), line + 1, strlen(line + 1));
    } else if (*line == 'l' && aqr_guest_shell_may_log_in(shell)) {
        typed = aqr_guest_shell_log_in(shell, &console);
    } else if (*line == 'r') {
        aqr_guest_shell_reset(shell);
    }
    check_typed(typed);
}

static void
check_state(const AqrGuestShell *shell)
{
    AqrSocket found;

    if (!aqr_guest_shell_is_found(shell, &found))
        return;
    g_assert(found == AQR_SOCKET_HVC1 || found == AQR_SOCKET_TTYS1);
    g_assert(aqr_guest_shell_problem(shell) == NULL && !aqr_guest_shell_may_log_in(shell));
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *text = fuzz_text(bytes, length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(AqrGuestShell) shell = aqr_guest_shell_new("user", "secret");

    for (char **line = lines; *line != NULL; line++) {
        take_piece(shell, *line);
        check_state(shell);
    }
    return 0;
}
