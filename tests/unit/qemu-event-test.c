/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qemu-event.h"

#include "support/check-main.h"

static const struct {
    const char *data;
    gboolean is_ours, open;
} port_changes[] = {
    { "{\"open\":true,\"id\":\"channel0\"}", TRUE, TRUE },
    { "{\"open\": false, \"id\": \"channel0\"}", TRUE, FALSE },
    { "{\"open\":false,\"id\":\"channel0\",\"new\":1}", TRUE, FALSE },
    { "{\"open\":false,\"id\":\"channel1\"}", FALSE, FALSE },
    { "{\"open\":false}", FALSE, FALSE },
    { "{\"id\":\"channel0\"}", FALSE, FALSE },
    { "{\"open\":0,\"id\":\"channel0\"}", FALSE, FALSE },
    { "{\"open\":null,\"id\":\"channel0\"}", FALSE, FALSE },
    { "{\"open\":[],\"id\":\"channel0\"}", FALSE, FALSE },
    { "{\"open\":true,\"id\":[\"channel0\"]}", FALSE, FALSE },
    { "[]", FALSE, FALSE },
    { "{", FALSE, FALSE },
    { "", FALSE, FALSE },
};

START_TEST(reads_port_change)
{
    gboolean open = FALSE;

    ck_assert_int_eq(aqr_qemu_event_port(port_changes[_i].data, "channel0", &open),
                     port_changes[_i].is_ours);
    ck_assert_int_eq(open, port_changes[_i].open);
}
END_TEST

static const struct {
    const char *data, *status;
} migrations[] = {
    { "{\"status\":\"completed\"}", "completed" },
    { "{\"status\": \"failed\"}", "failed" },
    { "{\"status\":1}", NULL },
    { "{}", NULL },
    { "[\"status\"]", NULL },
    { "{", NULL },
    { "", NULL },
};

START_TEST(reads_migration)
{
    g_autofree char *status = aqr_qemu_event_migration(migrations[_i].data);

    ck_assert_pstr_eq(status, migrations[_i].status);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, reads_migration, 0, G_N_ELEMENTS(migrations));
    tcase_add_loop_test(tcase, reads_port_change, 0, G_N_ELEMENTS(port_changes));
}
