/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest.h"

#include <string.h>

#include "core/agent-bootstrap.h"
#include "core/guest-shell.h"
#include "host/console.h"

#define N_CONSOLES AQR_SOCKET_LINK
#define TAIL_LINES 12

/* After a login prompt a root shell may still be on its way. */
#define SHELL_GRACE_S 10

typedef struct {
    AqrGuest *guest;
    AqrConsole *console;
} Line;

struct AqrGuest {
    Line lines[N_CONSOLES];
    AqrGuestLink *link;
    AqrGuestShell *shell;
    GBytes *agent;
    gboolean brought; /* the line that starts the agent has been typed */
    gboolean failed;  /* and has failed */
    gboolean greeted; /* the agent was there before us, in a guest that was restored */
    gboolean panicked;
    gboolean patient; /* the grace for a root shell is not over yet */
    guint grace;      /* its timer */
    void (*boot_text)(const char *bytes, gsize length, gpointer data);
    void (*console_text)(const char *bytes, gsize length, gpointer data);
    gpointer data;
};

/* --- from the consoles to the agent ------------------------------------ */

/* g_random is good enough: it only tells one agent from an earlier one. */
static char *
new_nonce(void)
{
    return g_strdup_printf("%08x%08x", g_random_int(), g_random_int());
}

static void
bring_agent(AqrGuest *guest, AqrSocket console)
{
    g_autofree char *nonce = new_nonce();
    g_autofree char *line = aqr_agent_bootstrap_line(g_bytes_get_size(guest->agent), nonce);

    guest->brought = TRUE;
    aqr_guest_link_bring(guest->link, guest->agent, nonce);
    aqr_console_type(guest->lines[console].console, line);
}

static void
stop_grace(AqrGuest *guest)
{
    if (guest->grace != 0)
        g_source_remove(guest->grace);
    guest->grace = 0;
}

static gboolean
end_grace(gpointer data)
{
    AqrGuest *guest = data;
    AqrSocket console;

    guest->grace = 0;
    guest->patient = FALSE;
    if (aqr_guest_shell_may_log_in(guest->shell)) {
        g_autofree char *name = aqr_guest_shell_log_in(guest->shell, &console);

        aqr_console_type(guest->lines[console].console, name);
    }
    return G_SOURCE_REMOVE;
}

static void
consider(AqrGuest *guest, AqrSocket which)
{
    AqrSocket found;

    if (!guest->brought && aqr_guest_shell_is_found(guest->shell, &found)) {
        stop_grace(guest);
        bring_agent(guest, found);
    } else if (guest->patient && guest->grace == 0 &&
               (which == AQR_SOCKET_TTYS0 || which == AQR_SOCKET_HVC0) &&
               (aqr_guest_shell_may_log_in(guest->shell) ||
                aqr_guest_shell_problem(guest->shell) != NULL)) {
        guest->grace = g_timeout_add_seconds(SHELL_GRACE_S, end_grace, guest);
    }
}

/* A kernel that has no panic device yet, or knows none, just stops. This is its
 * last line. Once commands run any test may write it. */
static void
look_for_panic(AqrGuest *guest, const AqrConsole *console)
{
    guest->panicked =
        guest->panicked || aqr_console_just_said(console, "end Kernel panic - not syncing");
}

static void
read_console(AqrConsole *console, const char *bytes, gsize length, gpointer data)
{
    Line *line = data;
    AqrGuest *guest = line->guest;
    AqrSocket which = (AqrSocket)(line - guest->lines);
    g_autofree char *answer = NULL;

    if (which == AQR_SOCKET_TTYS0 && guest->console_text != NULL)
        guest->console_text(bytes, length, guest->data);
    if (which == AQR_SOCKET_TTYS0 && guest->boot_text != NULL && !aqr_guest_link_is_up(guest->link))
        guest->boot_text(bytes, length, guest->data);
    if (aqr_guest_link_is_up(guest->link))
        return;
    if (which == AQR_SOCKET_TTYS0 || which == AQR_SOCKET_HVC0)
        look_for_panic(guest, console);
    if (guest->greeted)
        return;
    if (guest->brought) {
        guest->failed = guest->failed || aqr_console_just_said(console, AQR_BOOTSTRAP_FAILED);
        return;
    }
    answer = aqr_guest_shell_read(guest->shell, which, bytes, length);
    if (answer != NULL)
        aqr_console_type(console, answer);
    consider(guest, which);
}

/* --- life -------------------------------------------------------------- */

static gboolean
listen_all(AqrGuest *guest, const char *socket_dir, GError **error)
{
    g_autofree char *link_path = aqr_vm_spec_socket_path(socket_dir, AQR_SOCKET_LINK);

    for (unsigned i = 0; i < N_CONSOLES; i++) {
        g_autofree char *path = aqr_vm_spec_socket_path(socket_dir, (AqrSocket)i);

        guest->lines[i].guest = guest;
        guest->lines[i].console = aqr_console_new(path, read_console, &guest->lines[i], error);
        if (guest->lines[i].console == NULL)
            return FALSE;
    }
    guest->link = aqr_guest_link_new(link_path, error);
    return guest->link != NULL;
}

AqrGuest *
aqr_guest_new(const AqrGuestConfig *config, GError **error)
{
    g_autoptr(AqrGuest) guest = g_new0(AqrGuest, 1);

    guest->shell = aqr_guest_shell_new(config->user, config->password);
    guest->agent = g_bytes_ref(config->agent);
    guest->patient = TRUE;
    guest->boot_text = config->boot_text;
    guest->console_text = config->console_text;
    guest->data = config->data;
    if (!listen_all(guest, config->socket_dir, error))
        return NULL;
    return g_steal_pointer(&guest);
}

void
aqr_guest_free(AqrGuest *guest)
{
    if (guest == NULL)
        return;
    stop_grace(guest);
    aqr_guest_link_free(guest->link);
    for (unsigned i = 0; i < N_CONSOLES; i++)
        aqr_console_free(guest->lines[i].console);
    aqr_guest_shell_free(guest->shell);
    g_bytes_unref(guest->agent);
    g_free(guest);
}

void
aqr_guest_lose(AqrGuest *guest)
{
    aqr_guest_link_drop(guest->link);
}

void
aqr_guest_reset(AqrGuest *guest)
{
    aqr_guest_link_drop(guest->link);
    aqr_guest_shell_reset(guest->shell);
    stop_grace(guest);
    guest->brought = guest->failed = guest->greeted = guest->panicked = FALSE;
    guest->patient = TRUE;
}

/* A shell that is waiting has prompted already; after an empty line it does again. */
void
aqr_guest_renew(AqrGuest *guest)
{
    aqr_guest_reset(guest);
    aqr_console_type(guest->lines[AQR_SOCKET_HVC1].console, "\n");
    aqr_console_type(guest->lines[AQR_SOCKET_TTYS1].console, "\n");
}

void
aqr_guest_greet(AqrGuest *guest)
{
    g_autofree char *nonce = new_nonce();

    aqr_guest_reset(guest);
    guest->greeted = TRUE;
    aqr_guest_link_greet(guest->link, nonce);
}

/* --- waiting for it ---------------------------------------------------- */

typedef struct {
    AqrGuest *guest;
    const AqrDomain *domain;
} Reach;

static const char *
find_problem(const Reach *reach)
{
    const AqrGuest *guest = reach->guest;

    if (guest->failed)
        return "the agent could not be started in the guest";
    if (guest->panicked)
        return "the guest's kernel panicked while booting; see that the image boots elsewhere, and "
               "that its initramfs knows virtio disks";
    return guest->patient ? NULL : aqr_guest_shell_problem(guest->shell);
}

static gboolean
is_decided(gpointer data)
{
    const Reach *reach = data;

    return aqr_guest_link_is_up(reach->guest->link) || aqr_domain_end(reach->domain) != NULL ||
           find_problem(reach) != NULL;
}

static gboolean
say_why(const Reach *reach, GError **error)
{
    if (aqr_guest_link_is_up(reach->guest->link))
        return TRUE;
    if (aqr_domain_end(reach->domain) != NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "the VM %s while %s",
                    aqr_domain_end(reach->domain),
                    reach->guest->greeted ? "being restored" : "booting");
    else
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GUEST, find_problem(reach));
    return FALSE;
}

gboolean
aqr_guest_reach(AqrGuest *guest, const AqrDomain *domain, const AqrPatience *patience,
                GError **error)
{
    Reach reach = { guest, domain };
    const char *what = guest->greeted ? "the restored guest's agent to answer"
                                      : "the guest to boot and offer a root shell";

    return aqr_wait_until(is_decided, &reach, what, patience, error) && say_why(&reach, error);
}

AqrGuestLink *
aqr_guest_get_link(AqrGuest *guest)
{
    return guest->link;
}

void
aqr_guest_drain(AqrGuest *guest)
{
    aqr_console_drain(guest->lines[AQR_SOCKET_TTYS0].console);
    aqr_console_drain(guest->lines[AQR_SOCKET_HVC0].console);
}

char *
aqr_guest_console_tail(const AqrGuest *guest)
{
    g_autofree char *tail = aqr_console_tail(guest->lines[AQR_SOCKET_TTYS0].console, TAIL_LINES);

    if (*tail == '\0')
        return aqr_console_tail(guest->lines[AQR_SOCKET_HVC0].console, TAIL_LINES);
    return g_steal_pointer(&tail);
}
