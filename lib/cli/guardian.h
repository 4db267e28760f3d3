/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A process over the one that works, so that whichever of the two is killed, even by SIGKILL,
 * nothing stays behind. The first passes on what signals it gets, and when the second has ended,
 * ends what that left running and calls @clean_up. What has not inherited its environment, as
 * libvirt's daemon and machines, is others' and goes on. The second is told by SIGTERM when the
 * first is gone, and cleans up by itself. For a program that starts others and is not asked to
 * leave any of them running. */

/* Before any thread is started, and before libvirt: it forks. @work is called in the child, and
 * returns an exit status, or a signal to end by as a negative number; @clean_up is called in the
 * parent, also after a good end. What is returned is that status; or the parent ends by the
 * signal that the child ended by. */
int aqr_guardian_run(int (*work)(gpointer data), void (*clean_up)(gpointer data), gpointer data);
