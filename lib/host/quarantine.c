/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/quarantine.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/printable.h"
#include "host/lease-dir.h"

#define MAX_REASON 500 /* bytes */

static char *
name_of(const char *slot)
{
    return g_strconcat(slot, ".quarantine", NULL);
}

static char *
unreadable(const char *name, const char *why)
{
    return g_strdup_printf("\"%s/%s\" cannot be read: %s", aqr_lease_dir_path(), name, why);
}

static char *
read_reason(int dir, const char *name)
{
    int fd = aqr_lease_dir_open_file(dir, name, O_RDONLY);
    g_autofree char *text = NULL;
    g_autofree char *reason = NULL;

    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd < 0)
        return unreadable(name, errno == ELOOP ? "it is no plain file" : g_strerror(errno));
    text = aqr_lease_dir_read(fd);
    close(fd);
    if (text == NULL)
        return unreadable(name, "I/O error");
    reason = aqr_printable_line(text, MAX_REASON);
    return *reason == '\0' ? g_strdup("no reason given") : g_steal_pointer(&reason);
}

char *
aqr_quarantine_reason(const char *slot)
{
    g_autofree char *name = name_of(slot);
    g_autoptr(GError) error = NULL;
    char *reason;
    int dir;

    if (!aqr_lease_dir_open(FALSE, &dir, &error))
        return g_strdup(error->message);
    if (dir < 0)
        return NULL;
    reason = read_reason(dir, name);
    close(dir);
    return reason;
}

gboolean
aqr_quarantine_set(const char *slot, const char *reason, GError **error)
{
    g_autofree char *name = name_of(slot);
    g_autofree char *text = aqr_printable_line(reason, MAX_REASON);
    g_autofree char *line = g_strconcat(text, "\n", NULL);
    gboolean done;
    int dir;

    if (!aqr_lease_dir_open(TRUE, &dir, error))
        return FALSE;
    done = aqr_lease_dir_add(dir, name, line, 0644, error);
    close(dir);
    return done;
}

gboolean
aqr_quarantine_end(const char *slot, GError **error)
{
    g_autofree char *name = name_of(slot);
    gboolean done;
    int dir, failed;

    if (!aqr_lease_dir_open(FALSE, &dir, error))
        return FALSE;
    if (dir < 0)
        return TRUE;
    done = unlinkat(dir, name, 0) == 0 || errno == ENOENT;
    failed = errno;
    close(dir);
    if (!done)
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot remove \"%s/%s\": %s%s",
                    aqr_lease_dir_path(), name, g_strerror(failed),
                    failed == EPERM || failed == EACCES ? "; do it as root, or as its owner" : "");
    return done;
}
