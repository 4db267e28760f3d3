/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-plan.h"

/* The configuration files of a debci worker, as text, without aqr_setup_mark. */

/* What the administrator has said; all of it may be NULL. */
typedef struct {
    const char *amqp_server;  /* a good URL (core/amqp-url) */
    GStrv suites;             /* debci's names */
    const char *backend_args; /* words for autopkgtest-virt-qemu-rocm */
    const char *stop_program; /* rocm-debci-stop; never NULL */
} AqrDebciWish;

#define AQR_DEBCI_AMQP_FILE "/etc/debci/rocm-qemu-amqp.sh"

/* (transfer full): of /etc/debci/conf.d. */
char *aqr_debci_files_conf(const AqrDebciPlan *plan, const AqrDebciFacts *debci,
                           const AqrDebciWish *wish) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): of AQR_DEBCI_AMQP_FILE, which only debci may read: @url has a password. */
char *aqr_debci_files_amqp(const char *url) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the drop-in of a worker's unit. */
char *aqr_debci_files_unit(const AqrDebciWorker *worker, const AqrHostFacts *facts,
                           const AqrDebciWish *wish) G_GNUC_WARN_UNUSED_RESULT;
