/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arch.h"
#include "core/gpu-choice.h"
#include "core/gpu-ready.h"
#include "core/vm-spec.h"

/* The options that say what VM is wanted, for every program that starts one.
 * They are autopkgtest-virt-qemu's where it has them. */
typedef struct {
    char **images; /* the first is written to through an overlay */
    /* No options: what the program wants. */
    gboolean write;    /* the first is written to itself. Its guest is powered off in an orderly
                        * way, and never warm */
    gboolean by_hand;  /* a person is at it: no port is forwarded but ssh_port, and what the guest
                        * does of itself, a restart, its end, is no news for the log */
    unsigned ssh_port; /* of 127.0.0.1, to the guest's ssh server; 0: none by hand, otherwise one
                        * that is free */
    char **qemu_args;  /* further words for QEMU, behind qemu_options; NULL: none */
    char *shared;      /* a directory that is the guest's /shared, writable; NULL: none */
    char **gpus;
    GPtrArray *gpu_selectors; /* AqrGpuSelector: what they come to; empty: no GPU */
    int gpu_wait;             /* seconds */
    char *gpu_ready_word;
    AqrGpuReady gpu_ready; /* what it comes to */
    gboolean gpu_force;
    char *connect;
    char *accel;
    char *boot;
    gboolean efi;
    int cpus;       /* 0: three quarters of the host's */
    gint64 ram_mib; /* 0: see aqr_vm_spec_default_ram() */
    char *overlay_dir;
    char *qemu_architecture, *dpkg_architecture;
    AqrArch arch; /* what they come to */
    char *qemu_command;
    char *qemu_options;
    gboolean base_image;
    char **shared_dirs;
    char *warm_word;
    AqrWarmMode warm; /* what it comes to, with AQR_WARM */
    char *warm_dir;   /* NULL: AQR_WARM_DIR, or the usual one */
    gint64 warm_limit_mib;
    char *user, *password;
    int timeout_reboot;   /* seconds; 0: by accelerator */
    int timeout_poweroff; /* seconds; 0: 30 with a GPU, otherwise it is not asked to */
    char *artifacts;      /* NULL: by the environment */
    gboolean show_boot;
    gboolean debug;
    gboolean dry_run;
    gboolean version;
} AqrVmOptions;

void aqr_vm_options_clear(AqrVmOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrVmOptions, aqr_vm_options_clear)

/* Parses @argv, options also after the images. AQR_ERROR_USAGE. @summary and
 * @description frame the --help, which prints itself and ends the process. */
gboolean aqr_vm_options_parse(AqrVmOptions *options, int argc, char **argv, const char *summary,
                              const char *description, GError **error);

/* The same for a program with options of its own, and its own idea of the order. */
typedef struct {
    const char *parameters, *summary, *description; /* of the --help */
    const GOptionEntry *entries;                    /* its own options */
    const char *const *short_names; /* "gpu=g", "debug=": another letter, or none; ends in NULL */
    /* Makes of @argv what there is to parse (transfer full): options, long ones, and images.
     * @known: all options, as the --help shows them. NULL and AQR_ERROR_USAGE. */
    GStrv (*sort)(const char *const *argv, const GOptionEntry *known, gpointer data,
                  GError **error);
    gpointer data;
} AqrVmOptionsForm;

/* Reads them only; aqr_vm_options_check() says whether they make a VM. AQR_ERROR_USAGE. */
gboolean aqr_vm_options_read(AqrVmOptions *options, char **argv, const AqrVmOptionsForm *form,
                             GError **error);
gboolean aqr_vm_options_check(AqrVmOptions *options, GError **error);

/* What the user should know of an option that is taken but means nothing here (a
 * line without its end, transfer none); NULL: nothing. */
const char *aqr_vm_options_remark(const AqrVmOptions *options);
