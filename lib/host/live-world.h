/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/vm-spec.h"
#include "core/world.h"
#include "host/evidence.h"
#include "host/gpu-hold.h"
#include "host/gpu-wait.h"
#include "host/guest-command.h"
#include "host/warm-start.h"

/* The world of core/world.h as it is: libvirt, QEMU, a guest. */
typedef struct AqrLiveWorld AqrLiveWorld;

typedef struct {
    const char *uri;              /* libvirt's */
    const char *work_dir;         /* ours, emptied by the caller at the end */
    const char *overlay_dir;      /* NULL: in work_dir */
    const char *agent_file;       /* the program for the guest */
    const char *const *exec_argv; /* what print-execute-command answers */
    const char *user, *password;  /* for the console; or NULL */
    const AqrGpuHoldConfig *gpus; /* what is asked for, and how */
    AqrGpuReady gpu_ready;        /* how far they must have got in the guest */
    const AqrWarmConfig *warm;    /* whether VMs are saved and restored */
    gint64 boot_timeout;          /* microseconds */
    gint64 poweroff_timeout;      /* 0: the VM is destroyed at once */
    gboolean by_hand;             /* see AqrVmConfig; and no port is forwarded but ssh_port */
    unsigned ssh_port;            /* of 127.0.0.1, to the guest's; 0: a free one, or none by hand */
    const AqrStop *stop;
    /* A line for the log; what the console prints while booting, or NULL. */
    void (*note)(const char *text, gpointer data);
    void (*boot_text)(const char *bytes, gsize length, gpointer data);
    void (*console_text)(const char *bytes, gsize length, gpointer data); /* always; or NULL */
    gpointer data;
    AqrEvidence *evidence; /* of what is done */
} AqrLiveConfig;

/* The functions; their @world is an AqrLiveWorld. Whether evidence is kept of what they do is
 * host/recorded-world's business. */
extern const AqrWorld aqr_live_world;

/* @config and @spec are borrowed and must live as long; the world fills in what
 * of the spec changes from one VM to the next: the GPUs. Connects to libvirt. */
AqrLiveWorld *aqr_live_world_new(const AqrLiveConfig *config, AqrVmSpec *spec,
                                 GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Stops the VM first. */
void aqr_live_world_free(AqrLiveWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrLiveWorld, aqr_live_world_free)

/* Has the guest power itself off, and waits until it has: AQR_ERROR_GUEST if it does not in
 * time. */
gboolean aqr_live_world_power_off(AqrLiveWorld *world, GError **error);

/* The way to the guest while a VM runs (transfer none), or NULL. */
AqrGuestLink *aqr_live_world_get_link(AqrLiveWorld *world);

/* What has become of the VM that was started last. */
typedef enum {
    AQR_FATE_RUNS,
    AQR_FATE_RESTARTS, /* its guest has not answered since it was reset */
    AQR_FATE_OFF,      /* its guest has powered itself off */
    AQR_FATE_LOST,
} AqrFate;

AqrFate aqr_live_world_get_fate(const AqrLiveWorld *world);

/* The GPUs of the VM that runs, or of the last one (transfer none). */
const AqrVmGpus *aqr_live_world_get_gpus(const AqrLiveWorld *world);
