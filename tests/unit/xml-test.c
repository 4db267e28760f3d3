/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/xml.h"

#include "support/check-main.h"

START_TEST(indents)
{
    g_autoptr(AqrXml) xml = aqr_xml_new();
    g_autofree char *text = NULL;

    aqr_xml_open(xml, "a", NULL);
    aqr_xml_open(xml, "b", "x", "1", "y", "2", NULL);
    aqr_xml_empty(xml, "c", "z", "", NULL);
    aqr_xml_text(xml, "d", "words", "unit", "MiB", NULL);
    aqr_xml_close(xml);
    aqr_xml_text(xml, "e", "", NULL);
    aqr_xml_close(xml);
    text = aqr_xml_end(xml);
    ck_assert_str_eq(text, "<a>\n"
                           "  <b x='1' y='2'>\n"
                           "    <c z=''/>\n"
                           "    <d unit='MiB'>words</d>\n"
                           "  </b>\n"
                           "  <e></e>\n"
                           "</a>\n");
}
END_TEST

START_TEST(vanishes)
{
    g_autoptr(AqrXml) xml = aqr_xml_new();
    g_autofree char *text = NULL;

    aqr_xml_open(xml, "a", "gone", NULL, "here", "1", NULL);
    aqr_xml_empty(xml, "b", "here", "1", "gone", NULL, NULL);
    aqr_xml_text(xml, "c", NULL, "here", "1", NULL);
    aqr_xml_text(xml, "d", "words", "gone", NULL, "here", "1", NULL);
    aqr_xml_close(xml);
    text = aqr_xml_end(xml);
    ck_assert_str_eq(text, "<a here='1'>\n"
                           "  <b here='1'/>\n"
                           "  <d here='1'>words</d>\n"
                           "</a>\n");
}
END_TEST

static const struct {
    const char *value;
    const char *escaped;
} escapes[] = {
    { "<&>", "&lt;&amp;&gt;" },
    { "'\"", "&apos;&quot;" },
    { "'/><evil a='", "&apos;/&gt;&lt;evil a=&apos;" },
    { "]]>", "]]&gt;" },
    { "&amp;", "&amp;amp;" },
    { "100%s", "100%s" }, /* not a format */
    { "two\nlines", "two&#10;lines" },
    { "a\ttab", "a&#9;tab" },
    { "gr\xc3\xbcn", "gr\xc3\xbcn" },
};

START_TEST(escapes_values)
{
    g_autoptr(AqrXml) xml = aqr_xml_new();
    g_autofree char *text = NULL, *wanted = NULL;

    aqr_xml_text(xml, "a", escapes[_i].value, "b", escapes[_i].value, NULL);
    text = aqr_xml_end(xml);
    wanted = g_strdup_printf("<a b='%s'>%s</a>\n", escapes[_i].escaped, escapes[_i].escaped);
    ck_assert_str_eq(text, wanted);
}
END_TEST

START_TEST(frees_half_built)
{
    AqrXml *xml = aqr_xml_new();

    aqr_xml_open(xml, "a", NULL);
    aqr_xml_free(xml);
    aqr_xml_free(NULL);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, indents);
    tcase_add_test(tcase, vanishes);
    tcase_add_loop_test(tcase, escapes_values, 0, G_N_ELEMENTS(escapes));
    tcase_add_test(tcase, frees_half_built);
}
