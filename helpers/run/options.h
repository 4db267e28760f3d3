/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/vm-options.h"
#include "core/run-args.h"

/* What rocm-qemu-run is asked to do. */
typedef struct {
    AqrVmOptions vm;
    AqrRunArgs args; /* args.command: NULL where none is given */
    gboolean snapshot, ssh;
    int ssh_port; /* 0: none */
    /* Instead of all that: what is done with saved VMs. */
    gboolean list, json;
    char *drop; /* a key, or "all" */
} RunOptions;

void run_options_clear(RunOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RunOptions, run_options_clear)

/* AQR_ERROR_USAGE. --help prints itself and ends the process. */
gboolean run_options_parse(RunOptions *options, char **argv, GError **error);
