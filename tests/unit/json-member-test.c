/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/json-member.h"

#include "support/check-main.h"

START_TEST(adds)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    aqr_json_add_string(builder, "text", "a \"b\"");
    aqr_json_add_string(builder, "nothing", NULL);
    aqr_json_add_number(builder, "least", G_MININT64);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, FALSE);
    ck_assert_str_eq(text, "{\"text\":\"a \\\"b\\\"\",\"nothing\":null,"
                           "\"least\":-9223372036854775808}");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, adds);
}
