/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-window.h"

#include "support/check-main.h"

#define KIB(n) ((guint64)(n) << 10)
#define MIB(n) ((guint64)(n) << 20)
#define GIB(n) ((guint64)(n) << 30)

#define NOTHING "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"

/* After a BAR of 64 bits comes a line of nothing: it takes two places. */
static const struct {
    const char *name, *resource;
    AqrPciWindow window;
} rows[] = {
    { "RX 6800 XT, 256 MiB",
      "0x000000e010000000 0x000000e01fffffff 0x000000000014220c\n" NOTHING
      "0x000000e020000000 0x000000e0201fffff 0x000000000014220c\n" NOTHING
      "0x000000000000e000 0x000000000000e0ff 0x0000000000040101\n"
      "0x00000000fca00000 0x00000000fcafffff 0x0000000000040200\n"
      "0x00000000fcb00000 0x00000000fcb1ffff 0x0000000000046200\n",
      { KIB(4), MIB(2), MIB(512) } },
    { "RX 6800 XT, resized",
      "0x000000e000000000 0x000000e3ffffffff 0x000000000014220c\n" NOTHING
      "0x000000e400000000 0x000000e40fffffff 0x000000000014220c\n" NOTHING
      "0x000000000000e000 0x000000000000e0ff 0x0000000000040101\n"
      "0x00000000fca00000 0x00000000fcafffff 0x0000000000040200\n"
      "0x00000000fcb00000 0x00000000fcb1ffff 0x0000000000046200\n",
      { KIB(4), MIB(2), GIB(32) } },
    { "MI300X",
      "0x0000018000000000 0x000001bfffffffff 0x000000000014220c\n" NOTHING
      "0x000001c000000000 0x000001c0001fffff 0x000000000014220c\n" NOTHING NOTHING
      "0x00000000b0000000 0x00000000b007ffff 0x0000000000040200\n" NOTHING,
      { 0, MIB(2), GIB(512) } },
    { "Rage 128 of the lab",
      "0x00000000fd000000 0x00000000fdffffff 0x0000000000042208\n"
      "0x000000000000c000 0x000000000000c0ff 0x0000000000040101\n"
      "0x00000000feb90000 0x00000000feb93fff 0x0000000000040200\n" NOTHING NOTHING NOTHING
      "0x00000000feb80000 0x00000000feb8ffff 0x0000000000046200\n",
      { KIB(4), MIB(32), 0 } },
    { "without a place on the host",
      "0x0000000000000000 0x00000003ffffffff 0x000000002014220c\n" NOTHING
      "0x0000000000000000 0x00000000000fffff 0x0000000020040200\n",
      { 0, MIB(2), GIB(32) } },
    { "two alike",
      "0x0000000080000000 0x0000000087ffffff 0x0000000000040200\n"
      "0x0000000088000000 0x000000008fffffff 0x0000000000040200\n",
      { 0, MIB(512), 0 } },
    { "64 bits, but not to be prefetched",
      "0x000000e000000000 0x000000e0003fffff 0x0000000000140204\n",
      { 0, MIB(8), 0 } },
    { "what SR-IOV and bridges have behind the ROM",
      NOTHING NOTHING NOTHING NOTHING NOTHING NOTHING NOTHING
      "0x000000e000000000 0x000000e3ffffffff 0x000000000014220c\n",
      { 0, 0, 0 } },
    { "larger than anything", "0x0000000000000000 0xffffffffffffffff 0x000000000014220c\n", { 0 } },
    { "ends before it begins",
      "0x0000000000000010 0x0000000000000001 0x0000000000000200\n",
      { 0 } },
    { "neither memory nor ports", "0x0000000000001000 0x0000000000001fff 0x0\n", { 0 } },
    { "no numbers", "no numbers\n\n0x10\n", { 0 } },
    { "nothing", "", { 0 } },
};

static void
check(const char *name, AqrPciWindow is, AqrPciWindow must)
{
    ck_assert_msg(is.io == must.io, "%s: io %#" G_GINT64_MODIFIER "x", name, is.io);
    ck_assert_msg(is.memory == must.memory, "%s: memory %#" G_GINT64_MODIFIER "x", name, is.memory);
    ck_assert_msg(is.prefetchable == must.prefetchable, "%s: prefetchable %#" G_GINT64_MODIFIER "x",
                  name, is.prefetchable);
}

START_TEST(measures)
{
    check(rows[_i].name, aqr_pci_window_of(rows[_i].resource), rows[_i].window);
}
END_TEST

START_TEST(joins)
{
    AqrPciWindow small = { KIB(4), MIB(2), MIB(512) };
    AqrPciWindow large = { 0, MIB(4), GIB(512) };
    AqrPciWindow both = { KIB(4), MIB(4), GIB(512) };

    check("small, large", aqr_pci_window_join(small, large), both);
    check("large, small", aqr_pci_window_join(large, small), both);
    check("nothing", aqr_pci_window_join((AqrPciWindow){ 0 }, small), small);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, measures, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, joins);
}
