/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/evidence.h"
#include "host/guest-link.h"

/* Adds to @evidence what a guest that is about to go can tell: its kernel's messages, the
 * versions of its GPUs' firmware, device core dumps. A GPU that hung or was lost is told, and
 * said, even if nothing is kept; so is a dump that could not be fetched whole. One command, and
 * another for each dump; five seconds at most, in a guest that does not answer. @root: where its
 * sys is; "" in all but tests. */
void aqr_evidence_guest_gather(AqrEvidence *evidence, AqrGuestLink *link, const char *root);
