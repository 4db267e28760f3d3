/* SPDX-License-Identifier: GPL-2.0-or-later */

/* A guest that boots, from its consoles to the agent. A line a piece: "0text" to
 * "3text" is printed on a console, "4text" comes through the agent's port, "h" is an
 * agent's hello, as the line that brings it has it, "r" resets the guest, "g" lets it go.
 * "\r" stands for a newline. */
#include "host/guest.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "core/vm-spec.h"
#include "fuzz.h"
#include "peer.h"

#define N_SOCKETS (AQR_SOCKET_LINK + 1)
#define NONCE " nonce="

typedef struct {
    AqrGuest *guest;
    int sockets[N_SOCKETS];
    char nonce[AQR_WIRE_NONCE_LENGTH + 1]; /* "": no agent was brought */
} Scene;

static const char *
socket_dir(void)
{
    static char *dir;

    if (dir == NULL) {
        dir = g_strdup(fuzz_socket_path());
        if (g_mkdir(dir, 0700) < 0)
            g_error("cannot make %s", dir);
    }
    return dir;
}

static void
remove_dir(void)
{
    g_rmdir(socket_dir());
}

static void
set_scene(Scene *scene)
{
    g_autoptr(GBytes) agent = g_bytes_new_static("agent", 5);
    const AqrGuestConfig config = {
        .socket_dir = socket_dir(), .user = "user", .password = "secret", .agent = agent
    };

    scene->guest = aqr_guest_new(&config, NULL);
    g_assert(scene->guest != NULL);
    for (int i = 0; i < N_SOCKETS; i++) {
        g_autofree char *path = aqr_vm_spec_socket_path(socket_dir(), (AqrSocket)i);

        scene->sockets[i] = fuzz_connect(path);
    }
    fuzz_attend();
}

/* Looks at what was typed on the consoles: the line that brings the agent tells its nonce. */
static void
read_typed(Scene *scene)
{
    char typed[8192];

    for (int i = 0; i < AQR_SOCKET_LINK; i++) {
        ssize_t got = read(scene->sockets[i], typed, sizeof typed - 1);
        const char *nonce;

        typed[MAX(got, 0)] = '\0';
        nonce = strstr(typed, NONCE);
        if (nonce != NULL)
            g_strlcpy(scene->nonce, nonce + strlen(NONCE), sizeof scene->nonce);
    }
    fuzz_drain(scene->sockets[AQR_SOCKET_LINK]);
}

static void
say_hello(Scene *scene)
{
    g_autofree char *hello = g_strconcat(AQR_WIRE_MAGIC, scene->nonce, NULL);

    if (*scene->nonce == '\0')
        return;
    fuzz_say(scene->sockets[AQR_SOCKET_LINK], hello, strlen(hello));
}

/* Nobody else knows the nonce. */
static void
check_link(Scene *scene)
{
    g_assert(*scene->nonce != '\0' || !aqr_guest_link_is_up(aqr_guest_get_link(scene->guest)));
}

static void
take_piece(Scene *scene, char *line)
{
    if (*line >= '0' && *line < '0' + N_SOCKETS) {
        g_strdelimit(line + 1, "\r", '\n');
        fuzz_say(scene->sockets[*line - '0'], line + 1, strlen(line + 1));
    } else if (*line == 'h') {
        say_hello(scene);
    } else if (*line == 'r') {
        aqr_guest_reset(scene->guest);
        *scene->nonce = '\0';
    } else if (*line == 'g') {
        aqr_guest_lose(scene->guest);
        *scene->nonce = '\0';
    }
    read_typed(scene);
    check_link(scene);
}

static void
clear_scene(Scene *scene)
{
    g_autofree char *tail = aqr_guest_console_tail(scene->guest);

    for (const char *c = tail; *c != '\0'; c++)
        g_assert(*c == '\n' || *c == '\t' || !g_ascii_iscntrl(*c));
    for (int i = 0; i < N_SOCKETS; i++)
        close(scene->sockets[i]);
    fuzz_attend();
    g_assert(!aqr_guest_link_is_up(aqr_guest_get_link(scene->guest)));
    aqr_guest_free(scene->guest);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *text = fuzz_text(bytes, length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    static gboolean registered;
    Scene scene = { 0 };
    int free_fd;

    if (!registered)
        atexit(remove_dir);
    registered = TRUE;
    free_fd = fuzz_free_fd();
    set_scene(&scene);
    for (char **line = lines; *line != NULL; line++)
        take_piece(&scene, *line);
    clear_scene(&scene);
    g_assert_cmpint(fuzz_free_fd(), ==, free_fd);
    return 0;
}
