/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-class.h"

#include "support/check-main.h"

static const struct {
    guint32 class;
    const char *name;
} classes[] = {
    { 0x010802, "an NVMe disk" },
    { 0x010601, "a disk controller" },
    { 0x020000, "a network card" },
    { 0x028000, "a network card" },
    { 0x030000, "a display" },
    { 0x040300, "an audio device" },
    { 0x048000, "a multimedia device" },
    { 0x060400, "a bridge" },
    { 0x0c0330, "a USB controller" },
    { 0x0c8000, "another device" },
    { 0x108000, "a security processor" },
    { 0x120000, "an accelerator" },
    { 0x000000, "another device" },
    { 0xffffff, "another device" },
};

START_TEST(names)
{
    ck_assert_str_eq(aqr_pci_class_name(classes[_i].class), classes[_i].name);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, names, 0, G_N_ELEMENTS(classes));
}
