/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/sweep.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/workdir.h"

static gboolean
is_own(const char *path, mode_t type)
{
    struct stat status;

    return lstat(path, &status) == 0 && (status.st_mode & S_IFMT) == type &&
           status.st_uid == getuid();
}

/* --- its QEMU ---------------------------------------------------------- */

/* Also the QEMU that libvirt asks for its capabilities names the directory. */
static gboolean
works_in(const char *proc, const char *dir)
{
    g_autofree char *path = g_build_filename(proc, "cmdline", NULL);
    g_autofree char *inside = g_strconcat(dir, "/", NULL);
    g_autofree char *command = NULL;
    g_autofree char *program = NULL;
    gsize length;

    if (!is_own(proc, S_IFDIR) || !g_file_get_contents(path, &command, &length, NULL) ||
        length == 0)
        return FALSE;
    program = g_path_get_basename(command);
    return g_str_has_prefix(program, "qemu-system-") &&
           memmem(command, length, inside, strlen(inside)) != NULL;
}

/* The process is held before it is looked at: so no other can get the signal. */
static gboolean
kill_if_in(const char *pid, const char *dir)
{
    g_autofree char *proc = g_build_filename("/proc", pid, NULL);
    int fd = pidfd_open((pid_t)g_ascii_strtoll(pid, NULL, 10), 0);
    gboolean killed =
        fd >= 0 && works_in(proc, dir) && pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0;

    if (fd >= 0)
        close(fd);
    return killed;
}

static gboolean
kill_all_in(const char *dir)
{
    g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
    gboolean killed = FALSE;
    const char *name;

    while (processes != NULL && (name = g_dir_read_name(processes)) != NULL) {
        if (g_ascii_isdigit(*name) && kill_if_in(name, dir))
            killed = TRUE;
    }
    return killed;
}

/* --- directories ------------------------------------------------------- */

static void
sweep_one(const char *dir, void (*note)(const char *text, gpointer data), gpointer data)
{
    int lock = is_own(dir, S_IFDIR) ? aqr_workdir_take_over(dir) : -1;
    g_autofree char *text = NULL;

    if (lock < 0)
        return;
    text = g_strdup_printf("removing \"%s\", which a server that was killed has left%s", dir,
                           kill_all_in(dir) ? ", and ending its QEMU" : "");
    note(text, data);
    aqr_workdir_remove(dir, lock);
}

void
aqr_sweep(const char *parent, void (*note)(const char *text, gpointer data), gpointer data)
{
    g_autoptr(GDir) entries = g_dir_open(parent, 0, NULL);
    const char *name;

    while (entries != NULL && (name = g_dir_read_name(entries)) != NULL) {
        g_autofree char *dir = g_build_filename(parent, name, NULL);

        if (aqr_workdir_is_name(name))
            sweep_one(dir, note, data);
    }
}
