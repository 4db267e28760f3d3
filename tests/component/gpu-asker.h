/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* Somebody who asks for GPUs of a host that has two, in the slots ONE and OTHER: a fixture,
 * with leases, processes and a keeper that are real. */
#include "fake-gpu.h"
#include "host/gpu-hold.h"
#include "host/lease.h"

#define ONE "0000:21:00"
#define OTHER "0000:61:00"

extern FakeGpu asker_host; /* its sysfs alone */
extern char *asker_dir;    /* with these two in it */
extern char *asker_leases;
extern char *asker_table;

void asker_set_up(void);
void asker_tear_down(void);

/* Of another fixture, which VFIO can be used on. */
void asker_make_host(const char *fixture);

typedef struct {
    GPtrArray *selectors;
    AqrGpuHoldConfig config;
} Asker;

/* @word: of --gpu. @wait: seconds. Notes go to config.data, a GString, if it is set. */
void asker_ask(Asker *asker, const char *word, int wait);
void asker_clear(Asker *asker);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asker, asker_clear)

AqrGpuHold *asker_take(const Asker *asker) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the address of the only one. */
char *asker_address(const AqrGpuHold *hold) G_GNUC_WARN_UNUSED_RESULT;

/* Takes @word's, which is the one at @wanted, and gives it back; or fails so. */
void asker_gets(const char *word, const char *wanted);
void asker_fails(const char *word, int wait, int code, const char *says);

/* Another's. */
AqrLease *asker_lease(const char *slot) G_GNUC_WARN_UNUSED_RESULT;

/* Until nobody has a lease. */
void asker_wait_free(void);
