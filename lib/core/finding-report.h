/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/finding.h"

/* How findings are told, for every program that has some. */

/* "  PASS  title" and its hint, two lines at most; @colour: for a terminal that has some. */
void aqr_finding_report_line(GString *text, const AqrFinding *finding, gboolean colour);

/* "3 passed, 0 warnings, 1 failed". */
void aqr_finding_report_count(GString *text, const GPtrArray *findings);

/* Members of the object that @builder has open: the list "findings"; "counts". (Who only includes
 * this needs no json-glib.) */
typedef struct _JsonBuilder JsonBuilder;
void aqr_finding_report_add(JsonBuilder *builder, const GPtrArray *findings);
void aqr_finding_report_add_counts(JsonBuilder *builder, const GPtrArray *findings);
