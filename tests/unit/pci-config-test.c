/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-config.h"

#include <string.h>

#include "support/check-main.h"

/* Bytes that differ from 0, in a space of @length. */
typedef struct {
    gsize length;
    guint8 status; /* 0x10: there is a list */
    guint8 first;
    guint8 list[4][3]; /* offset, capability, next */
    guint16 flags;     /* of PCI Express, at @pcie */
    guint8 pcie;
    AqrPciePresence presence;
    AqrPcieType type;
    guint32 devcap2;
} Space;

#define DEVCAP2 0xdeadb1c0u
#define DEVCTL2 0x8040u

#define MSI 0x05
#define PM 0x01
#define PCIE 0x10

static const Space spaces[] = {
    { 256, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0042, 0x40, AQR_PCIE_PRESENT, 4, DEVCAP2 },
    { 4096,
      0x10,
      0x48,
      { { 0x48, PM, 0x64 }, { 0x64, PCIE, 0xa0 } },
      0x0002,
      0x64,
      AQR_PCIE_PRESENT,
      0,
      DEVCAP2 },
    { 256,
      0x10,
      0x48,
      { { 0x48, PM, 0x64 }, { 0x64, PCIE, 0xa0 } },
      0x0012,
      0x64,
      AQR_PCIE_PRESENT,
      1,
      DEVCAP2 },
    /* the lowest two bits of a pointer mean nothing */
    { 256,
      0x10,
      0x4b,
      { { 0x48, PM, 0x66 }, { 0x64, PCIE, 0 } },
      0x0162,
      0x64,
      AQR_PCIE_PRESENT,
      6,
      DEVCAP2 },
    /* version 1 ends before them */
    { 256, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0051, 0x40, AQR_PCIE_PRESENT, 5, 0 },
    { 0x44, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0051, 0x40, AQR_PCIE_PRESENT, 5, 0 },
    { 256, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0092, 0x40, AQR_PCIE_PRESENT, 9, DEVCAP2 },
    { 256, 0x00, 0x40, { { 0x40, PCIE, 0 } }, 0x0042, 0x40, AQR_PCIE_ABSENT, 0, 0 },
    { 256, 0x10, 0x00, { { 0x40, PCIE, 0 } }, 0x0042, 0x40, AQR_PCIE_ABSENT, 0, 0 },
    { 256, 0x10, 0x40, { { 0x40, MSI, 0x50 }, { 0x50, PM, 0 } }, 0, 0x80, AQR_PCIE_ABSENT, 0, 0 },
    { 64, 0x00, 0x00, { { 0 } }, 0, 0, AQR_PCIE_ABSENT, 0, 0 },
    /* what an ordinary user sees */
    { 64, 0x10, 0x48, { { 0 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 63, 0x00, 0x00, { { 0 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 0, 0x00, 0x00, { { 0 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    /* ends within */
    { 0x41, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 0x43, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0001, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 0x69, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0042, 0x40, AQR_PCIE_UNREADABLE, 0, 0 },
    { 0x6a, 0x10, 0x40, { { 0x40, PCIE, 0 } }, 0x0042, 0x40, AQR_PCIE_PRESENT, 4, DEVCAP2 },
    { 256, 0x10, 0xf0, { { 0xf0, PCIE, 0 } }, 0x0042, 0xf0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 128, 0x10, 0x40, { { 0x40, PM, 0x80 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    /* in circles, and into the header */
    { 256, 0x10, 0x40, { { 0x40, PM, 0x40 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 256,
      0x10,
      0x40,
      { { 0x40, PM, 0x50 }, { 0x50, MSI, 0x40 } },
      0,
      0,
      AQR_PCIE_UNREADABLE,
      0,
      0 },
    { 256, 0x10, 0x40, { { 0x40, PM, 0x10 } }, 0, 0, AQR_PCIE_UNREADABLE, 0, 0 },
    { 256, 0x10, 0x3c, { { 0x3c, PCIE, 0 } }, 0x0042, 0x3c, AQR_PCIE_UNREADABLE, 0, 0 },
};

static void
put(guint8 *bytes, gsize offset, guint64 value, guint n)
{
    for (guint i = 0; i < n; i++)
        bytes[offset + i] = (guint8)(value >> (8 * i));
}

/* Exactly as long as said, so that a sanitizer sees who reads on. */
static GBytes *
make_space(const Space *space)
{
    guint8 whole[4096 + 64] = { 0 };

    put(whole, 0, 0x73bf1002, 4);
    put(whole, 0x06, space->status, 1);
    put(whole, 0x34, space->first, 1);
    for (guint i = 0; i < G_N_ELEMENTS(space->list) && space->list[i][0] != 0; i++) {
        whole[space->list[i][0]] = space->list[i][1];
        whole[space->list[i][0] + 1] = space->list[i][2];
    }
    if (space->pcie != 0) {
        put(whole, space->pcie + 2, space->flags, 2);
        put(whole, space->pcie + 0x24, DEVCAP2, 4);
        put(whole, space->pcie + 0x28, DEVCTL2, 2);
    }
    return g_bytes_new(whole, space->length);
}

START_TEST(reads_pcie)
{
    const Space *space = &spaces[_i];
    g_autoptr(GBytes) config = make_space(space);
    AqrPcie pcie = { 0xf, 1, 2 };

    ck_assert_int_eq(aqr_pci_config_read_pcie(config, &pcie), space->presence);
    ck_assert_int_eq(pcie.type, space->presence == AQR_PCIE_PRESENT ? space->type : 0xf);
    ck_assert_uint_eq(pcie.devcap2, space->presence == AQR_PCIE_PRESENT ? space->devcap2 : 1);
    if (space->presence == AQR_PCIE_PRESENT)
        ck_assert_uint_eq(pcie.devctl2, space->devcap2 == 0 ? 0 : DEVCTL2);
}
END_TEST

static const struct {
    gsize length;
    gsize zero; /* the one byte that is not all ones; beyond the length: none */
    gboolean lost;
} lost[] = {
    { 64, 64, TRUE },  { 4096, 4096, TRUE }, { 256, 200, TRUE }, { 256, 4, FALSE },
    { 64, 63, FALSE }, { 64, 0, FALSE },     { 63, 63, FALSE },  { 0, 0, FALSE },
};

START_TEST(tells_lost)
{
    g_autofree guint8 *bytes = g_malloc(lost[_i].length + 1);
    g_autoptr(GBytes) config = NULL;
    AqrPcie pcie;

    memset(bytes, 0xff, lost[_i].length + 1);
    bytes[lost[_i].zero] = 0;
    config = g_bytes_new(bytes, lost[_i].length);
    ck_assert_int_eq(aqr_pci_config_is_lost(config), lost[_i].lost);
    if (lost[_i].lost)
        ck_assert_int_eq(aqr_pci_config_read_pcie(config, &pcie), AQR_PCIE_UNREADABLE);
}
END_TEST

START_TEST(knows_nothing_of_nothing)
{
    AqrPcie pcie;

    ck_assert(!aqr_pci_config_is_lost(NULL));
    ck_assert_int_eq(aqr_pci_config_read_pcie(NULL, &pcie), AQR_PCIE_UNREADABLE);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, reads_pcie, 0, G_N_ELEMENTS(spaces));
    tcase_add_loop_test(tcase, tells_lost, 0, G_N_ELEMENTS(lost));
    tcase_add_test(tcase, knows_nothing_of_nothing);
}
