/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/program.h"

#define CLEAR "\r\033[K"
#define RED "\033[31m"
#define PLAIN "\033[0m"
#define DEFAULT_COLUMNS 80

struct AqrProgress {
    FILE *stream;
    gboolean terminal, colour;
    char *stage; /* NULL: none */
    gint64 began;
    guint tick;
};

static gboolean
is_terminal(FILE *stream)
{
    const char *kind = g_getenv("TERM");

    return isatty(fileno(stream)) && kind != NULL && !g_str_equal(kind, "dumb");
}

static int
columns(FILE *stream)
{
    struct winsize size;

    return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col
                                                                            : DEFAULT_COLUMNS;
}

static int
seconds(const AqrProgress *progress)
{
    return (int)((g_get_monotonic_time() - progress->began) / G_USEC_PER_SEC);
}

/* --- a terminal -------------------------------------------------------- */

/* A line that wraps could not be taken back. */
static void
draw(const AqrProgress *progress)
{
    g_autofree char *line = g_strdup_printf("%s  %d s", progress->stage, seconds(progress));
    g_autofree char *valid = g_utf8_make_valid(line, -1);
    g_autofree char *start = NULL;
    glong room = columns(progress->stream) - 1;

    if (g_utf8_strlen(valid, -1) > room)
        start = g_utf8_substring(valid, 0, room);
    fprintf(progress->stream, CLEAR "%s", start == NULL ? valid : start);
    fflush(progress->stream);
}

static gboolean
draw_again(gpointer data)
{
    draw(data);
    return G_SOURCE_CONTINUE;
}

/* What is said takes the line's place, which comes again below it. */
static void
make_way(gpointer data)
{
    const AqrProgress *progress = data;

    if (progress->stage == NULL)
        return;
    fputs(CLEAR, progress->stream);
    fflush(progress->stream);
}

static void
finish_line(const AqrProgress *progress, gboolean good)
{
    const char *begin = !good && progress->colour ? RED : "";
    const char *end = !good && progress->colour ? PLAIN : "";

    fprintf(progress->stream, CLEAR "%s%s%s%s  %d s\n", begin, progress->stage,
            good ? "" : ": failed", end, seconds(progress));
    fflush(progress->stream);
}

/* --- anywhere ---------------------------------------------------------- */

AqrProgress *
aqr_progress_new(FILE *stream)
{
    AqrProgress *progress = g_new0(AqrProgress, 1);
    const char *no_colour = g_getenv("NO_COLOR");

    progress->stream = stream;
    progress->terminal = is_terminal(stream);
    progress->colour = progress->terminal && (no_colour == NULL || *no_colour == '\0');
    if (progress->terminal)
        aqr_program_before_saying(make_way, progress);
    return progress;
}

void
aqr_progress_free(AqrProgress *progress)
{
    if (progress == NULL)
        return;
    aqr_progress_end(progress, FALSE);
    if (progress->terminal)
        aqr_program_before_saying(NULL, NULL);
    g_free(progress);
}

void
aqr_progress_begin(AqrProgress *progress, const char *stage)
{
    aqr_progress_end(progress, TRUE);
    progress->stage = g_strdup(stage);
    progress->began = g_get_monotonic_time();
    if (progress->terminal) {
        draw(progress);
        progress->tick = g_timeout_add_seconds(1, draw_again, progress);
        return;
    }
    fprintf(progress->stream, "%s: %s...\n", g_get_prgname(), stage);
    fflush(progress->stream);
}

void
aqr_progress_end(AqrProgress *progress, gboolean good)
{
    if (progress->stage == NULL)
        return;
    g_clear_handle_id(&progress->tick, g_source_remove);
    if (progress->terminal)
        finish_line(progress, good);
    else
        fprintf(progress->stream, "%s: %s: %s%d s\n", g_get_prgname(), progress->stage,
                good ? "" : "failed after ", seconds(progress));
    fflush(progress->stream);
    g_clear_pointer(&progress->stage, g_free);
}
