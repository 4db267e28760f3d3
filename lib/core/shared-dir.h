/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* A directory of the host that the guest sees too. */
typedef struct {
    char *source; /* on the host, absolute */
    char *target; /* in the guest, absolute */
    gboolean writable;
} AqrSharedDir;

/* @source: if it is not absolute, it is looked for in @here. */
AqrSharedDir *aqr_shared_dir_new(const char *source, const char *target, gboolean writable,
                                 const char *here) G_GNUC_WARN_UNUSED_RESULT;

/* Reads "src=DIR,dst=DIR[,rw]", in any order; a source that is not absolute is
 * looked for in @here. AQR_ERROR_USAGE. */
AqrSharedDir *aqr_shared_dir_parse(const char *text, const char *here,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_shared_dir_free(AqrSharedDir *dir);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrSharedDir, aqr_shared_dir_free)

/* (transfer full): by what name the guest mounts the one with this number. */
char *aqr_shared_dir_tag(unsigned number) G_GNUC_WARN_UNUSED_RESULT;
