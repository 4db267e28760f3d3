/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-class.h"

/* More particular rows first. */
static const struct {
    guint32 class, mask;
    const char *name;
} classes[] = {
    { 0x010800, 0xffff00, "an NVMe disk" },
    { 0x010000, 0xff0000, "a disk controller" },
    { 0x020000, 0xff0000, "a network card" },
    { 0x030000, 0xff0000, "a display" },
    { 0x040100, 0xffff00, "an audio device" },
    { 0x040300, 0xffff00, "an audio device" },
    { 0x040000, 0xff0000, "a multimedia device" },
    { 0x050000, 0xff0000, "a memory controller" },
    { 0x060000, 0xff0000, "a bridge" },
    { 0x070000, 0xff0000, "a serial port" },
    { 0x080000, 0xff0000, "a system device" },
    { 0x0c0300, 0xffff00, "a USB controller" },
    { 0x0c0500, 0xffff00, "an SMBus controller" },
    { 0x0d0000, 0xff0000, "a wireless adapter" },
    { 0x100000, 0xff0000, "a security processor" },
    { 0x120000, 0xff0000, "an accelerator" },
};

const char *
aqr_pci_class_name(guint32 class)
{
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++) {
        if ((class & classes[i].mask) == classes[i].class)
            return classes[i].name;
    }
    return "another device";
}
