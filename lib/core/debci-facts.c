/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-facts.h"

#include "core/version.h"

gboolean
aqr_debci_facts_is_old(const AqrDebciFacts *debci)
{
    return debci->version != NULL && !aqr_version_is_at_least(debci->version, 4, 0);
}

void
aqr_debci_facts_clear(AqrDebciFacts *facts)
{
    g_free(facts->version);
    g_free(facts->subuid);
    g_free(facts->subgid);
    g_clear_pointer(&facts->units, g_ptr_array_unref);
    aqr_debci_kept_clear(&facts->kept);
    *facts = (AqrDebciFacts){ 0 };
}
