/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/arch.h"
#include "core/gpu-choice.h"
#include "core/gpu-ready.h"
#include "core/vm-spec.h"

/* The options that say what VM is wanted, for every program that starts one.
 * They are autopkgtest-virt-qemu's where it has them. */
typedef struct {
    char **images;  /* the first is written to through an overlay */
    gboolean write; /* no option: the program wants the first written to itself. Its guest is
                     * powered off in an orderly way, and never warm */
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

/* What the user should know of an option that is taken but means nothing here (a
 * line without its end, transfer none); NULL: nothing. */
const char *aqr_vm_options_remark(const AqrVmOptions *options);
