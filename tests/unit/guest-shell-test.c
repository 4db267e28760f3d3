/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Conversations with what guests run on their consoles. Each must go the same
 * way however its bytes are cut into pieces. */
#include "core/guest-shell.h"

#include <string.h>

#include "support/check-main.h"

#define PROBE " printf 'aqr-%s\\n' shell\n"
#define ECHOED_PROBE " printf 'aqr-%s\\n' shell\r\n"
#define ANSWERED ECHOED_PROBE "aqr-shell\r\n# "
#define START "setsid sh -c 'exec sh -i </dev/hvc1 >/dev/hvc1 2>&1'"
#define LOGIN "\r\nDebian GNU/Linux 12 host ttyS0\r\n\r\nhost login: "
#define MOTD                                                                           \
    "\r\nLinux host 6.1.0-18-amd64 #1 SMP Debian 6.1.76-1 (2024-02-01) x86_64\r\n\r\n" \
    "Debian GNU/Linux comes with ABSOLUTELY NO WARRANTY, to the extent\r\n"            \
    "permitted by applicable law.\r\nLast login: Sat Jan  6 10:00:00 UTC 2024 on ttyS0\r\n"

/* As GRUB 2.06 draws it, on a serial terminal and on EFI's console. */
#define MENU                                                                            \
    "\x1b[m\x1b[4;2H+-----+\x1b[5;2H|\x1b[5;79H|\x1b[17;2H+-----+\x1b[m\x1b[18;2H"      \
    "\x1b[19;2H\x1b[m     Use the ^ and v keys to select which entry is highlighted.  " \
    "\r\n      Press enter to boot the selected OS, `e' to edit the commands       "    \
    "\r\n      before booting or `c' for a command-line.           \x1b[5;80H \x1b[7m"  \
    "\x1b[5;3H*Debian        \x1b[m\x1b[5;78H\x1b[m\x1b[m\x1b[6;3H             \x1b[m"
#define COUNTDOWN(seconds)                                                          \
    "\x1b[22;1H   The highlighted entry will be executed automatically in " seconds \
    "s.                \x1b[5;78H"

enum { TTYS0 = AQR_SOCKET_TTYS0, TTYS1, HVC0, HVC1, LINK };

typedef struct {
    gboolean log_in;    /* the caller has given the shell its moment */
    int console;        /* what prints */
    const char *prints; /* NULL: the conversation is over */
    const char *typed;  /* NULL: nothing */
    gboolean problem;   /* there is one after it */
} Step;

typedef struct {
    const char *what;
    const char *user, *password;
    Step steps[8];
    int found; /* the console, or -1 */
} Talk;

static const Talk talks[] = {
    { .what = "autopkgtest's shell on hvc1",
      .steps = { { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "dash without job control",
      .steps = { { .console = HVC1,
                   .prints = "sh: 0: can't access tty; job control turned off\r\n# ",
                   .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "bash on ttyS1, in colour",
      .steps = { { .console = TTYS1,
                   .prints = "\x1b[?2004h\x1b[01;31mroot@host\x1b[00m:\x1b[01;34m/\x1b[00m# ",
                   .typed = PROBE },
                 { .console = TTYS1,
                   .prints = ECHOED_PROBE "\x1b[?2004l\raqr-shell\r\nroot@host:/# " } },
      .found = TTYS1 },
    { .what = "the first that answers is taken",
      .steps = { { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = TTYS1, .prints = "# ", .typed = PROBE },
                 { .console = TTYS1, .prints = ANSWERED },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = TTYS1 },
    { .what = "the echo is no answer",
      .steps = { { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ECHOED_PROBE } },
      .found = -1 },
    { .what = "a shell that starts again is asked again",
      .steps = { { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ECHOED_PROBE "\r\n# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "the kernel writes between, and long",
      .steps = { { .console = TTYS1, .prints = "# ", .typed = PROBE },
                 { .console = TTYS1,
                   .prints = ECHOED_PROBE "aqr-shell\r\n# "
                                          "[    7.1] systemd[1]: Detected virtualization qemu, and "
                                          "then some more text.\r\n"
                                          "[    7.2] systemd[1]: Detected virtualization qemu, and "
                                          "then some more text.\r\n"
                                          "[    7.3] systemd[1]: Detected virtualization qemu, and "
                                          "then some more text.\r\n"
                                          "[    7.4] systemd[1]: Detected virtualization qemu, and "
                                          "then some more text.\r\n"
                                          "[    7.5] systemd[1]: Detected virtualization qemu, and "
                                          "then some more text.\r\n"
                                          "[    7.6] systemd[1]: Detected virtualization qemu, and "
                                          "then some more text.\r\n" } },
      .found = TTYS1 },
    { .what = "a menu is not waited for",
      .steps = { { .console = TTYS0, .prints = MENU },
                 { .console = TTYS0, .prints = COUNTDOWN("20"), .typed = "\r" },
                 { .console = TTYS0, .prints = "\x1b[H\x1b[J\x1b[1;1H  Booting `Debian'\r\n" },
                 { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "a menu that has not heard is told again",
      .steps = { { .console = TTYS0, .prints = COUNTDOWN("20"), .typed = "\r" },
                 { .console = TTYS0, .prints = COUNTDOWN("19"), .typed = "\r" },
                 { .console = TTYS0, .prints = "\x1b[5;78H" } },
      .found = -1 },
    { .what = "a menu whose words the cursor comes between",
      .steps = { { .console = TTYS0,
                   .prints = "\x1b[22;4HThe highlighted\x1b[22;19H entry\x1b[0m\x1b[37m will be "
                             "executed \x1b[22;42Hautomatically in 5s.",
                   .typed = "\r" } },
      .found = -1 },
    { .what = "a menu that waits for ever is somebody's wish",
      .steps = { { .console = TTYS0, .prints = MENU },
                 { .console = TTYS0, .prints = "\x1b[22;1H           \x1b[5;78H" } },
      .found = -1 },
    { .what = "nothing is typed at a menu elsewhere",
      .steps = { { .console = HVC0, .prints = MENU COUNTDOWN("5") },
                 { .console = HVC1, .prints = COUNTDOWN("5") },
                 { .console = TTYS1, .prints = COUNTDOWN("5") } },
      .found = -1 },
    { .what = "a sequence that does not end",
      .steps = { { .console = TTYS0, .prints = "\x1b[" },
                 { .console = TTYS0, .prints = "22;1" },
                 { .console = TTYS0, .prints = "\x1b" },
                 { .console = TTYS0, .prints = LOGIN, .problem = TRUE } },
      .found = -1 },
    { .what = "a prompt on ttyS0 is no root shell",
      .steps = { { .console = TTYS0, .prints = "grub rescue# " },
                 { .console = HVC0, .prints = "aqr-shell\r\n" },
                 { .console = LINK, .prints = "# " } },
      .found = -1 },
    { .what = "a login prompt, and nobody to use it",
      .steps = { { .console = TTYS0, .prints = "[    1.0] Booting\r\n" },
                 { .console = TTYS0, .prints = LOGIN, .problem = TRUE } },
      .found = -1 },
    { .what = "a user without a password given",
      .user = "user",
      .steps = { { .console = TTYS0, .prints = LOGIN, .problem = TRUE } },
      .found = -1 },
    { .what = "what login says is no prompt",
      .steps = { { .console = TTYS0, .prints = MOTD },
                 { .console = TTYS0, .prints = "[    9.1] audit: root login: ok\r\n" },
                 { .console = TTYS0,
                   .prints = "[    9.2] late\r\nhost-1.example login: ",
                   .problem = TRUE } },
      .found = -1 },
    { .what = "the shell comes although there is a login prompt",
      .user = "user",
      .password = "secret",
      .steps = { { .console = TTYS0, .prints = LOGIN },
                 { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "a user with sudo",
      .user = "user",
      .password = "secret",
      .steps = { { .console = TTYS0, .prints = LOGIN },
                 { .log_in = TRUE, .console = TTYS0, .prints = "", .typed = "user\n" },
                 { .console = TTYS0, .prints = "user\r\nPassword: ", .typed = "secret\n" },
                 { .console = TTYS0,
                   .prints = MOTD "user@host:~$ ",
                   .typed = " sudo -b -S -p '' " START "\nsecret\n" },
                 { .console = TTYS0, .prints = " sudo -b -S -p '' " START "\r\nuser@host:~$ " },
                 { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "a user who may not use sudo",
      .user = "user",
      .password = "secret",
      .steps = { { .console = TTYS0, .prints = LOGIN },
                 { .log_in = TRUE, .console = TTYS0, .prints = "", .typed = "user\n" },
                 { .console = TTYS0, .prints = "user\r\nPassword: ", .typed = "secret\n" },
                 { .console = TTYS0,
                   .prints = MOTD "user@host:~$ ",
                   .typed = " sudo -b -S -p '' " START "\nsecret\n" },
                 { .console = TTYS0,
                   .prints = "user is not in the sudoers file.\r\nuser@host:~$ ",
                   .problem = TRUE } },
      .found = -1 },
    { .what = "root, on hvc0",
      .user = "root",
      .password = "secret",
      .steps = { { .console = HVC0, .prints = LOGIN },
                 { .log_in = TRUE, .console = HVC0, .prints = "", .typed = "root\n" },
                 { .console = HVC0, .prints = "root\r\nPassword: ", .typed = "secret\n" },
                 { .console = HVC0, .prints = MOTD "root@host:~# ", .typed = " " START " &\n" },
                 { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "root without a password is not asked for one",
      .user = "root",
      .password = "",
      .steps = { { .console = TTYS0, .prints = LOGIN },
                 { .log_in = TRUE, .console = TTYS0, .prints = "", .typed = "root\n" },
                 { .console = TTYS0,
                   .prints = "root\r\n" MOTD "root@host:~# ",
                   .typed = " " START " &\n" },
                 { .console = HVC1, .prints = "# ", .typed = PROBE },
                 { .console = HVC1, .prints = ANSWERED } },
      .found = HVC1 },
    { .what = "a wrong password",
      .user = "user",
      .password = "wrong",
      .steps = { { .console = TTYS0, .prints = LOGIN },
                 { .log_in = TRUE, .console = TTYS0, .prints = "", .typed = "user\n" },
                 { .console = TTYS0, .prints = "user\r\nPassword: ", .typed = "wrong\n" },
                 { .console = TTYS0,
                   .prints = "\r\n\r\nLogin incorrect\r\nhost login: ",
                   .problem = TRUE } },
      .found = -1 },
};

/* Feeds @text in pieces of @size; (transfer full): all that is to be typed. */
static char *
feed(AqrGuestShell *shell, int console, const char *text, gsize size)
{
    GString *typed = g_string_new(NULL);

    for (gsize rest = strlen(text); rest > 0; text += size, rest -= size) {
        g_autofree char *answer = NULL;

        size = MIN(size, rest);
        answer = aqr_guest_shell_read(shell, (AqrSocket)console, text, size);
        g_string_append(typed, answer == NULL ? "" : answer);
    }
    return g_string_free(typed, FALSE);
}

static void
take_step(AqrGuestShell *shell, const Step *step, gsize size, const char *what)
{
    g_autofree char *typed = NULL;
    AqrSocket console;

    if (step->log_in) {
        ck_assert_msg(aqr_guest_shell_may_log_in(shell), "%s", what);
        typed = aqr_guest_shell_log_in(shell, &console);
        ck_assert_int_eq((int)console, step->console);
    } else {
        typed = feed(shell, step->console, step->prints, size);
    }
    ck_assert_msg(g_str_equal(typed, step->typed == NULL ? "" : step->typed),
                  "%s: after \"%s\" typed \"%s\"", what, step->prints, typed);
    ck_assert_msg((aqr_guest_shell_problem(shell) != NULL) == step->problem, "%s: after \"%s\": %s",
                  what, step->prints, aqr_guest_shell_problem(shell));
}

static void
hold_talk(AqrGuestShell *shell, const Talk *talk, gsize size)
{
    AqrSocket found = AQR_N_SOCKETS;

    for (const Step *step = talk->steps; step->prints != NULL; step++)
        take_step(shell, step, size, talk->what);
    ck_assert_msg(aqr_guest_shell_is_found(shell, &found) == (talk->found >= 0), "%s", talk->what);
    if (talk->found >= 0) {
        ck_assert_int_eq((int)found, talk->found);
        ck_assert_msg(!aqr_guest_shell_may_log_in(shell), "%s", talk->what);
    }
}

START_TEST(talks_at_once)
{
    g_autoptr(AqrGuestShell) shell = aqr_guest_shell_new(talks[_i].user, talks[_i].password);

    hold_talk(shell, &talks[_i], G_MAXINT32);
}
END_TEST

START_TEST(talks_byte_by_byte)
{
    g_autoptr(AqrGuestShell) shell = aqr_guest_shell_new(talks[_i].user, talks[_i].password);

    hold_talk(shell, &talks[_i], 1);
}
END_TEST

/* After a reboot everything starts from the beginning. */
START_TEST(talks_again)
{
    g_autoptr(AqrGuestShell) shell = aqr_guest_shell_new(talks[_i].user, talks[_i].password);
    AqrSocket found;

    hold_talk(shell, &talks[_i], 7);
    aqr_guest_shell_reset(shell);
    ck_assert(!aqr_guest_shell_is_found(shell, &found));
    ck_assert_ptr_null(aqr_guest_shell_problem(shell));
    ck_assert(!aqr_guest_shell_may_log_in(shell));
    hold_talk(shell, &talks[_i], 7);
}
END_TEST

/* A serial port that is reset may send NUL bytes. */
START_TEST(skips_nul)
{
    static const char answer[] = "\0aqr-\0shell\r\n";
    g_autoptr(AqrGuestShell) shell = aqr_guest_shell_new(NULL, NULL);
    g_autofree char *typed = NULL, *more = NULL;
    AqrSocket found;

    typed = aqr_guest_shell_read(shell, AQR_SOCKET_HVC1, "\0#\0 ", 4);
    ck_assert_pstr_eq(typed, PROBE);
    more = aqr_guest_shell_read(shell, AQR_SOCKET_HVC1, answer, sizeof answer - 1);
    ck_assert_ptr_null(more);
    ck_assert(aqr_guest_shell_is_found(shell, &found));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, talks_at_once, 0, G_N_ELEMENTS(talks));
    tcase_add_loop_test(tcase, talks_byte_by_byte, 0, G_N_ELEMENTS(talks));
    tcase_add_loop_test(tcase, talks_again, 0, G_N_ELEMENTS(talks));
    tcase_add_test(tcase, skips_nul);
}
