/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The real keeper, of a process that is killed, with leases and processes that are real and
 * drivers that are not. */
#include "host/keeper.h"
#include "support/leases.h"

#define SLOT "0000:03:00"
#define OTHER "0000:04:00"

void kept_leases_set_up(void); /* torn down by leases_tear_down() */

/* (transfer full): a program that is the keeper with another grace. */
char *keeper_with_grace(int seconds);

GPtrArray *take_leases(void); /* (transfer full): of SLOT and OTHER */
gboolean are_free(gpointer data);
void wait_free(void);

AqrKeeper *start_keeper(const char *program, const GPtrArray *leases);

/* Until the keeper is the one who has the leases: its pid. */
GPid wait_keeper(void);

GPid start_process(const char *script);
gboolean is_running(GPid pid);

/* A server that has the leases and a keeper, which it tells of @qemu, until it is killed by
 * lasting_child_end(). */
GPid start_server(const char *program, GPid qemu, guint n_orders);
