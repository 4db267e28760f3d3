/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/pci-address.h"

/* What a guest says of its GPUs: the script that prints it there, and its words as values.
 * Not for what they mean (core/gpu-ready). A test is root in the guest, so these may be
 * anybody's words: numbers are checked, names are plain, and there are not too many. */

/* For sh in the guest: dash or busybox, with no tool but grep, ls and readlink. $1: the
 * directory that holds sys, proc, dev and lib, "" for /; $2: what it writes into the kernel's
 * log at the end, for those who follow that, or "". First it waits, for at most ten
 * seconds, until udev, where there is one, is done: with loading modules, and with giving
 * device nodes their groups. */
extern const char aqr_gpu_facts_script[];

/* A PCI function of vendor 1002 that is a display or a processing accelerator. */
typedef struct {
    AqrPciAddress address;
    guint16 device;
    char *driver;        /* NULL: none */
    gboolean has_memory; /* a memory BAR at all: the kernel forgets those without room */
    gboolean unassigned; /* a memory BAR has no address */
    GArray *minors;      /* unsigned: of its render nodes */
} AqrGuestGpu;

/* A node of KFD's topology, of vendor 1002; one GPU has several when it is partitioned. */
typedef struct {
    guint64 number; /* that sysfs gives it */
    guint64 vendor;
    guint64 simd_count;  /* 0: a processor */
    guint64 gfx_version; /* decimal: major * 10000 + minor * 100 + stepping */
    guint64 domain;
    guint64 location; /* bus << 8 | slot << 3 | function; see aqr_gpu_facts_is_of() */
    guint64 minor;    /* its render node's; 0: none */
    guint64 links;    /* flags of all its io_links; 0x4, 0x8: no atomics of 32, 64 bit */
} AqrKfdNode;

typedef struct {
    char *path; /* "/dev/kfd" */
    char *mode; /* "crw-rw----" */
    char *owner;
    char *group;
} AqrGuestNode;

typedef enum {
    AQR_AMDGPU_UNKNOWN, /* the guest has no list of its modules */
    AQR_AMDGPU_NONE,    /* its kernel does not have it */
    AQR_AMDGPU_THERE,   /* it is not loaded */
    AQR_AMDGPU_COMING,  /* it starts, and tries the devices that there are */
    AQR_AMDGPU_LOADED,
} AqrAmdgpu;

typedef struct {
    GPtrArray *gpus;  /* of AqrGuestGpu, by address */
    GArray *kfd;      /* of AqrKfdNode */
    GPtrArray *nodes; /* of AqrGuestNode */
    AqrAmdgpu amdgpu;
    char *kernel;      /* its release; NULL: unknown */
    gboolean firmware; /* some of amdgpu's is installed */
    gboolean settled;  /* udev has nothing more to do */
    gboolean complete; /* the script came to its end */
} AqrGpuFacts;

/* What cannot be understood is passed over. */
AqrGpuFacts *aqr_gpu_facts_parse(const char *text) G_GNUC_WARN_UNUSED_RESULT;
void aqr_gpu_facts_free(AqrGpuFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuFacts, aqr_gpu_facts_free)

/* NULL: it is not there. Transfer none. */
const AqrGuestNode *aqr_gpu_facts_node(const AqrGpuFacts *facts, const char *path);

/* Whether the node is this GPU, or a partition of it: KFD adds the partition's number to
 * the function's (kfd_topology.c), and a slot has one GPU. */
gboolean aqr_gpu_facts_is_of(const AqrKfdNode *node, const AqrGuestGpu *gpu);
