/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/console.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"
#include "host/listener.h"
#include "host/sink.h"

#define KEPT (64u << 10)
#define READ_AT_ONCE 4096u
#define JUST (2 * READ_AT_ONCE) /* what has just been read, and what it may continue */
#define PANIC_LINES 80          /* at most, of a panic */

struct AqrConsole {
    AqrListener *listener;
    int fd; /* -1 until QEMU connects, and after it went */
    guint source;
    AqrSink *typed;
    GString *tail;
    AqrConsoleRead read;
    gpointer data;
};

static void
keep_tail(AqrConsole *console, const char *bytes, gsize length)
{
    for (gsize i = 0; i < length; i++) {
        if (bytes[i] != '\0')
            g_string_append_c(console->tail, bytes[i]);
    }
    if (console->tail->len > 2 * KEPT)
        g_string_erase(console->tail, 0, (gssize)(console->tail->len - KEPT));
}

/* What read() says. */
static ssize_t
read_some(AqrConsole *console)
{
    char bytes[READ_AT_ONCE];
    ssize_t got = read(console->fd, bytes, sizeof bytes);

    if (got > 0) {
        keep_tail(console, bytes, (gsize)got);
        console->read(console, bytes, (gsize)got, console->data);
    }
    return got;
}

static gboolean
read_console(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrConsole *console = data;
    ssize_t got = read_some(console);

    if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
        return G_SOURCE_CONTINUE;
    console->source = 0;
    return G_SOURCE_REMOVE;
}

static void
ignore_gone(G_GNUC_UNUSED gsize length, G_GNUC_UNUSED gboolean broken, G_GNUC_UNUSED gpointer data)
{
}

static void
close_connection(AqrConsole *console)
{
    if (console->source != 0)
        g_source_remove(console->source);
    console->source = 0;
    g_clear_pointer(&console->typed, aqr_sink_free); /* closes the fd */
    console->fd = -1;
}

static void
take_connection(int fd, gpointer data)
{
    AqrConsole *console = data;

    g_clear_pointer(&console->listener, aqr_listener_free); /* QEMU only, and once */
    console->fd = fd;
    console->typed = aqr_sink_new(fd, ignore_gone, NULL);
    console->source = g_unix_fd_add(fd, G_IO_IN, read_console, console);
}

AqrConsole *
aqr_console_new(const char *path, AqrConsoleRead read, gpointer data, GError **error)
{
    AqrConsole *console = g_new0(AqrConsole, 1);

    console->fd = -1;
    console->tail = g_string_new(NULL);
    console->read = read;
    console->data = data;
    console->listener = aqr_listener_new(path, AQR_PEERS_QEMU, take_connection, console, error);
    if (console->listener == NULL)
        g_clear_pointer(&console, aqr_console_free);
    return console;
}

void
aqr_console_free(AqrConsole *console)
{
    if (console == NULL)
        return;
    close_connection(console);
    aqr_listener_free(console->listener);
    g_string_free(console->tail, TRUE);
    g_free(console);
}

void
aqr_console_drain(AqrConsole *console)
{
    gsize left = KEPT;

    while (console->source != 0 && left > 0) {
        ssize_t got = read_some(console);

        if (got <= 0)
            return;
        left -= MIN(left, (gsize)got);
    }
}

void
aqr_console_type(AqrConsole *console, const char *text)
{
    if (console->typed != NULL)
        aqr_sink_write(console->typed, text, strlen(text));
}

gboolean
aqr_console_just_said(const AqrConsole *console, const char *words)
{
    gsize length = console->tail->len;

    return strstr(console->tail->str + length - MIN(length, JUST), words) != NULL;
}

/* What getty wrote tells nothing, and autopkgtest's own tests want it nowhere. */
static const char *
skip_login_prompt(const char *line)
{
    const char *prompt = strstr(line, " login: ");

    return prompt == NULL ? line : prompt + strlen(" login: ");
}

static void
append_line(GString *text, const char *line)
{
    g_autofree char *printable = aqr_printable(skip_login_prompt(line));

    g_string_append_printf(text, "%s\n", printable);
}

/* What a panic was about stands above everything that it prints then. */
static unsigned
find_panic(char **lines, unsigned n)
{
    for (unsigned i = n; i > 0 && n - i < PANIC_LINES; i--) {
        if (strstr(lines[i - 1], "Kernel panic - not syncing") != NULL &&
            strstr(lines[i - 1], "end Kernel panic") == NULL)
            return i - 1;
    }
    return n;
}

char *
aqr_console_tail(const AqrConsole *console, unsigned lines)
{
    g_auto(GStrv) all = g_strsplit(console->tail->str, "\n", -1);
    GString *text = g_string_new(NULL);
    unsigned n = g_strv_length(all);
    unsigned first, panic;

    while (n > 0 && *g_strstrip(all[n - 1]) == '\0')
        n--;
    first = n > lines ? n - lines : 0;
    panic = find_panic(all, n);
    if (panic < first)
        append_line(text, all[panic]);
    for (unsigned i = first; i < n; i++)
        append_line(text, all[i]);
    return g_string_free(text, FALSE);
}
