/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Two directories of this process: one for sockets and small files of its VMs, and one for what
 * their guests write. They may be the same. libvirt's driver in our own process works under the
 * first, and can have no other as long as the process lives ("already open with path"): so a
 * program that has several VMs, one after the other, has them in one place. */
typedef struct AqrVmPlace AqrVmPlace;

/* It makes nothing yet. */
AqrVmPlace *aqr_vm_place_new(void) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the directories, with all that is in them. */
void aqr_vm_place_free(AqrVmPlace *place);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrVmPlace, aqr_vm_place_free)

/* Makes the directories, if they are not there yet; the second one in @store. @sweeps: what killed
 * processes left beside them is removed first. AQR_ERROR_HOST. */
gboolean aqr_vm_place_make(AqrVmPlace *place, const char *store, gboolean sweeps, GError **error);

/* (transfer none) */
const char *aqr_vm_place_get_work(const AqrVmPlace *place);
const char *aqr_vm_place_get_store(const AqrVmPlace *place);

/* The files that say that they are in use; -1 ends them. Transfer none. */
const int *aqr_vm_place_get_locks(const AqrVmPlace *place);
