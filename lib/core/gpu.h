/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu-table.h"
#include "core/pci-device.h"

/* The AMD GPUs among a host's PCI functions: which there are, what each is, what has to
 * go along when one is passed to a guest, and what speaks against it. Judges values
 * (core/pci-device); it does not know who uses a GPU now (host/lease). */

typedef enum {
    AQR_ATOMICS_UNKNOWN, /* the configuration space of the path could not be read */
    AQR_ATOMICS_NO,
    AQR_ATOMICS_YES, /* 32 and 64 bit, all the way to the root, as Linux wants it */
} AqrAtomics;

typedef enum {
    AQR_GFX_UNKNOWN,
    AQR_GFX_TABLE,     /* by the device's id */
    AQR_GFX_DISCOVERY, /* by amdgpu's ip_discovery */
    AQR_GFX_KFD,       /* by the KFD's topology */
} AqrGfxSource;

typedef struct {
    const AqrPciDevice *device; /* the function that is the GPU */
    char *gfx;                  /* "gfx1030"; NULL: unknown */
    AqrGfxSource gfx_source;
    AqrGpuKind kind;     /* by the table, or what the slot tells of it */
    char *name;          /* for people: of the table, or "1002:73bf" */
    GPtrArray *together; /* const AqrPciDevice, by address: every endpoint that vfio-pci must
                          * have when a guest has this GPU, itself among them: the functions
                          * of its slot that are of the card, as the kernel resets the slot
                          * only then, and all endpoints of their IOMMU groups */
    GPtrArray *foreign;  /* const AqrPciDevice: those of "together" that are not of an AMD
                          * card: with one of them the GPU cannot be passed */
    AqrAtomics atomics;
    char *atomics_reason; /* where they end: "0000:00:01.0 does not complete 64 bit"; NULL
                           * with YES, but for an APU, of which none is asked */
} AqrGpu;

/* Whether @device may be passed as a GPU at all: of vendor 1002, class 0300, 0380 or 1200,
 * and not a physical function whose VFs are on. */
gboolean aqr_gpu_is(const AqrPciDevice *device);

/* The GPUs among @devices (of AqrPciDevice, all of the host's), by address. The
 * devices are borrowed, and must live as long. */
GPtrArray *aqr_gpu_list(const GPtrArray *devices,
                        const AqrGpuTable *table) G_GNUC_WARN_UNUSED_RESULT;

void aqr_gpu_free(AqrGpu *gpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpu, aqr_gpu_free)

/* The one at @address in @gpus (of AqrGpu; transfer none), or NULL. */
AqrGpu *aqr_gpu_find(const GPtrArray *gpus, const AqrPciAddress *address);

/* "0000:03:00.0"; transfer full. */
char *aqr_gpu_address(const AqrGpu *gpu) G_GNUC_WARN_UNUSED_RESULT;

/* "0000:03:00.0 (gfx1030), 0000:43:00.0 (gfx target unknown)" of @gpus (of AqrGpu), "none"
 * where there is none; transfer full. */
char *aqr_gpu_names(const GPtrArray *gpus) G_GNUC_WARN_UNUSED_RESULT;

/* What speaks against passing @gpu to a guest, whoever asks: no IOMMU, something foreign
 * in its group, lost from the bus, and, unless @forced: the display of a host that boots
 * on it, or on a GPU of its group, and still has a driver of the host; an MI300-class
 * physical function (its first VFIO reset may lose it until the host restarts); an APU.
 * FALSE and AQR_ERROR_GPU, or AQR_ERROR_HOST without an IOMMU, with the remedy; the message
 * begins with "GPU 0000:03:00.0: ". */
gboolean aqr_gpu_check_passable(const AqrGpu *gpu, gboolean forced, GError **error);
