/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A guest link with a real agent behind it, and commands through it. */
#include "host/guest-command.h"
#include "host/wait.h"

#define PATIENCE (20 * G_TIME_SPAN_SECOND)

typedef struct {
    AqrGuestLink *link;
    GPid agent;
    gboolean killed; /* it, by the test */
    char *dir;
} AgentLink;

/* An agent on @fd, which it inherits. It says hello once it has read this in a line. */
#define AGENT_NONCE "0123456789abcdef"
GPid agent_start(int fd);

/* It is up. */
AgentLink *agent_link_new(void) G_GNUC_WARN_UNUSED_RESULT;
void agent_link_free(AgentLink *through);

/* The fixture: what every test of a suite talks to. */
extern AgentLink *agent;
void set_up(void);
void tear_down(void);

/* A command whose stdin, stdout and stderr are files in memory, unless the test
 * gives it others. */
typedef struct {
    int fds[3];
    gboolean ended;
    int status;
    AqrGuestCommand *command; /* NULL once it has ended */
} Job;

/* @input may be NULL: none. */
void job_init(Job *job, const void *input, gsize length);
void job_start(Job *job, AgentLink *through, const char *const *argv, gboolean terminal);
void job_wait(Job *job);
void job_kill(Job *job);
void job_clear(Job *job);

/* (transfer full): what is in fds[@n]. */
GBytes *job_output(const Job *job, int n) G_GNUC_WARN_UNUSED_RESULT;

/* Runs @argv with @input to its end; the job is to be cleared. */
void run(Job *job, AgentLink *through, const char *const *argv, const void *input, gsize length);

/* Runs "sh -c @script" to its end: its status. Its stdout in *@output. */
int run_script(AgentLink *through, const char *script, char **output);

/* What is in fds[@n] of the job is @text. */
#define ck_assert_output(job, n, text)                                               \
    do {                                                                             \
        g_autoptr(GBytes) found = job_output(job, n);                                \
        ck_assert_uint_eq(g_bytes_get_size(found), strlen(text));                    \
        ck_assert(memcmp(g_bytes_get_data(found, NULL), (text), strlen(text)) == 0); \
    } while (0)

/* Waits until @predicate holds; the test fails when it does not in time. */
void wait_until(AqrPredicate predicate, gpointer data);

/* Attends to everything for so many milliseconds. */
void attend_for(guint ms);
