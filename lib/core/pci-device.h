/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/pci-address.h"
#include "core/pci-window.h"

/* One PCI function of the host as sysfs shows it: a plain value that host/pci-scan
 * fills in and core/gpu judges. Where the kernel tells nothing, the member says so. */
typedef struct {
    AqrPciAddress address;
    AqrPciAddress parent; /* the bridge above */
    gboolean has_parent;  /* FALSE: it is on a root bus */
    guint16 vendor;
    guint16 device;
    guint16 subsystem_vendor;
    guint16 subsystem_device;
    guint32 class; /* base class, subclass, interface: 0x030000 */
    guint8 revision;
    gint16 numa_node;        /* -1: unknown */
    int iommu_group;         /* -1: none */
    char *driver;            /* that is bound to it; NULL: none */
    char *driver_override;   /* NULL: none */
    GStrv reset_methods;     /* that the kernel may use, in its order; NULL: none */
    char *power_state;       /* "D0", "D3cold", "unknown"; NULL: untold */
    gboolean boot_vga;       /* the firmware's display */
    gboolean d3cold_allowed; /* TRUE too where untold, as is the kernel's default */
    gboolean is_vf;          /* a virtual function of SR-IOV */
    AqrPciAddress physical;  /* of a VF: its physical function */
    guint n_vfs;             /* of a physical function: its VFs that are switched on */
    GBytes *config;          /* its configuration space: 64 bytes for an ordinary user, 256 for
                              * root; NULL: it cannot be read, or was not, as nobody needs to
                              * know: it is neither a GPU nor above one */
    guint32 gc_version;      /* of the graphics core, from ip_discovery while amdgpu is bound:
                              * major << 16 | minor << 8 | revision; 0: untold */
    guint32 gfx_version;     /* KFD's gfx_target_version; 0: untold */
    guint64 hive;            /* XGMI, from KFD; 0: in none, or untold */
    guint64 largest_bar;     /* bytes */
    AqrPciWindow window;     /* that it needs below a port */
    GStrv device_nodes;      /* of DRM: "/dev/dri/card0", "/dev/dri/renderD128"; NULL: none */
} AqrPciDevice;

AqrPciDevice *aqr_pci_device_new(const AqrPciAddress *address) G_GNUC_WARN_UNUSED_RESULT;
void aqr_pci_device_free(AqrPciDevice *device);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrPciDevice, aqr_pci_device_free)

/* A bridge stays with its own driver, whatever passes through it: base class 06. */
gboolean aqr_pci_device_is_bridge(const AqrPciDevice *device);

/* On vfio-pci, or on a variant of it ("mlx5_vfio_pci"): the kernel lends it to whoever may
 * open its group. */
gboolean aqr_pci_device_is_on_vfio(const AqrPciDevice *device);

/* The configuration space reads as all ones: the device has fallen off the bus. FALSE
 * where it cannot be read. */
gboolean aqr_pci_device_is_lost(const AqrPciDevice *device);

/* The one at @address in @devices (of AqrPciDevice; transfer none), or NULL. */
AqrPciDevice *aqr_pci_device_find(const GPtrArray *devices, const AqrPciAddress *address);
