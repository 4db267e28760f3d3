/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-address.h"

#include "base/error.h"
#include "support/check-main.h"

static const struct {
    const char *text;
    const char *canonical; /* NULL: refused */
} addresses[] = {
    { "0000:03:00.0", "0000:03:00.0" },
    { "03:00.1", "0000:03:00.1" },
    { "C1:1F.7", "0000:c1:1f.7" },
    { "10000:e1:00.0", "10000:e1:00.0" }, /* behind a VMD */
    { "03:20.0", NULL },                  /* slots end at 1f */
    { "03:00.8", NULL },                  /* functions end at 7 */
    { "0000:03:00", NULL },
    { "0000:03:00.0 ", NULL },
    { " 03:00.0", NULL },
    { "000:03:00.0", NULL },
    { "123456789:03:00.0", NULL },
    { "3:0.0", NULL },
    { "0x03:00.0", NULL },
    { "-3:00.0", NULL },
    { "0000:", NULL },
    { "", NULL },
};

START_TEST(parses)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *back = NULL;
    AqrPciAddress address;

    ck_assert_int_eq(aqr_pci_address_is(addresses[_i].text), addresses[_i].canonical != NULL);
    if (aqr_pci_address_parse(addresses[_i].text, &address, &error))
        back = aqr_pci_address_to_string(&address);
    else
        ck_assert(g_error_matches(error, AQR_ERROR, AQR_ERROR_USAGE));
    ck_assert_pstr_eq(back, addresses[_i].canonical);
}
END_TEST

static const struct {
    const char *one;
    const char *other;
    int order;
    gboolean same_slot;
} pairs[] = {
    { "03:00.0", "0000:03:00.0", 0, TRUE },  { "03:00.0", "03:00.1", -1, TRUE },
    { "03:01.0", "03:00.7", 1, FALSE },      { "04:00.0", "03:1f.7", 1, FALSE },
    { "0001:00:00.0", "ff:1f.7", 1, FALSE }, { "0001:03:00.0", "03:00.0", 1, FALSE },
};

START_TEST(compares)
{
    AqrPciAddress one;
    AqrPciAddress other;
    int order;

    ck_assert(aqr_pci_address_parse(pairs[_i].one, &one, NULL));
    ck_assert(aqr_pci_address_parse(pairs[_i].other, &other, NULL));
    order = aqr_pci_address_compare(&one, &other);
    ck_assert_int_eq((order > 0) - (order < 0), pairs[_i].order);
    order = aqr_pci_address_compare(&other, &one);
    ck_assert_int_eq((order > 0) - (order < 0), -pairs[_i].order);
    ck_assert_int_eq(aqr_pci_address_equal(&one, &other), pairs[_i].order == 0);
    ck_assert_int_eq(aqr_pci_address_same_slot(&one, &other), pairs[_i].same_slot);
}
END_TEST

START_TEST(names_its_slot)
{
    const AqrPciAddress address = { 0x10000, 0xe1, 0x1f, 3 };
    g_autofree char *slot = aqr_pci_address_slot(&address);

    ck_assert_str_eq(slot, "10000:e1:1f");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(addresses));
    tcase_add_loop_test(tcase, compares, 0, G_N_ELEMENTS(pairs));
    tcase_add_test(tcase, names_its_slot);
}
