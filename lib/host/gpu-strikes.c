/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-strikes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "host/lease-dir.h"

static char *
name_of(const char *slot)
{
    return g_strconcat(slot, ".strikes", NULL);
}

static gboolean
fail(const char *name, const char *why, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "cannot write a GPU's failures to \"%s/%s\": %s; remove it", aqr_lease_dir_path(),
                name, why);
    return FALSE;
}

static void
read_note(int dir, const char *name, AqrStrikeNote *note)
{
    int fd = aqr_lease_dir_open_file(dir, name, O_RDONLY);
    g_autofree char *text = fd < 0 ? NULL : aqr_lease_dir_read(fd);

    if (fd >= 0)
        close(fd);
    aqr_strike_note_parse(text == NULL ? "" : text, note);
}

void
aqr_gpu_strikes_read(const char *slot, AqrStrikeNote *note)
{
    g_autofree char *name = name_of(slot);
    int dir;

    *note = (AqrStrikeNote){ 0 };
    if (!aqr_lease_dir_open(FALSE, &dir, NULL) || dir < 0)
        return;
    read_note(dir, name, note);
    close(dir);
}

/* In place: the directory is sticky, and the file may be another user's. One that is cut off is
 * none. */
static gboolean
overwrite(int fd, const char *text)
{
    gboolean done = ftruncate(fd, 0) == 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    int failed = errno;

    close(fd);
    errno = failed;
    return done;
}

/* What is in the way is removed, if it may be. */
static gboolean
write_text(int dir, const char *name, const char *text, GError **error)
{
    int fd = aqr_lease_dir_open_file(dir, name, O_WRONLY);

    if (fd >= 0)
        return overwrite(fd, text) || fail(name, g_strerror(errno), error);
    if (errno != ENOENT && unlinkat(dir, name, 0) < 0 && errno != ENOENT)
        return fail(name, g_strerror(errno), error);
    return aqr_lease_dir_add(dir, name, text, 0666, error);
}

gboolean
aqr_gpu_strikes_add(const char *slot, const char *reason, AqrStrikeNote *now, GError **error)
{
    g_autofree char *name = name_of(slot), *text = NULL;
    AqrStrikeNote note;
    gboolean done;
    int dir;

    if (!aqr_lease_dir_open(TRUE, &dir, error))
        return FALSE;
    read_note(dir, name, &note);
    note.count++;
    g_free(note.reason);
    note.reason = g_strdup(reason);
    text = aqr_strike_note_to_string(&note);
    done = write_text(dir, name, text, error);
    close(dir);
    if (done)
        *now = note;
    else
        aqr_strike_note_clear(&note);
    return done;
}

/* Another user's stays, and is empty. */
gboolean
aqr_gpu_strikes_end(const char *slot, GError **error)
{
    g_autofree char *name = name_of(slot);
    gboolean done;
    int dir;

    if (!aqr_lease_dir_open(FALSE, &dir, error))
        return FALSE;
    if (dir < 0)
        return TRUE;
    done = unlinkat(dir, name, 0) == 0 || errno == ENOENT || write_text(dir, name, "", error);
    close(dir);
    return done;
}
