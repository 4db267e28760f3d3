/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A stack of what must be undone. Whoever changes something on the host pushes
 * the way back in the same breath; the stack runs them, last first. */
typedef struct AqrUndo AqrUndo;

AqrUndo *aqr_undo_new(void) G_GNUC_WARN_UNUSED_RESULT;

/* Runs what is on the stack, then frees it. NULL is fine. */
void aqr_undo_free(AqrUndo *undo);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrUndo, aqr_undo_free)

/* Calls @step with @data when its turn comes, once. */
void aqr_undo_push(AqrUndo *undo, GDestroyNotify step, gpointer data);

/* Undoes everything, last first, and leaves the stack empty. */
void aqr_undo_run(AqrUndo *undo);
