/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"

/* Turns AUTO into KVM or TCG. KVM is taken only when it works: a device node
 * that opens is no proof. Asked for by name, a KVM that does not work is an
 * AQR_ERROR_HOST with the reason. */
gboolean aqr_accel_choose(AqrAccel wanted, AqrAccel *accel, GError **error);
