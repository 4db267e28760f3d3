/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-files.h"
#include "core/setup-step.h"

/* What has to be set on a host for the workers of a plan, host/setup-apply does it, and what
 * is left to the administrator, who starts and stops things. */

/* Of AqrSetupStep. @facts are those that the plan was made of. */
GPtrArray *aqr_debci_setup_steps(const AqrDebciPlan *plan, const AqrHostFacts *facts,
                                 const AqrDebciFacts *debci,
                                 const AqrDebciWish *wish) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): commands for a root shell, each in one string. */
GStrv aqr_debci_setup_next(const AqrDebciPlan *plan,
                           const AqrDebciFacts *debci) G_GNUC_WARN_UNUSED_RESULT;
