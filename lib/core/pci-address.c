/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/pci-address.h"

#include "base/error.h"

/* Reads @min to @max hexadecimal digits, and then @end. */
static const char *
read_hex(const char *text, unsigned min, unsigned max, char end, guint32 *value)
{
    unsigned n = 0;

    if (text == NULL)
        return NULL;
    *value = 0;
    for (; n < max && g_ascii_isxdigit(text[n]); n++)
        *value = *value << 4 | (guint32)g_ascii_xdigit_value(text[n]);
    return n >= min && text[n] == end ? text + n + 1 : NULL;
}

static gboolean
read_address(const char *text, AqrPciAddress *address)
{
    guint32 domain;
    guint32 bus;
    guint32 slot;
    guint32 function;
    const char *rest;

    rest = read_hex(text, 4, 8, ':', &domain);
    if (rest == NULL) {
        domain = 0;
        rest = text;
    }
    rest = read_hex(rest, 2, 2, ':', &bus);
    rest = read_hex(rest, 2, 2, '.', &slot);
    rest = read_hex(rest, 1, 1, '\0', &function);
    if (rest == NULL || slot > 0x1f || function > 7)
        return FALSE;
    *address = (AqrPciAddress){ domain, (guint8)bus, (guint8)slot, (guint8)function };
    return TRUE;
}

gboolean
aqr_pci_address_is(const char *text)
{
    AqrPciAddress address;

    return read_address(text, &address);
}

gboolean
aqr_pci_address_parse(const char *text, AqrPciAddress *address, GError **error)
{
    if (read_address(text, address))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                "\"%s\" is not the address of a PCI function, such as 0000:03:00.0", text);
    return FALSE;
}

char *
aqr_pci_address_to_string(const AqrPciAddress *address)
{
    return g_strdup_printf("%04x:%02x:%02x.%x", address->domain, address->bus, address->slot,
                           address->function);
}

char *
aqr_pci_address_slot(const AqrPciAddress *address)
{
    return g_strdup_printf("%04x:%02x:%02x", address->domain, address->bus, address->slot);
}

int
aqr_pci_address_compare(const AqrPciAddress *one, const AqrPciAddress *other)
{
    if (one->domain != other->domain)
        return one->domain < other->domain ? -1 : 1;
    if (one->bus != other->bus)
        return one->bus < other->bus ? -1 : 1;
    if (one->slot != other->slot)
        return one->slot < other->slot ? -1 : 1;
    return (int)one->function - (int)other->function;
}

gboolean
aqr_pci_address_equal(const AqrPciAddress *one, const AqrPciAddress *other)
{
    return aqr_pci_address_compare(one, other) == 0;
}

gboolean
aqr_pci_address_same_slot(const AqrPciAddress *one, const AqrPciAddress *other)
{
    return one->domain == other->domain && one->bus == other->bus && one->slot == other->slot;
}
