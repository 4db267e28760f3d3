/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* The story of one testbed: opened, used, reverted, rebooted, closed. It knows
 * what autopkgtest expects of each step, not how the world does it. */
typedef struct AqrTestbed AqrTestbed;

/* @world is borrowed, with @data for its functions. @copy_timeout in
 * microseconds; 0: none. */
AqrTestbed *aqr_testbed_new(const AqrWorld *world, gpointer data,
                            gint64 copy_timeout) G_GNUC_WARN_UNUSED_RESULT;

/* The user for tests that do not want root is @user, rather than the first
 * ordinary one that the guest has. */
void aqr_testbed_suggest_user(AqrTestbed *testbed, const char *user);

/* From its next start on the guest has this time zone, a name as aqr_time_zone_name()
 * makes it, if it knows it; NULL: it keeps its own. */
void aqr_testbed_set_time_zone(AqrTestbed *testbed, const char *zone);

/* From its next start on the guest has GPUs, which the user for tests that do not want root
 * may use, too. */
void aqr_testbed_set_gpus(AqrTestbed *testbed);

/* Closes it first. */
void aqr_testbed_free(AqrTestbed *testbed);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrTestbed, aqr_testbed_free)

/* Opens it: *@scratch (transfer none) is the directory in the guest for its
 * user, the same in every life of the testbed. What fails leaves it closed. */
gboolean aqr_testbed_open(AqrTestbed *testbed, const char **scratch, GError **error);

/* Back to how it was after open. */
gboolean aqr_testbed_revert(AqrTestbed *testbed, const char **scratch, GError **error);

/* Restarts the guest and keeps the scratch directory. @prepare_only: somebody in
 * the guest restarts it, once everything is prepared. */
gboolean aqr_testbed_reboot(AqrTestbed *testbed, gboolean prepare_only, GError **error);

/* Its guest has restarted without being told to: waits until it is up again, with all that it
 * had but the scratch directory. */
gboolean aqr_testbed_follow(AqrTestbed *testbed, GError **error);

gboolean aqr_testbed_copy(AqrTestbed *testbed, const AqrCopy *copy, AqrCopyResult *result,
                          GError **error);

/* (transfer none) */
const char *const *aqr_testbed_exec_argv(AqrTestbed *testbed);

/* A shell on the user's terminal, in @dir of the guest, with the NAME=value pairs
 * of @environment. */
gboolean aqr_testbed_shell(AqrTestbed *testbed, const char *dir, const char *const *environment,
                           GError **error);

void aqr_testbed_explain(AqrTestbed *testbed);

/* (transfer full): what it is capable of, in autopkgtest's words. */
GStrv aqr_testbed_capabilities(const AqrTestbed *testbed) G_GNUC_WARN_UNUSED_RESULT;

/* Harmless when it is closed. */
void aqr_testbed_close(AqrTestbed *testbed);
