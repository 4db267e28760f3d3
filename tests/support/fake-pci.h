/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A host's PCI functions as rows of a test. */
#include <glib.h>

#include "core/pci-device.h"

typedef enum {
    FAKE_CONFIG_UNREADABLE,
    FAKE_CONFIG_LOST,
    FAKE_CONFIG_HEADER, /* as an ordinary user sees it */
    FAKE_CONFIG_CONVENTIONAL,
    FAKE_CONFIG_EXPRESS, /* of @type, with @devcap2 and @devctl2 */
} FakeConfig;

/* What is 0 or NULL is absent. */
typedef struct {
    const char *address; /* NULL ends the rows */
    const char *parent;
    guint vendor, device;
    guint class;
    int group;
    const char *driver;
    const char *physical; /* of a virtual function */
    guint n_vfs;
    gboolean boot_vga;
    guint gc_version, gfx_version;
    guint64 hive;
    FakeConfig config;
    guint type, devcap2, devctl2;
} FakePci;

/* (transfer full): of AqrPciDevice. */
GPtrArray *fake_pci_devices(const FakePci *rows) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the addresses of those @devices, with blanks between. */
char *fake_pci_names(const GPtrArray *devices) G_GNUC_WARN_UNUSED_RESULT;
