/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-note.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/printable.h"

#define MOST 500

void
aqr_warm_note_write(int dir, const char *name, const char *why)
{
    g_autofree char *line = aqr_printable_line(why, MOST);
    int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    if (write(fd, line, strlen(line)) < 0) {
        /* Then it is not said why. */
    }
    close(fd);
}

static gboolean
is_too_old(int fd, gint64 age)
{
    struct stat status;

    return age > 0 && fstat(fd, &status) == 0 &&
           g_get_real_time() - status.st_mtim.tv_sec * G_TIME_SPAN_SECOND > age;
}

char *
aqr_warm_note_read(int dir, const char *name, gint64 age)
{
    char text[MOST + 1] = "";
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    gboolean old;

    if (fd < 0)
        return NULL;
    old = is_too_old(fd, age);
    if (read(fd, text, MOST) < 0)
        text[0] = '\0';
    close(fd);
    if (!old)
        return aqr_printable_line(text, MOST);
    unlinkat(dir, name, 0);
    return NULL;
}
