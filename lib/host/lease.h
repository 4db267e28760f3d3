/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Who has a GPU: a locked file per PCI slot in one directory that every user of the host
 * shares (host/lease-dir). A lock, flock(2), belongs to an open file: it ends when the last
 * process that has it open ends, however that happens. What stands in the file is for
 * people; it is the lock that counts. A virtual function's file is named by its address. A file
 * stays when its lease has ended. By hand: `flock /run/lock/rocm-gpu/0000:03:00 COMMAND`. */
typedef struct AqrLease AqrLease;

/* Whether aqr_lease_take() would get the slot's lease now, as far as a look tells: the same
 * errors. Others do not notice it. */
gboolean aqr_lease_check(const char *slot, GError **error);

/* Takes the slot's lease ("0000:03:00"), without waiting. @purpose is shown to others:
 * "autopkgtest gzip". NULL and AQR_ERROR_GPU when somebody has it, named as far as it is
 * known; NULL and AQR_ERROR_HOST when the directory cannot be used or is not safe. */
AqrLease *aqr_lease_take(const char *slot, const char *purpose,
                         GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* The lease that this process was given as the open file @fd (transfer full): from now on
 * it is named as who has it. */
AqrLease *aqr_lease_adopt(const char *slot, int fd, const char *purpose) G_GNUC_WARN_UNUSED_RESULT;

/* Gives it back, unless another process has the same open file. NULL is harmless. */
void aqr_lease_free(AqrLease *lease);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrLease, aqr_lease_free)

const char *aqr_lease_get_slot(const AqrLease *lease);

/* Its open file (transfer none, closed on exec), for a process that is to hold it too. */
int aqr_lease_get_fd(const AqrLease *lease);

typedef struct {
    GPid pid; /* 0: untold */
    char *program;
    char *purpose;
    gint64 since; /* Unix time in seconds; 0: untold */
} AqrLeaseHolder;

/* Whether somebody has the slot now, and who: @holder (NULL: no matter) tells nothing where
 * that is not sure. A slot that nobody ever had is free. One that could not be taken, as its
 * file or the directory is none, counts as held. */
gboolean aqr_lease_is_held(const char *slot, AqrLeaseHolder *holder);
void aqr_lease_holder_clear(AqrLeaseHolder *holder);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrLeaseHolder, aqr_lease_holder_clear)

/* Calls @changed in the main context whenever a lease may have been given back, or a
 * quarantine ended: too often rather than too late, so look then. It must not free the
 * watch. NULL and AQR_ERROR_HOST. */
typedef struct AqrLeaseWatch AqrLeaseWatch;
AqrLeaseWatch *aqr_lease_watch_new(void (*changed)(gpointer data), gpointer data,
                                   GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_lease_watch_free(AqrLeaseWatch *watch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrLeaseWatch, aqr_lease_watch_free)
