/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/time-zone.h"

#include "support/check-main.h"

#define LINK "/usr/share/zoneinfo/Europe/Berlin"

static const struct {
    const char *tz;
    const char *target;
    const char *text;
    const char *name;
} zones[] = {
    { NULL, NULL, NULL, NULL },
    { "", "", "", NULL },
    { NULL, LINK, NULL, "Europe/Berlin" },
    { NULL, "../usr/share/zoneinfo/Etc/GMT+3", NULL, "Etc/GMT+3" },
    { NULL, "/usr/share/zoneinfo/posix/zoneinfo/UTC", NULL, "UTC" },
    { NULL, "/etc/somewhere/else", NULL, NULL },
    { NULL, "/usr/share/zoneinfo/", NULL, NULL },
    { NULL, "/usr/share/zoneinfo/../../../etc/passwd", NULL, NULL },
    { NULL, "/usr/share/zoneinfo//etc/passwd", NULL, NULL },
    { NULL, NULL, "# not this\n\n  Asia/Tokyo  \nAsia/Seoul\n", "Asia/Tokyo" },
    { NULL, NULL, "America/Port-au-Prince", "America/Port-au-Prince" },
    { NULL, NULL, "#Asia/Tokyo\n", NULL },
    { NULL, NULL, "$(reboot)\n", NULL },
    { NULL, NULL, "Asia/To kyo\n", NULL },
    { NULL, LINK, "Asia/Tokyo\n", "Europe/Berlin" },
    { NULL, "/etc/somewhere/else", "Asia/Tokyo\n", "Asia/Tokyo" },
    { "America/New_York", LINK, "Asia/Tokyo\n", "America/New_York" },
    { ":America/New_York", LINK, NULL, "America/New_York" },
    { "", LINK, NULL, "Europe/Berlin" },
    { "CET-1CEST,M3.5.0,M10.5.0/3", LINK, NULL, "Europe/Berlin" },
    { ":/etc/localtime", LINK, NULL, "Europe/Berlin" },
};

START_TEST(names)
{
    g_autofree char *name = aqr_time_zone_name(zones[_i].tz, zones[_i].target, zones[_i].text);

    ck_assert_pstr_eq(name, zones[_i].name);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, names, 0, G_N_ELEMENTS(zones));
}
