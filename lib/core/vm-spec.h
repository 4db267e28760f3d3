/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/arch.h"
#include "core/pci-address.h"
#include "core/pci-window.h"
#include "core/shared-dir.h"

/* What a testbed's VM is to be: a plain value, filled in by options and probes,
 * turned into libvirt's XML by core/domain-xml. */

typedef enum {
    AQR_ACCEL_AUTO, /* KVM where it works, otherwise TCG */
    AQR_ACCEL_KVM,
    AQR_ACCEL_TCG,
} AqrAccel;

typedef enum {
    AQR_BOOT_AUTO, /* EFI when the image has an EFI system partition */
    AQR_BOOT_BIOS,
    AQR_BOOT_EFI,
} AqrBoot;

typedef struct AqrDisk AqrDisk;
struct AqrDisk {
    char *file;       /* absolute */
    char *format;     /* QEMU's name: "qcow2", "raw" */
    AqrDisk *backing; /* what it is an overlay of; NULL: nothing */
};

/* PCI functions of the host that the VM gets. */
typedef struct {
    GArray *gpus;        /* AqrPciAddress: what the guest sees */
    GArray *companions;  /* AqrPciAddress: on vfio-pci too while it runs, but not shown to it:
                          * the other functions of the cards, and of their IOMMU groups */
    gboolean managed;    /* libvirt binds them, and gives them back; FALSE: they are on
                          * vfio-pci, and stay there */
    AqrPciWindow window; /* in which each GPU finds its place, if it is plugged in later */
} AqrVmGpus;

/* A warm VM is one that has been saved once it was up, and comes back from that. */
typedef enum {
    AQR_WARM_NONE,    /* it boots, and its memory is QEMU's own */
    AQR_WARM_SAVE,    /* it boots, and its memory is a file, to be saved */
    AQR_WARM_RESTORE, /* its memory is that file, copied on write; it waits for the rest of
                       * its state (host/migration) */
} AqrWarmUse;

typedef struct {
    AqrWarmUse use;
    char *memory; /* a file of ram_mib, absolute; NULL: AQR_WARM_NONE */
    char *disk;   /* AQR_WARM_RESTORE: what was saved of the disk, qcow2 over disks[0]: the
                   * overlay's backing file */
} AqrVmWarm;

typedef struct {
    char *name;    /* of the domain */
    guint32 owner; /* the pid of the process that it belongs to */
    guint64 since; /* when that was started, as field 22 of /proc/PID/stat has it */
    AqrArch arch;
    char *emulator; /* QEMU, absolute; NULL: libvirt's choice */
    AqrAccel accel; /* not AUTO */
    AqrBoot boot;   /* not AUTO */
    unsigned cpus;
    guint64 ram_mib;
    char *firmware;         /* EFI code, absolute; NULL with BIOS */
    char *nvram;            /* our copy of the EFI variables; NULL with BIOS */
    char *overlay;          /* qcow2, over disks[0]; NULL: that is written to itself, and no
                             * VM is warm */
    GPtrArray *disks;       /* AqrDisk: the base image, then read-only ones in order */
    gboolean base_image;    /* the guest sees disks[0] too, as it was */
    GPtrArray *shared_dirs; /* AqrSharedDir */
    AqrVmGpus gpus;
    AqrVmWarm warm;
    GStrv qemu_args;  /* for QEMU, past libvirt; NULL: none */
    char *socket_dir; /* where QEMU finds the sockets that we listen on */
} AqrVmSpec;

AqrDisk *aqr_disk_new(const char *file, const char *format) G_GNUC_WARN_UNUSED_RESULT;

/* Frees what backs it too. */
void aqr_disk_free(AqrDisk *disk);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrDisk, aqr_disk_free)

/* Back to AQR_WARM_NONE. */
void aqr_vm_warm_clear(AqrVmWarm *warm);

AqrVmSpec *aqr_vm_spec_new(void) G_GNUC_WARN_UNUSED_RESULT;
void aqr_vm_spec_free(AqrVmSpec *spec);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrVmSpec, aqr_vm_spec_free)

/* Whether VMs are to be warm. */
typedef enum {
    AQR_WARM_AUTO, /* where it can be done; whatever prevents it is noted */
    AQR_WARM_ON,   /* what prevents it is an error */
    AQR_WARM_OFF,
} AqrWarmMode;

/* The words of --accel, --boot and --warm. FALSE and AQR_ERROR_USAGE for any other. */
gboolean aqr_accel_parse(const char *word, AqrAccel *accel, GError **error);
gboolean aqr_boot_parse(const char *word, AqrBoot *boot, GError **error);
gboolean aqr_warm_parse(const char *word, AqrWarmMode *mode, GError **error);

/* How many of the host's GPUs a VM gets: its share of processors and memory is that
 * of the GPUs, so that there is as much left for each of the others. */
typedef struct {
    unsigned own;  /* 0: none */
    unsigned host; /* that can be passed; at least as many */
} AqrGpuShare;

/* Three quarters of the host's processors, or the GPUs' share of them; at least one. */
unsigned aqr_vm_spec_default_cpus(unsigned host_cpus, AqrGpuShare gpus);

/* Three quarters of the host's memory, or the GPUs' share of them, in MiB. VFIO pins all
 * of it. Without a GPU the guest's memory is not pinned but still ends up in use, and
 * nothing keeps several such testbeds from running side by side, so it is then at most
 * 4 GiB. */
guint64 aqr_vm_spec_default_ram(guint64 host_mib, AqrGpuShare gpus);

/* The sockets' names in socket_dir: the serial consoles ttyS0, ttyS1, hvc0,
 * hvc1, and the agent's port. */
typedef enum {
    AQR_SOCKET_TTYS0,
    AQR_SOCKET_TTYS1,
    AQR_SOCKET_HVC0,
    AQR_SOCKET_HVC1,
    AQR_SOCKET_LINK,
    AQR_N_SOCKETS,
} AqrSocket;

const char *aqr_vm_spec_socket_name(AqrSocket which);
char *aqr_vm_spec_socket_path(const char *socket_dir, AqrSocket which) G_GNUC_WARN_UNUSED_RESULT;
