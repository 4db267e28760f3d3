/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- starting ---------------------------------------------------------- */

static void
close_all(const int *fds, int n)
{
    for (int i = 0; i < n; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

/* Three pipes: ours in @ours, the command's in @theirs. */
static int
open_pipes(int ours[3], int theirs[3])
{
    for (int i = 0; i < 3; i++) {
        int ends[2];

        if (pipe2(ends, O_CLOEXEC) < 0) {
            int failed = errno;

            close_all(ours, i);
            close_all(theirs, i);
            return failed;
        }
        ours[i] = ends[i == 0 ? 1 : 0];
        theirs[i] = ends[i == 0 ? 0 : 1];
        fcntl(ours[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

/* What makes a command independent of us: its own session, no signal of ours
 * blocked or ignored. */
static void
set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t all, none;

    sigfillset(&all);
    sigemptyset(&none);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setsigdefault(attributes, &all);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setflags(attributes,
                             POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

/* A script without "#!" is one for the shell, as execvp() has it. */
static int
spawn_script(pid_t *pid, const posix_spawn_file_actions_t *files,
             const posix_spawnattr_t *attributes, const char *const argv[])
{
    size_t n = 0;
    const char **shell_argv;
    int failed;

    while (argv[n] != NULL)
        n++;
    shell_argv = calloc(n + 2, sizeof *shell_argv);
    if (shell_argv == NULL)
        return ENOMEM;
    shell_argv[0] = "/bin/sh";
    memcpy(shell_argv + 1, argv, n * sizeof *argv);
    failed = posix_spawn(pid, shell_argv[0], files, attributes, (char **)shell_argv, environ);
    free(shell_argv);
    return failed;
}

static int
spawn(pid_t *pid, const posix_spawn_file_actions_t *files, const char *const argv[])
{
    posix_spawnattr_t attributes;
    int failed;

    set_attributes(&attributes);
    failed = posix_spawnp(pid, argv[0], files, &attributes, (char *const *)argv, environ);
    if (failed == ENOEXEC)
        failed = spawn_script(pid, files, &attributes, argv);
    posix_spawnattr_destroy(&attributes);
    return failed;
}

static int
start_on_pipes(const char *const argv[], Process *process)
{
    posix_spawn_file_actions_t files;
    int theirs[3] = { -1, -1, -1 };
    int failed = open_pipes(process->fds, theirs);

    if (failed != 0)
        return failed;
    posix_spawn_file_actions_init(&files);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&files, theirs[i], i);
    failed = spawn(&process->pid, &files, argv);
    posix_spawn_file_actions_destroy(&files);
    close_all(theirs, 3);
    if (failed != 0)
        close_all(process->fds, 3);
    return failed;
}

/* The session's leader opens the terminal and so makes it its own. */
static int
start_on_terminal(const char *const argv[], Process *process)
{
    posix_spawn_file_actions_t files;
    char name[64];
    int failed;
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);

    if (terminal < 0 || grantpt(terminal) < 0 || unlockpt(terminal) < 0 ||
        ptsname_r(terminal, name, sizeof name) != 0) {
        failed = errno;
        close_all(&terminal, 1);
        return failed;
    }
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, name, O_RDWR, 0);
    posix_spawn_file_actions_adddup2(&files, 0, 1);
    posix_spawn_file_actions_adddup2(&files, 0, 2);
    failed = spawn(&process->pid, &files, argv);
    posix_spawn_file_actions_destroy(&files);
    if (failed != 0) {
        close(terminal);
        return failed;
    }
    process->fds[0] = terminal;
    process->fds[1] = fcntl(terminal, F_DUPFD_CLOEXEC, 0);
    process->fds[2] = -1;
    return 0;
}

int
process_start(const char *const argv[], bool terminal, Process *process)
{
    return terminal ? start_on_terminal(argv, process) : start_on_pipes(argv, process);
}

/* --- ending ------------------------------------------------------------ */

int
process_exit_status(int wait_status)
{
    return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

typedef struct {
    pid_t pid, parent, group, session;
    unsigned long long started; /* tells a process from a later one with its number */
} Entry;

struct Family {
    Entry *members;
    size_t n;
};

static bool
read_entry(pid_t pid, Entry *entry)
{
    char path[32], text[512];
    const char *fields;
    FILE *file;
    size_t length;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    file = fopen(path, "re");
    if (file == NULL)
        return false;
    length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    fields = strrchr(text, ')'); /* the name before it may hold anything */
    if (fields == NULL)
        return false;
    entry->pid = pid;
    return sscanf(fields + 1,
                  " %*c %d %d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
                  "%*d %*d %llu",
                  &entry->parent, &entry->group, &entry->session, &entry->started) == 4;
}

static void
add_member(Family *family, const Entry *entry)
{
    Entry *members = realloc(family->members, (family->n + 1) * sizeof *members);

    if (members == NULL)
        abort();
    family->members = members;
    family->members[family->n++] = *entry;
}

static Family *
read_all_processes(void)
{
    Family *all = calloc(1, sizeof *all);
    DIR *directory = opendir("/proc");
    struct dirent *item;

    if (all == NULL)
        abort();
    while (directory != NULL && (item = readdir(directory)) != NULL) {
        Entry entry;
        int pid = atoi(item->d_name);

        if (pid > 1 && read_entry(pid, &entry))
            add_member(all, &entry);
    }
    if (directory != NULL)
        closedir(directory);
    return all;
}

static bool
is_member(const Family *family, pid_t pid)
{
    for (size_t i = 0; i < family->n; i++) {
        if (family->members[i].pid == pid)
            return true;
    }
    return false;
}

static bool
belongs(const Family *family, const Entry *entry, pid_t leader)
{
    return entry->pid == leader || entry->group == leader || entry->session == leader ||
           is_member(family, entry->parent);
}

Family *
family_find(pid_t pid)
{
    Family *all = read_all_processes();
    Family *family = calloc(1, sizeof *family);
    size_t before;

    if (family == NULL)
        abort();
    do { /* until a pass over all finds no further relative */
        before = family->n;
        for (size_t i = 0; i < all->n; i++) {
            const Entry *entry = &all->members[i];

            if (!is_member(family, entry->pid) && belongs(family, entry, pid))
                add_member(family, entry);
        }
    } while (family->n > before);
    family_free(all);
    return family;
}

void
family_free(Family *family)
{
    if (family == NULL)
        return;
    free(family->members);
    free(family);
}

void
family_signal(const Family *family, int signal_number)
{
    for (size_t i = 0; i < family->n; i++) {
        const Entry *member = &family->members[i];
        Entry now;

        if (read_entry(member->pid, &now) && now.started == member->started)
            kill(member->pid, signal_number);
    }
}
