/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host-facts.h"
#include "core/setup-step.h"

/* What can safely be set on a host so that fewer checks complain; host/setup-apply does
 * it. Nothing that another file already says, and nothing that is the firmware's, the boot
 * loader's or an administrator's to decide: libvirt's group is as good as root. */

/* Of AqrSetupStep, in their order; empty: there is nothing to do. */
GPtrArray *aqr_setup_plan_make(const AqrHostFacts *facts) G_GNUC_WARN_UNUSED_RESULT;
