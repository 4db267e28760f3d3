/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/xml.h"

struct AqrXml {
    GString *text;
    GPtrArray *open; /* const char *, innermost last */
};

AqrXml *
aqr_xml_new(void)
{
    AqrXml *xml = g_new0(AqrXml, 1);

    xml->text = g_string_new(NULL);
    xml->open = g_ptr_array_new();
    return xml;
}

void
aqr_xml_free(AqrXml *xml)
{
    if (xml == NULL)
        return;
    g_string_free(xml->text, TRUE);
    g_ptr_array_unref(xml->open);
    g_free(xml);
}

/* A parser takes a bare line break or tab in an attribute for a blank. */
static char *
escape(const char *value)
{
    g_autofree char *escaped = g_markup_escape_text(value, -1);
    g_autoptr(GString) text = g_string_new(escaped);

    g_string_replace(text, "\n", "&#10;", 0);
    g_string_replace(text, "\t", "&#9;", 0);
    return g_strdup(text->str);
}

static void
write_tag(AqrXml *xml, const char *element, va_list attributes)
{
    const char *name;

    g_string_append_printf(xml->text, "%*s<%s", (int)xml->open->len * 2, "", element);
    while ((name = va_arg(attributes, const char *)) != NULL) {
        const char *value = va_arg(attributes, const char *);

        if (value != NULL) {
            g_autofree char *escaped = escape(value);

            g_string_append_printf(xml->text, " %s='%s'", name, escaped);
        }
    }
}

void
aqr_xml_open(AqrXml *xml, const char *element, ...)
{
    va_list attributes;

    va_start(attributes, element);
    write_tag(xml, element, attributes);
    va_end(attributes);
    g_string_append(xml->text, ">\n");
    g_ptr_array_add(xml->open, (gpointer)element);
}

void
aqr_xml_empty(AqrXml *xml, const char *element, ...)
{
    va_list attributes;

    va_start(attributes, element);
    write_tag(xml, element, attributes);
    va_end(attributes);
    g_string_append(xml->text, "/>\n");
}

void
aqr_xml_text(AqrXml *xml, const char *element, const char *content, ...)
{
    g_autofree char *escaped = NULL;
    va_list attributes;

    if (content == NULL)
        return;
    escaped = escape(content);
    va_start(attributes, content);
    write_tag(xml, element, attributes);
    va_end(attributes);
    g_string_append_printf(xml->text, ">%s</%s>\n", escaped, element);
}

void
aqr_xml_close(AqrXml *xml)
{
    const char *element;

    g_return_if_fail(xml->open->len > 0);
    element = g_ptr_array_steal_index(xml->open, xml->open->len - 1);
    g_string_append_printf(xml->text, "%*s</%s>\n", (int)xml->open->len * 2, "", element);
}

char *
aqr_xml_end(AqrXml *xml)
{
    g_return_val_if_fail(xml->open->len == 0, NULL);
    return g_strdup(xml->text->str);
}
