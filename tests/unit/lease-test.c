/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/lease.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/lease-note.h"
#include "host/process.h"
#include "support/check-main.h"
#include "support/data.h"

#define SLOT "0000:03:00"
#define NOBODY 65534

static char *dir;
static char *file;
static guint changes;

static void
set_up(void)
{
    dir = test_make_dir();
    ck_assert_int_eq(chmod(dir, 01777), 0);
    file = g_build_filename(dir, SLOT, NULL);
    g_setenv("AQR_LEASE_DIR", dir, TRUE);
    g_set_prgname("lease-test");
    changes = 0;
}

static void
tear_down(void)
{
    test_remove_dir(dir);
    g_free(file);
}

static AqrLease *
take(void)
{
    g_autoptr(GError) error = NULL;
    AqrLease *lease = aqr_lease_take(SLOT, "a purpose", &error);

    ck_assert_no_error(error);
    return lease;
}

/* A child that has @held and lives until it is killed. NULL: it takes the lease itself. */
static pid_t
start_holder(AqrLease *held)
{
    pid_t pid;
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        held = held != NULL ? aqr_lease_adopt(SLOT, aqr_lease_get_fd(held), "keeps it")
                            : aqr_lease_take(SLOT, "dies", NULL);
        if (write(fds[1], held == NULL ? "n" : "y", 1) == 1)
            pause();
        _exit(1);
    }
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], fds, 1), 1);
    ck_assert_int_eq(*(char *)fds, 'y');
    close(fds[0]);
    return pid;
}

static void
end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(is_taken_once)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pid = g_strdup_printf("pid %d (lease-test: a purpose)", (int)getpid());
    g_auto(AqrLeaseHolder) holder = { 0 };
    g_autoptr(AqrLease) lease = NULL;

    umask(077);
    ck_assert(!aqr_lease_is_held(SLOT, &holder));
    lease = take();
    ck_assert_str_eq(aqr_lease_get_slot(lease), SLOT);
    ck_assert_int_eq(fcntl(aqr_lease_get_fd(lease), F_GETFD), FD_CLOEXEC);
    ck_assert_ptr_null(aqr_lease_take(SLOT, "another", &error));
    ck_assert_ptr_nonnull(strstr(error->message, pid));
    ck_assert_ptr_nonnull(strstr(error->message, SLOT));
    ck_assert_error(error, AQR_ERROR_GPU);
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert(aqr_lease_is_held(SLOT, &holder));
    ck_assert_int_eq(holder.pid, getpid());
    ck_assert_str_eq(holder.program, "lease-test");
    ck_assert_str_eq(holder.purpose, "a purpose");
    ck_assert_int_le(ABS(holder.since - g_get_real_time() / G_USEC_PER_SEC), 10);
    ck_assert(!aqr_lease_is_held("0000:04:00", NULL));
}
END_TEST

START_TEST(is_given_back)
{
    struct stat status;

    umask(077);
    aqr_lease_free(NULL);
    aqr_lease_free(take());
    ck_assert(!aqr_lease_is_held(SLOT, NULL));
    ck_assert_int_eq(stat(file, &status), 0);
    ck_assert_int_eq(status.st_mode, S_IFREG | 0666);
    ck_assert_int_eq(status.st_size, 0);
    aqr_lease_free(take());
}
END_TEST

START_TEST(ends_with_a_killed_holder)
{
    pid_t pid = start_holder(NULL);
    g_auto(AqrLeaseHolder) holder = { 0 };

    ck_assert(aqr_lease_is_held(SLOT, &holder));
    ck_assert_int_eq(holder.pid, pid);
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", NULL));
    end_child(pid);
    aqr_lease_holder_clear(&holder);
    ck_assert(!aqr_lease_is_held(SLOT, &holder));
    aqr_lease_free(take());
}
END_TEST

/* The keeper: it has the lease when the first holder has none any more. */
START_TEST(lives_on_in_who_has_it_too)
{
    AqrLease *lease = take();
    pid_t pid = start_holder(lease);
    g_auto(AqrLeaseHolder) holder = { 0 };

    ck_assert(aqr_lease_is_held(SLOT, &holder));
    ck_assert_int_eq(holder.pid, pid);
    ck_assert_str_eq(holder.purpose, "keeps it");
    aqr_lease_free(lease);
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", NULL));
    end_child(pid);
    aqr_lease_free(take());
}
END_TEST

START_TEST(is_not_inherited)
{
    AqrLease *lease = take();
    pid_t pid;
    int fds[2];

    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    pid = fork();
    if (pid == 0) {
        execlp("sleep", "sleep", "1000", NULL);
        _exit(127);
    }
    close(fds[1]);
    ck_assert_int_eq(read(fds[0], fds, 1), 0); /* it is sleep by now */
    close(fds[0]);
    aqr_lease_free(lease);
    aqr_lease_free(take());
    ck_assert_int_eq(kill(pid, 0), 0);
    end_child(pid);
}
END_TEST

/* --- what stands in the file ------------------------------------------- */

static char *
note_of(int pid, guint64 start)
{
    AqrLeaseNote note = { pid, start, (char *)"p\x1b", (char *)"q\nq", 0 };

    return aqr_lease_note_to_string(&note);
}

static char *
note_of_dead(void)
{
    pid_t pid = fork();
    guint64 start;

    if (pid == 0) {
        pause();
        _exit(0);
    }
    start = aqr_process_start(pid);
    end_child(pid);
    return note_of(pid, start);
}

static char *
note_of_later(void)
{
    return note_of(getpid(), aqr_process_start(getpid()) - 1);
}

static char *
note_nothing(void)
{
    return g_strdup("");
}

static char *
note_much(void)
{
    return g_strnfill(1000000, '{');
}

static char *(*const wrong[])(void) = { note_of_dead, note_of_later, note_nothing, note_much };

static void
write_file(const char *text)
{
    int fd = open(file, O_WRONLY | O_TRUNC);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

START_TEST(names_no_wrong_process)
{
    g_autoptr(AqrLease) lease = take();
    g_autofree char *text = wrong[_i]();
    g_auto(AqrLeaseHolder) holder = { 0 };
    g_autoptr(GError) error = NULL;

    write_file(text);
    ck_assert(aqr_lease_is_held(SLOT, &holder));
    ck_assert_int_eq(holder.pid, 0);
    ck_assert_ptr_null(holder.program);
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "somebody who does not say who"));
}
END_TEST

START_TEST(shows_printable_words)
{
    g_autoptr(AqrLease) lease = take();
    g_autofree char *text = note_of(getpid(), aqr_process_start(getpid()));
    g_auto(AqrLeaseHolder) holder = { 0 };

    write_file(text);
    ck_assert(aqr_lease_is_held(SLOT, &holder));
    ck_assert_str_eq(holder.program, "p");
    ck_assert_str_eq(holder.purpose, "q q");
}
END_TEST

/* It is the lock that counts. */
START_TEST(stands_a_full_disk)
{
    g_auto(AqrLeaseHolder) holder = { 0 };
    AqrLease *lease;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 7, 7 }), 0);
    lease = take();
    ck_assert(aqr_lease_is_held(SLOT, &holder));
    ck_assert_int_eq(holder.pid, 0);
    aqr_lease_free(lease);
}
END_TEST

/* --- what is in the way ------------------------------------------------ */

static char *victim;

static void
make_link(void)
{
    ck_assert_int_eq(symlink(victim, file), 0);
}

static void
make_second_name(void)
{
    ck_assert_int_eq(link(victim, file), 0);
}

static void
make_fifo(void)
{
    ck_assert_int_eq(mkfifo(file, 0666), 0);
}

static void
make_directory(void)
{
    ck_assert_int_eq(mkdir(file, 0777), 0);
}

static void (*const odd[])(void) = { make_link, make_second_name, make_fifo, make_directory };

START_TEST(takes_plain_files_only)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    victim = g_build_filename(dir, "victim", NULL);
    ck_assert(g_file_set_contents(victim, "keep", -1, NULL));
    odd[_i]();
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(aqr_lease_is_held(SLOT, NULL)); /* nobody can have it */
    ck_assert(!aqr_lease_check(SLOT, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(g_file_get_contents(victim, &text, NULL, NULL));
    ck_assert_str_eq(text, "keep");
    g_free(victim);
}
END_TEST

START_TEST(wants_a_safe_directory)
{
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(chmod(dir, 0777), 0);
    ck_assert_ptr_null(aqr_lease_take(SLOT, "", &error));
    ck_assert_error(error, AQR_ERROR_HOST);
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert_ptr_null(aqr_lease_watch_new(NULL, NULL, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

START_TEST(is_free_without_a_directory)
{
    g_autofree char *none = g_build_filename(dir, "none", NULL);

    g_setenv("AQR_LEASE_DIR", none, TRUE);
    ck_assert(!aqr_lease_is_held(SLOT, NULL));
    ck_assert(!g_file_test(none, G_FILE_TEST_EXISTS));
    aqr_lease_free(take());
    ck_assert(g_file_test(none, G_FILE_TEST_IS_DIR));
}
END_TEST

static gboolean
takes_and_keeps(G_GNUC_UNUSED gpointer data)
{
    return aqr_lease_take(SLOT, "mine", NULL) != NULL;
}

static gboolean
removes(G_GNUC_UNUSED gpointer data)
{
    return unlink(file) == 0;
}

static int
as_nobody(gboolean (*check)(gpointer data))
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0)
        _exit(setresuid(NOBODY, NOBODY, NOBODY) == 0 && check(NULL) ? 0 : 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WEXITSTATUS(status);
}

START_TEST(is_for_ordinary_users_too)
{
    AqrLease *lease;

    if (geteuid() != 0)
        return;
    umask(077);
    aqr_lease_free(take());
    ck_assert_int_eq(as_nobody(takes_and_keeps), 0); /* in root's file */
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(as_nobody(takes_and_keeps), 0); /* in his own */
    lease = take();
    ck_assert_int_eq(as_nobody(takes_and_keeps), 1);
    ck_assert_int_eq(as_nobody(removes), 1); /* nor can he take it away */
    aqr_lease_free(lease);
}
END_TEST

/* --- watching ---------------------------------------------------------- */

static void
count(gpointer data)
{
    ck_assert_ptr_eq(data, &changes);
    changes++;
}

static AqrLeaseWatch *
watch(void)
{
    g_autoptr(GError) error = NULL;
    AqrLeaseWatch *made = aqr_lease_watch_new(count, &changes, &error);

    ck_assert_no_error(error);
    return made;
}

static void
attend(void)
{
    while (g_main_context_iteration(NULL, FALSE)) {
    }
}

/* Who waits tries, and must not wake who waits too. */
START_TEST(is_not_woken_by_who_looks)
{
    g_autoptr(AqrLease) lease = take();
    g_autoptr(AqrLeaseWatch) made = watch();

    ck_assert_ptr_null(aqr_lease_take(SLOT, "", NULL));
    ck_assert(aqr_lease_is_held(SLOT, NULL));
    ck_assert(!aqr_lease_is_held("0000:04:00", NULL));
    ck_assert(!aqr_lease_check(SLOT, NULL));
    ck_assert(aqr_lease_check("0000:04:00", NULL));
    attend();
    ck_assert_uint_eq(changes, 0);
}
END_TEST

START_TEST(wakes_for_a_lease)
{
    AqrLease *lease = take();
    g_autoptr(AqrLeaseWatch) made = watch();

    aqr_lease_free(lease);
    attend();
    ck_assert_uint_gt(changes, 0);
}
END_TEST

START_TEST(wakes_for_a_quarantine)
{
    g_autofree char *name = g_strconcat(file, ".quarantine", NULL);
    AqrLeaseWatch *made;

    ck_assert(g_file_set_contents(name, "sick", -1, NULL));
    made = watch();
    ck_assert_int_eq(unlink(name), 0);
    attend();
    ck_assert_uint_gt(changes, 0);
    aqr_lease_watch_free(made);
}
END_TEST

/* Such a lease gives no event: it is found all the same. */
START_TEST(finds_what_gives_no_event)
{
    g_autoptr(AqrLeaseWatch) made = watch();

    while (changes == 0)
        g_main_context_iteration(NULL, TRUE);
}
END_TEST

START_TEST(watches_a_directory_made_anew)
{
    g_autoptr(AqrLeaseWatch) made = watch();
    AqrLease *lease;
    guint before;

    ck_assert_int_eq(rmdir(dir), 0);
    lease = take();
    while (changes < 2) /* that it has gone, and the look that follows */
        g_main_context_iteration(NULL, TRUE);
    before = changes;
    aqr_lease_free(lease);
    attend();
    ck_assert_uint_gt(changes, before);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, is_taken_once);
    tcase_add_test(tcase, is_given_back);
    tcase_add_test(tcase, ends_with_a_killed_holder);
    tcase_add_test(tcase, lives_on_in_who_has_it_too);
    tcase_add_test(tcase, is_not_inherited);
    tcase_add_loop_test(tcase, names_no_wrong_process, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tcase, shows_printable_words);
    tcase_add_test(tcase, stands_a_full_disk);
    tcase_add_loop_test(tcase, takes_plain_files_only, 0, G_N_ELEMENTS(odd));
    tcase_add_test(tcase, wants_a_safe_directory);
    tcase_add_test(tcase, is_free_without_a_directory);
    tcase_add_test(tcase, is_for_ordinary_users_too);
    tcase_add_test(tcase, is_not_woken_by_who_looks);
    tcase_add_test(tcase, wakes_for_a_lease);
    tcase_add_test(tcase, wakes_for_a_quarantine);
    tcase_add_test(tcase, finds_what_gives_no_event);
    tcase_add_test(tcase, watches_a_directory_made_anew);
}
