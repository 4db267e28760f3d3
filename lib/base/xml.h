/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Writes XML, indented, as libvirt prints it. It escapes what it is given; it
 * does not know any schema.
 *
 * Attributes are name and value pairs that a NULL name ends. A NULL value
 * makes its attribute vanish, a NULL content its whole element: so what is
 * optional needs no condition around it. */
typedef struct AqrXml AqrXml;

AqrXml *aqr_xml_new(void) G_GNUC_WARN_UNUSED_RESULT;
void aqr_xml_free(AqrXml *xml);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrXml, aqr_xml_free)

void aqr_xml_open(AqrXml *xml, const char *element, ...) G_GNUC_NULL_TERMINATED;
void aqr_xml_empty(AqrXml *xml, const char *element, ...) G_GNUC_NULL_TERMINATED;
void aqr_xml_text(AqrXml *xml, const char *element, const char *content,
                  ...) G_GNUC_NULL_TERMINATED;

/* Closes the innermost element that is open. */
void aqr_xml_close(AqrXml *xml);

/* (transfer full): what was written; every element must be closed. */
char *aqr_xml_end(AqrXml *xml) G_GNUC_WARN_UNUSED_RESULT;
