/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/lease.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/lease-note.h"
#include "host/process.h"
#include "support/check-main.h"
#include "support/lasting-child.h"
#include "support/leases.h"

static void
set_up(void)
{
    leases_set_up();
    g_set_prgname("lease-test");
}

static gboolean
hold(gpointer held)
{
    AqrLease *lease = held != NULL
                          ? aqr_lease_adopt(LEASES_SLOT, aqr_lease_get_fd(held), "keeps it")
                          : aqr_lease_take(LEASES_SLOT, "dies", NULL);

    return lease != NULL;
}

/* A child that has @held. NULL: it takes the lease itself. */
static GPid
start_holder(AqrLease *held)
{
    return lasting_child_start(hold, held);
}

START_TEST(is_taken_once)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *pid = g_strdup_printf("pid %d (lease-test: a purpose)", (int)getpid());
    g_auto(AqrLeaseHolder) holder = { 0 };
    g_autoptr(AqrLease) lease = NULL;

    umask(077);
    ck_assert(!aqr_lease_is_held(LEASES_SLOT, &holder));
    lease = leases_take();
    ck_assert_str_eq(aqr_lease_get_slot(lease), LEASES_SLOT);
    ck_assert_int_eq(fcntl(aqr_lease_get_fd(lease), F_GETFD), FD_CLOEXEC);
    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "another", &error));
    ck_assert_ptr_nonnull(strstr(error->message, pid));
    ck_assert_ptr_nonnull(strstr(error->message, LEASES_SLOT));
    ck_assert_error(error, AQR_ERROR_GPU);
    ck_assert(aqr_lease_is_held(LEASES_SLOT, NULL));
    ck_assert(aqr_lease_is_held(LEASES_SLOT, &holder));
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
    aqr_lease_free(leases_take());
    ck_assert(!aqr_lease_is_held(LEASES_SLOT, NULL));
    ck_assert_int_eq(stat(leases_file, &status), 0);
    ck_assert_int_eq(status.st_mode, S_IFREG | 0666);
    ck_assert_int_eq(status.st_size, 0);
    aqr_lease_free(leases_take());
}
END_TEST

START_TEST(ends_with_a_killed_holder)
{
    pid_t pid = start_holder(NULL);
    g_auto(AqrLeaseHolder) holder = { 0 };

    ck_assert(aqr_lease_is_held(LEASES_SLOT, &holder));
    ck_assert_int_eq(holder.pid, pid);
    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "", NULL));
    lasting_child_end(pid);
    aqr_lease_holder_clear(&holder);
    ck_assert(!aqr_lease_is_held(LEASES_SLOT, &holder));
    aqr_lease_free(leases_take());
}
END_TEST

/* The keeper: it has the lease when the first holder has none any more. */
START_TEST(lives_on_in_who_has_it_too)
{
    AqrLease *lease = leases_take();
    pid_t pid = start_holder(lease);
    g_auto(AqrLeaseHolder) holder = { 0 };

    ck_assert(aqr_lease_is_held(LEASES_SLOT, &holder));
    ck_assert_int_eq(holder.pid, pid);
    ck_assert_str_eq(holder.purpose, "keeps it");
    aqr_lease_free(lease);
    ck_assert(aqr_lease_is_held(LEASES_SLOT, NULL));
    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "", NULL));
    lasting_child_end(pid);
    aqr_lease_free(leases_take());
}
END_TEST

START_TEST(is_not_inherited)
{
    AqrLease *lease = leases_take();
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
    aqr_lease_free(leases_take());
    ck_assert_int_eq(kill(pid, 0), 0);
    lasting_child_end(pid);
}
END_TEST

/* --- what stands in the file ------------------------------------------ */

static char *
note_of(int pid, guint64 start)
{
    AqrLeaseNote note = { pid, start, (char *)"p\x1b", (char *)"q\nq", 0 };

    return aqr_lease_note_to_string(&note);
}

static char *
note_of_dead(void)
{
    GPid pid = lasting_child_start(NULL, NULL);
    guint64 start;

    start = aqr_process_start(pid);
    lasting_child_end(pid);
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
    int fd = open(leases_file, O_WRONLY | O_TRUNC);

    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

START_TEST(names_no_wrong_process)
{
    g_autoptr(AqrLease) lease = leases_take();
    g_autofree char *text = wrong[_i]();
    g_auto(AqrLeaseHolder) holder = { 0 };
    g_autoptr(GError) error = NULL;

    write_file(text);
    ck_assert(aqr_lease_is_held(LEASES_SLOT, &holder));
    ck_assert_int_eq(holder.pid, 0);
    ck_assert_ptr_null(holder.program);
    ck_assert_ptr_null(aqr_lease_take(LEASES_SLOT, "", &error));
    ck_assert_ptr_nonnull(strstr(error->message, "somebody who does not say who"));
}
END_TEST

START_TEST(shows_printable_words)
{
    g_autoptr(AqrLease) lease = leases_take();
    g_autofree char *text = note_of(getpid(), aqr_process_start(getpid()));
    g_auto(AqrLeaseHolder) holder = { 0 };

    write_file(text);
    ck_assert(aqr_lease_is_held(LEASES_SLOT, &holder));
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
    lease = leases_take();
    ck_assert(aqr_lease_is_held(LEASES_SLOT, &holder));
    ck_assert_int_eq(holder.pid, 0);
    aqr_lease_free(lease);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, leases_tear_down);
    tcase_add_test(tcase, is_taken_once);
    tcase_add_test(tcase, is_given_back);
    tcase_add_test(tcase, ends_with_a_killed_holder);
    tcase_add_test(tcase, lives_on_in_who_has_it_too);
    tcase_add_test(tcase, is_not_inherited);
    tcase_add_loop_test(tcase, names_no_wrong_process, 0, G_N_ELEMENTS(wrong));
    tcase_add_test(tcase, shows_printable_words);
    tcase_add_test(tcase, stands_a_full_disk);
}
