/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/guest-shell.h"

#include <string.h>

/* Typed where a shell may be. The terminal echoes it; the answer differs. */
#define PROBE " printf 'aqr-%s\\n' shell\n"
#define PROBE_ANSWER "aqr-shell"

#define LOGIN " login: "

/* GRUB's menu (its menu_text.c); the number of seconds follows. */
#define COUNTDOWN "The highlighted entry will be executed automatically in "
#define ESCAPE '\x1b'

#define KEPT 400 /* bytes of a console that may still matter */

typedef enum {
    WAITING,
    NAMED,
    GAVE_PASSWORD,
    STARTED_SHELL,
    REFUSED,    /* by login */
    NOT_A_ROOT, /* by sudo */
} Login;

/* What follows where sudo does not let somebody, or is not there. */
static const char *const sudo_refusals[] = { "Sorry, try again", "sudoers", "not found" };

struct AqrGuestShell {
    char *user, *password;
    GString *seen[AQR_N_SOCKETS];
    Login login;
    AqrSocket login_console;
    gboolean prompted; /* a login prompt has been seen, on login_console */
    gboolean found;
    AqrSocket found_at;
};

AqrGuestShell *
aqr_guest_shell_new(const char *user, const char *password)
{
    AqrGuestShell *shell = g_new0(AqrGuestShell, 1);

    shell->user = g_strdup(user);
    shell->password = g_strdup(password);
    for (int i = 0; i < AQR_N_SOCKETS; i++)
        shell->seen[i] = g_string_new(NULL);
    return shell;
}

void
aqr_guest_shell_free(AqrGuestShell *shell)
{
    if (shell == NULL)
        return;
    for (int i = 0; i < AQR_N_SOCKETS; i++)
        g_string_free(shell->seen[i], TRUE);
    g_free(shell->user);
    g_free(shell->password);
    g_free(shell);
}

void
aqr_guest_shell_reset(AqrGuestShell *shell)
{
    for (int i = 0; i < AQR_N_SOCKETS; i++)
        g_string_truncate(shell->seen[i], 0);
    shell->login = WAITING;
    shell->prompted = FALSE;
    shell->found = FALSE;
}

static gboolean
is_at_prompt(const GString *seen)
{
    return g_str_has_suffix(seen->str, "# ") || g_str_has_suffix(seen->str, "$ ");
}

/* On the system's console the kernel may write behind a prompt. */
static gboolean
has_prompted(const GString *seen)
{
    return strstr(seen->str, "# ") != NULL || strstr(seen->str, "$ ") != NULL;
}

/* A shell prints a prompt when it starts, and again after what it was asked. */
static const char *
read_shell_console(AqrGuestShell *shell, AqrSocket console)
{
    GString *seen = shell->seen[console];

    if (shell->found)
        return NULL;
    if (strstr(seen->str, PROBE_ANSWER) != NULL) {
        shell->found = TRUE;
        shell->found_at = console;
        return NULL;
    }
    if (!is_at_prompt(seen))
        return NULL;
    g_string_truncate(seen, 0);
    return PROBE;
}

/* A shell on hvc1, as autopkgtest's images have it. sudo reads the password
 * from the line that follows. */
static char *
start_shell(const AqrGuestShell *shell)
{
    const char *start = "setsid sh -c 'exec sh -i </dev/hvc1 >/dev/hvc1 2>&1'";

    if (g_strcmp0(shell->user, "root") == 0)
        return g_strdup_printf(" %s &\n", start);
    return g_strdup_printf(" sudo -b -S -p '' %s\n%s\n", start, shell->password);
}

static gboolean
is_refused_by_sudo(const GString *seen)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sudo_refusals); i++) {
        if (strstr(seen->str, sudo_refusals[i]) != NULL)
            return TRUE;
    }
    return FALSE;
}

/* "host login: " at the beginning of a line, but not "Last login: " of a day. */
static gboolean
has_login_prompt(const GString *seen)
{
    const char *found = seen->str;

    while ((found = strstr(found, LOGIN)) != NULL) {
        const char *start = found;

        while (start > seen->str && (g_ascii_isalnum(start[-1]) || strchr("-._", start[-1])))
            start--;
        if (start < found && (start == seen->str || start[-1] == '\n' || start[-1] == '\r') &&
            !g_str_has_prefix(start, "Last" LOGIN))
            return TRUE;
        found += strlen(LOGIN);
    }
    return FALSE;
}

static char *
read_login_console(AqrGuestShell *shell, AqrSocket console)
{
    GString *seen = shell->seen[console];

    if (shell->login == WAITING && has_login_prompt(seen)) {
        shell->prompted = TRUE;
        shell->login_console = console;
    }
    if (!shell->prompted || console != shell->login_console)
        return NULL;
    if (shell->login == NAMED && strstr(seen->str, "assword: ") != NULL) {
        shell->login = GAVE_PASSWORD;
        g_string_truncate(seen, 0);
        return g_strdup_printf("%s\n", shell->password);
    }
    if ((shell->login == NAMED || shell->login == GAVE_PASSWORD) &&
        strstr(seen->str, "Login incorrect") != NULL)
        shell->login = REFUSED;
    /* A user without a password is not asked for one. */
    if ((shell->login == NAMED || shell->login == GAVE_PASSWORD) && has_prompted(seen)) {
        shell->login = STARTED_SHELL;
        g_string_truncate(seen, 0);
        return start_shell(shell);
    }
    if (shell->login == STARTED_SHELL && is_refused_by_sudo(seen))
        shell->login = NOT_A_ROOT;
    return NULL;
}

/* Behind a terminal's escape sequence (ECMA-48, 5.4): "ESC [", parameters, a letter. */
static const char *
skip_escape(const char *text)
{
    if (*text == '[')
        text++;
    while (*text != '\0' && !g_ascii_isalpha(*text))
        text++;
    return *text == '\0' ? text : text + 1;
}

/* A menu is drawn, with the cursor going here and there, in any pieces. */
static char *
take_out_escapes(const char *text)
{
    g_autoptr(GString) plain = g_string_new(NULL);

    while (*text != '\0') {
        if (*text == ESCAPE)
            text = skip_escape(text + 1);
        else
            g_string_append_c(plain, *text++);
    }
    return g_string_free(g_steal_pointer(&plain), FALSE);
}

/* An image that was made for people gives them time at its boot menu. Nobody is there:
 * Enter starts what would be started anyway. It is typed again if GRUB goes on counting:
 * EFI's firmware may read the port, too, and then has it. */
static const char *
read_menu(AqrGuestShell *shell, AqrSocket console)
{
    GString *seen = shell->seen[console];
    g_autofree char *plain = NULL;

    if (console != AQR_SOCKET_TTYS0)
        return NULL;
    plain = take_out_escapes(seen->str);
    if (strstr(plain, COUNTDOWN) == NULL)
        return NULL;
    g_string_truncate(seen, 0);
    return "\r";
}

static char *
consider(AqrGuestShell *shell, AqrSocket console)
{
    const char *enter = read_menu(shell, console);

    if (enter != NULL)
        return g_strdup(enter);
    if (console == AQR_SOCKET_HVC1 || console == AQR_SOCKET_TTYS1)
        return g_strdup(read_shell_console(shell, console));
    if (console == AQR_SOCKET_HVC0 || console == AQR_SOCKET_TTYS0)
        return read_login_console(shell, console);
    return NULL;
}

char *
aqr_guest_shell_read(AqrGuestShell *shell, AqrSocket console, const char *bytes, gsize length)
{
    GString *seen = shell->seen[console];
    char *answer;

    for (gsize i = 0; i < length; i++) {
        if (bytes[i] != '\0')
            g_string_append_c(seen, bytes[i]);
    }
    answer = consider(shell, console);
    if (seen->len > KEPT)
        g_string_erase(seen, 0, (gssize)(seen->len - KEPT));
    return answer;
}

gboolean
aqr_guest_shell_may_log_in(const AqrGuestShell *shell)
{
    return shell->prompted && shell->login == WAITING && shell->user != NULL &&
           shell->password != NULL && !shell->found;
}

char *
aqr_guest_shell_log_in(AqrGuestShell *shell, AqrSocket *console)
{
    shell->login = NAMED;
    *console = shell->login_console;
    g_string_truncate(shell->seen[shell->login_console], 0);
    return g_strdup_printf("%s\n", shell->user);
}

gboolean
aqr_guest_shell_is_found(const AqrGuestShell *shell, AqrSocket *console)
{
    if (shell->found)
        *console = shell->found_at;
    return shell->found;
}

const char *
aqr_guest_shell_problem(const AqrGuestShell *shell)
{
    if (shell->found)
        return NULL;
    if (shell->login == REFUSED)
        return "the guest refused the login; check --user and --password";
    if (shell->login == NOT_A_ROOT)
        return "logged in, but could not start a root shell on hvc1; "
               "the user of --user must be root or allowed to use sudo";
    if (shell->prompted && shell->login == WAITING && !aqr_guest_shell_may_log_in(shell))
        return "the guest offers a login prompt but no root shell on hvc1 or ttyS1; prepare the "
               "image with autopkgtest's setup-testbed, or give --user and --password";
    return NULL;
}
