/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* Where a PCI function is: domain, bus, slot and function, as sysfs and lspci write
 * them. A plain value. */
typedef struct {
    guint32 domain; /* VMD and Hyper-V have domains above ffff */
    guint8 bus;
    guint8 slot;     /* at most 1f */
    guint8 function; /* at most 7 */
} AqrPciAddress;

/* "0000:03:00.0", or "03:00.0" of domain 0. FALSE and AQR_ERROR_USAGE for anything else. */
gboolean aqr_pci_address_parse(const char *text, AqrPciAddress *address, GError **error);

/* Whether @text has the form of one: so that what follows another rule may be told apart. */
gboolean aqr_pci_address_is(const char *text);

/* As sysfs names it: "0000:03:00.0". */
char *aqr_pci_address_to_string(const AqrPciAddress *address) G_GNUC_WARN_UNUSED_RESULT;

/* The slot, which a card fills with all its functions: "0000:03:00". */
char *aqr_pci_address_slot(const AqrPciAddress *address) G_GNUC_WARN_UNUSED_RESULT;

gboolean aqr_pci_address_equal(const AqrPciAddress *one, const AqrPciAddress *other);
gboolean aqr_pci_address_same_slot(const AqrPciAddress *one, const AqrPciAddress *other);

/* By domain, bus, slot and function. */
int aqr_pci_address_compare(const AqrPciAddress *one, const AqrPciAddress *other);
