/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/program.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <termios.h>
#include <unistd.h>

#include "aqr-config.h"
#include "host/limits.h"

static gboolean debugging;
static void (*make_way)(gpointer data);
static gpointer way_data;

/* A closed one would be given to the next file that is opened. What is written to
 * stdout is then an error, as it would be without this. */
static void
open_missing_fds(void)
{
    static const int modes[] = { O_RDONLY, O_RDONLY, O_WRONLY };

    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", modes[fd]); /* takes the lowest number, which is that one */
    }
}

void
aqr_program_start(const char *name)
{
    open_missing_fds();
    aqr_limits_raise();
    setlocale(LC_ALL, "");
    g_set_prgname(name);
}

void
aqr_program_set_debug(gboolean debug)
{
    debugging = debug;
}

/* A terminal that a guest's shell has for now does not begin a line at its start. */
static gboolean
is_raw(void)
{
    struct termios settings;

    return tcgetattr(STDERR_FILENO, &settings) == 0 && (settings.c_oflag & OPOST) == 0;
}

static void
print(const char *kind, const char *format, va_list arguments)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    g_autofree char *lines = g_strdup_printf("%s: %s%s\n", g_get_prgname(), kind, text);

    if (make_way != NULL)
        make_way(way_data);
    if (is_raw()) {
        g_auto(GStrv) parts = g_strsplit(lines, "\n", -1);
        g_autofree char *joined = g_strjoinv("\r\n", parts);

        g_printerr("\r\n%s", joined);
    } else {
        g_printerr("%s", lines);
    }
}

void
aqr_program_say(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print("", format, arguments);
    va_end(arguments);
}

void
aqr_program_debug(const char *format, ...)
{
    va_list arguments;

    if (!debugging)
        return;
    va_start(arguments, format);
    print("DBG: ", format, arguments);
    va_end(arguments);
}

void
aqr_program_before_saying(void (*way)(gpointer data), gpointer data)
{
    make_way = way;
    way_data = data;
}

char *
aqr_program_libexec(const char *name)
{
    const char *path = g_getenv("AQR_LIBEXEC_DIR");
    g_auto(GStrv) dirs = g_strsplit(path != NULL ? path : AQR_LIBEXEC_DIR, ":", -1);

    for (char **dir = dirs; *dir != NULL; dir++) {
        g_autofree char *file = g_build_filename(*dir, name, NULL);

        if (g_file_test(file, G_FILE_TEST_IS_EXECUTABLE))
            return g_steal_pointer(&file);
    }
    return g_build_filename(AQR_LIBEXEC_DIR, name, NULL);
}

char *
aqr_program_data(const char *name)
{
    const char *dir = g_getenv("AQR_DATA_DIR");

    return g_build_filename(dir != NULL ? dir : AQR_DATA_DIR, name, NULL);
}
