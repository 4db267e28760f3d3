/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/gpu.h"
#include "core/host-user.h"
#include "core/limits-conf.h"
#include "core/udev-rules.h"
#include "core/vfio-conf.h"

/* A host as it matters to GPUs in testbeds: values that host/host-facts gathers and
 * core/host-checks judges. What could not be read says so. */

typedef enum { AQR_FACT_UNKNOWN, AQR_FACT_NO, AQR_FACT_YES } AqrFact;

typedef enum {
    AQR_MODULE_UNKNOWN, /* modprobe cannot be asked */
    AQR_MODULE_LOADED,  /* or built into the kernel */
    AQR_MODULE_THERE,   /* can be loaded */
    AQR_MODULE_MISSING,
} AqrModule;

/* A file, node, directory or socket, and whose it is. */
typedef struct {
    char *path;
    AqrFact exists;
    AqrPathOwner owner;
    char *group; /* its name; NULL: has none */
} AqrHostNode;

/* A GPU, and what is true of it just now. */
typedef struct {
    const AqrGpu *gpu;
    AqrHostNode node;  /* /dev/vfio/GROUP */
    char *held_by;     /* who has its lease, or uses it without; NULL: nobody */
    char *quarantined; /* why; NULL: it is not */
} AqrHostGpu;

void aqr_host_gpu_free(AqrHostGpu *gpu);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrHostGpu, aqr_host_gpu_free)

/* Room for files that get large. */
typedef struct {
    char *path;
    const char *purpose; /* static */
    guint64 free_mib;    /* G_MAXUINT64: unknown */
} AqrHostSpace;

typedef struct {
    /* who asks, and for whom */
    gboolean is_root;        /* who asks is */
    AqrHostUser user;        /* for whom */
    gboolean user_is_caller; /* the process is his */
    GStrv host_groups;       /* of kvm, render and libvirt those that the host has; NULL: none */
    GStrv missing_groups;    /* of his groups, those that the process is not in; NULL: none */
    AqrMemlock memlock;      /* when he logs in */
    AqrMemlock memlock_now;  /* of the process */

    /* the machine */
    AqrFact cpu_virt; /* svm or vmx */
    AqrHostNode kvm;
    char *kvm_trouble; /* why KVM is not used; NULL: it works; without meaning if the node
                        * may not be opened */
    guint n_iommu_groups;
    char *command_line;   /* the kernel's; NULL: unknown */
    char *kernel_release; /* NULL: unknown */
    guint64 ram_mib;      /* 0: unknown */
    guint64 hugepages_mib;
    gboolean has_amd_cpu;
    GPtrArray *spaces; /* of AqrHostSpace */

    /* VFIO */
    AqrModule vfio, vfio_pci, vfio_type1;
    AqrVfioConf *vfio_conf;
    AqrUdevVfio udev;
    GPtrArray *unreadable; /* of char: "/etc/modprobe.d/x.conf: Permission denied" */

    /* programs */
    char *qemu_version;  /* what it says of itself; NULL: there is none that runs */
    AqrFact qemu_vfio;   /* it knows the device vfio-pci */
    AqrFact qemu_driver; /* libvirt's, which embed uses */
    AqrHostNode libvirt_socket;
    char *libvirt_trouble; /* why its daemon does not answer; NULL: it does */
    gboolean has_ovmf, has_qemu_img, has_mmdebstrap, has_build_qemu;
    char *autopkgtest_version; /* NULL: none that runs */
    char *apt_proxy;           /* NULL: none */
    gboolean has_debci;
    AqrHostUser debci;

    /* GPUs */
    char *gpus_trouble; /* why they could not be listed; NULL: they could */
    GPtrArray *gpus;    /* of AqrHostGpu; those that were asked for */
    GStrv missing_gpus; /* that were asked for, and are not there; NULL: none */
    AqrHostNode lease_dir;
    gpointer owner; /* of what "gpus" point to; NULL: somebody else */
    GDestroyNotify free_owner;
} AqrHostFacts;

AqrHostFacts *aqr_host_facts_new(void) G_GNUC_WARN_UNUSED_RESULT;
void aqr_host_facts_free(AqrHostFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrHostFacts, aqr_host_facts_free)

void aqr_host_node_clear(AqrHostNode *node);

/* Whether the user can leave binding to a libvirt of the system's: then he needs neither
 * VFIO's nodes nor memory to lock. */
gboolean aqr_host_facts_has_daemon(const AqrHostFacts *facts);

/* Whether QEMU runs as the user, who is not root. */
gboolean aqr_host_facts_runs_qemu_himself(const AqrHostFacts *facts);

/* Whether a limit is enough for a guest of three quarters of the host's memory. */
gboolean aqr_host_facts_memlock_is_enough(const AqrHostFacts *facts, const AqrMemlock *memlock);

/* What QEMU locks for a guest of three quarters of the host's memory: bytes. */
guint64 aqr_host_facts_memlock_needed(const AqrHostFacts *facts);
