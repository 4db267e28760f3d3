/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/event.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "support/check-main.h"

/* 2026-11-22 23:45:01.042 */
#define TIME G_GINT64_CONSTANT(1795391101042999)
#define BEGIN "{\"time\": \"2026-11-22T23:45:01.042Z\", \"seconds\": "

static const struct {
    AqrEvent event;
    const char *json; /* behind the time */
} rows[] = {
    { { .name = "open" }, "0.000, \"event\": \"open\"}" },
    { { .name = "open", .at = 12 * G_USEC_PER_SEC + 34567 }, "12.034, \"event\": \"open\"}" },
    { { .name = "vm-start", .duration = 812000, .vm = 2 },
      "0.000, \"event\": \"vm-start\", \"duration\": 0.812, \"vm\": 2}" },
    { { .name = "a", .message = "two\nlines \"so\"" },
      "0.000, \"event\": \"a\", \"message\": \"two\\nlines \\\"so\\\"\"}" },
    { { .name = "a", .message = "\xff\x1b[0m" },
      "0.000, \"event\": \"a\", \"message\": \"\xef\xbf\xbd\\u001b[0m\"}" },
    { { .name = "a", .error = "no" }, "0.000, \"event\": \"a\", \"error\": \"no\"}" },
    { { .name = "a", .details = "{}" }, "0.000, \"event\": \"a\"}" },
    { { .name = "a", .details = "{\"b\":[1],\"c\":null}", .error = "no" },
      "0.000, \"event\": \"a\", \"b\":[1],\"c\":null, \"error\": \"no\"}" },
};

static char *
print(const AqrEvent *event)
{
    AqrEvent dated = *event;

    dated.time = TIME;
    return aqr_event_json(&dated);
}

START_TEST(prints)
{
    g_autofree char *json = print(&rows[_i].event);
    g_autofree char *wanted = g_strconcat(BEGIN, rows[_i].json, NULL);
    g_autoptr(JsonNode) parsed = json_from_string(json, NULL);

    ck_assert_str_eq(json, wanted);
    ck_assert_ptr_nonnull(parsed);
}
END_TEST

/* Also in the middle of a character. */
START_TEST(cuts_messages)
{
    g_autoptr(GString) message = g_string_new(NULL);
    AqrEvent event = { .name = "a" };
    g_autofree char *json = NULL;
    g_autoptr(JsonNode) parsed = NULL;

    for (int i = 0; i < 3000; i++)
        g_string_append(message, "\xe2\x82\xac");
    event.message = message->str;
    json = print(&event);
    parsed = json_from_string(json, NULL);
    ck_assert_ptr_nonnull(parsed);
    ck_assert_uint_lt(strlen(json), 4200);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, prints, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, cuts_messages);
}
