/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/dir-watch.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/error.h"

/* The kernel tells that a file is closed just before it drops its lock (fs/file_table.c,
 * __fput: fsnotify_close(), then locks_remove_file()). So who looks at once may look too
 * early: he is told again, after 1, 2, 4 ... ms; and now and then in any case, for what
 * gives no event, as `flock FILE COMMAND`, which opens the file for reading. */
#define FIRST_MS 1
#define MOST_MS 512
#define IDLE_MS 5000

/* Of files that were open for writing, as a holder's is. Who only looks closes one too, and
 * would wake others, who look. */
#define EVENTS (IN_CLOSE_WRITE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW)

struct AqrDirWatch {
    char *path;
    void (*changed)(gpointer data);
    gpointer data;
    int fd;
    guint events, alarm; /* sources */
    guint delay;         /* ms, of the alarm */
};

/* Again and again: the directory may be another by now. */
static gboolean
watch_dir(AqrDirWatch *watch)
{
    return inotify_add_watch(watch->fd, watch->path, EVENTS) >= 0;
}

static gboolean look_again(gpointer data);

static void
set_alarm(AqrDirWatch *watch, guint delay)
{
    watch->delay = delay;
    watch->alarm = g_timeout_add(delay, look_again, watch);
}

static gboolean
look_again(gpointer data)
{
    AqrDirWatch *watch = data;

    watch_dir(watch);
    set_alarm(watch, watch->delay < MOST_MS ? watch->delay * 2 : IDLE_MS);
    watch->changed(watch->data);
    return G_SOURCE_REMOVE;
}

static gboolean
take_events(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrDirWatch *watch = data;
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

    while (read(fd, events, sizeof events) > 0) {
        /* Which of them it was does not matter. */
    }
    g_source_remove(watch->alarm);
    set_alarm(watch, FIRST_MS);
    watch->changed(watch->data);
    return G_SOURCE_CONTINUE;
}

AqrDirWatch *
aqr_dir_watch_new(const char *path, void (*changed)(gpointer data), gpointer data, GError **error)
{
    g_autoptr(AqrDirWatch) watch = g_new0(AqrDirWatch, 1);

    watch->path = g_strdup(path);
    watch->changed = changed;
    watch->data = data;
    watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch->fd < 0 || !watch_dir(watch)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot watch \"%s\": %s", path,
                    g_strerror(errno));
        return NULL;
    }
    watch->events = g_unix_fd_add(watch->fd, G_IO_IN, take_events, watch);
    set_alarm(watch, IDLE_MS);
    return g_steal_pointer(&watch);
}

void
aqr_dir_watch_free(AqrDirWatch *watch)
{
    if (watch == NULL)
        return;
    g_clear_handle_id(&watch->events, g_source_remove);
    g_clear_handle_id(&watch->alarm, g_source_remove);
    if (watch->fd >= 0)
        close(watch->fd);
    g_free(watch->path);
    g_free(watch);
}
