/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-facts.h"
#include "host/stop.h"

/* Looks at debci on this host and changes nothing. @root: of files; "/", tests have others.
 * @stop may be NULL. */
void aqr_debci_facts_gather(const char *root, const AqrStop *stop, AqrDebciFacts *facts);

/* (transfer full): of char, the units that we have made drop-ins for. */
GPtrArray *aqr_debci_facts_find_units(const char *root) G_GNUC_WARN_UNUSED_RESULT;
