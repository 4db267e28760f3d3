/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What stands in a PCI function's configuration space, of what matters here. Pure: bytes
 * as sysfs gives them, 64 for an ordinary user, 256 or 4096 for root. */

/* The device does not answer: all bytes are ones. More is asked than the identifiers, as
 * those of a virtual function always read so (SR-IOV 1.1, 3.4.1). FALSE for less than 64
 * bytes. */
gboolean aqr_pci_config_is_lost(GBytes *config);

/* Of the PCI Express capability: the kernel's PCI_EXP_TYPE_x. */
typedef enum {
    AQR_PCIE_ENDPOINT = 0x0,
    AQR_PCIE_LEGACY_ENDPOINT = 0x1,
    AQR_PCIE_ROOT_PORT = 0x4,
    AQR_PCIE_UPSTREAM_PORT = 0x5,
    AQR_PCIE_DOWNSTREAM_PORT = 0x6,
    AQR_PCIE_ROOT_COMPLEX_ENDPOINT = 0x9,
} AqrPcieType;

#define AQR_PCIE_DEVCAP2_ROUTES_ATOMICS 0x40u
#define AQR_PCIE_DEVCAP2_COMPLETES_32 0x80u
#define AQR_PCIE_DEVCAP2_COMPLETES_64 0x100u
#define AQR_PCIE_DEVCTL2_BLOCKS_ATOMICS 0x80u

typedef struct {
    AqrPcieType type; /* may be another of the four bits' values */
    guint32 devcap2;  /* Device Capabilities 2; 0 before version 2 of the capability */
    guint16 devctl2;  /* Device Control 2, the same */
} AqrPcie;

typedef enum {
    AQR_PCIE_UNREADABLE, /* @config is NULL, too short, lost, or leads nowhere */
    AQR_PCIE_ABSENT,     /* conventional PCI */
    AQR_PCIE_PRESENT,
} AqrPciePresence;

/* @pcie is set only where it is present. */
AqrPciePresence aqr_pci_config_read_pcie(GBytes *config, AqrPcie *pcie);
