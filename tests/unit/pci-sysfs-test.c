/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-sysfs.h"

#include "support/check-main.h"

static const struct {
    const char *syspath;
    const char *address; /* NULL: none */
    const char *parent;
} places[] = {
    { "/sys/devices/pci0000:00/0000:00:01.1", "0000:00:01.1", NULL },
    { "/sys/devices/pci0000:00/0000:00:01.1/0000:01:00.0", "0000:01:00.0", "0000:00:01.1" },
    /* a VMD makes a root bus of its own below itself */
    { "/sys/devices/pci0000:00/0000:00:0e.0/pci10000:e0/10000:e0:06.0", "10000:e0:06.0", NULL },
    { "/sys/devices/pci0000:00", NULL, NULL },
    { "/sys/devices/pci0000:00/0000:00:01.1/pci_bus", NULL, "0000:00:01.1" },
    { "", NULL, NULL },
};

START_TEST(finds_its_place)
{
    g_autofree char *address = NULL;
    g_autofree char *parent = NULL;
    AqrPciAddress found;

    if (aqr_pci_sysfs_address(places[_i].syspath, &found))
        address = aqr_pci_address_to_string(&found);
    if (aqr_pci_sysfs_parent(places[_i].syspath, &found))
        parent = aqr_pci_address_to_string(&found);
    ck_assert_pstr_eq(address, places[_i].address);
    ck_assert_pstr_eq(parent, places[_i].parent);
}
END_TEST

#define NOTHING "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
#define REGISTERS "0x00000000fca00000 0x00000000fca7ffff 0x0000000000040200\n"

static const struct {
    const char *resource;
    guint64 largest;
} resources[] = {
    { "0x000000e000000000 0x000000e3ffffffff 0x000000000014220c\n" NOTHING REGISTERS, 1ull << 34 },
    { REGISTERS "0x0000000000001000 0x000000000fffffff 0x0000000000040101\n",
      1u << 19 }, /* ports */
    { NOTHING NOTHING, 0 },
    /* the ROM, and what a bridge lets through, come after six BARs */
    { REGISTERS NOTHING NOTHING NOTHING NOTHING NOTHING
      "0x0000000010000000 0x000000001fffffff 0x0000000000000200\n",
      1u << 19 },
    { "0x0000000000000000 0xffffffffffffffff 0x0000000000000200\n", 0 }, /* wraps round */
    { "0x0000000000000010 0x0000000000000001 0x0000000000000200\n", 0 },
    { "0x10\n", 0 },
    { "no numbers\n\n", 0 },
    { "", 0 },
};

START_TEST(measures_bars)
{
    ck_assert_uint_eq(aqr_pci_sysfs_largest_bar(resources[_i].resource), resources[_i].largest);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, finds_its_place, 0, G_N_ELEMENTS(places));
    tcase_add_loop_test(tcase, measures_bars, 0, G_N_ELEMENTS(resources));
}
