/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-plan.h"

/* The units of debci's workers: what they are called, and whether those that were made before
 * are those that a host wants. */

/* (transfer full): the @n-th, from 1 on, for @gfx: "debci-worker@amd64\x2bgfx1030_1.service". */
char *aqr_debci_units_name(const char *gfx, guint n) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): "amd64+gfx1030" of such a name; NULL: it is none. */
char *aqr_debci_units_arch(const char *unit) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the variants of @plan's workers and of the units that were made before, each
 * once, with blanks between. */
char *aqr_debci_units_archs(const AqrDebciPlan *plan,
                            const AqrDebciFacts *debci) G_GNUC_WARN_UNUSED_RESULT;

/* Whether a GPU that is there can have it. One in quarantine keeps the unit that it has had. */
gboolean aqr_debci_units_expect(const AqrHostFacts *facts, const char *unit);

/* Whether those that were made before are those of @plan: (transfer full), NULL where there
 * are none. For who judges a host that is a worker already. */
AqrFinding *aqr_debci_units_judge(const AqrDebciPlan *plan, const AqrHostFacts *facts,
                                  const AqrDebciFacts *debci) G_GNUC_WARN_UNUSED_RESULT;
