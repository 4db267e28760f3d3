/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A process that has something, until it is killed. */
#include <glib.h>

/* In the child: FALSE when it has not got what it is to have. */
typedef gboolean (*LastingChildBegin)(gpointer data);

/* Forks; the child calls @begin with @data, unless it is NULL. Returns its pid when that
 * has returned, and fails the test when it returned FALSE. */
GPid lasting_child_start(LastingChildBegin begin, gpointer data);

/* Kills it, or another child, and waits for its end. */
void lasting_child_end(GPid pid);
