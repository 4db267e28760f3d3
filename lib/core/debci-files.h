/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/debci-plan.h"

/* The configuration files of a debci worker, as text, without aqr_setup_mark. */

/* What the administrator has said; all of it may be NULL. */
typedef struct {
    const char *amqp_server;  /* a good URL (core/amqp-url) */
    gboolean amqp_apart;      /* instead of one: AQR_DEBCI_AMQP_FILE stays as it is */
    GStrv suites;             /* debci's names */
    const char *backend_args; /* words for autopkgtest-virt-qemu-rocm */
    const char *stop_program; /* rocm-debci-stop; never NULL */
} AqrDebciWish;

/* Its name comes behind those of others: conf.d's lists are added to. */
#define AQR_DEBCI_CONF_FILE "/etc/debci/conf.d/zz-rocm-qemu.conf"
#define AQR_DEBCI_AMQP_FILE "/etc/debci/rocm-qemu-amqp.sh"

/* Of what was said there are, where it is NULL, the values of @kept, and what is empty becomes
 * NULL: that is said to drop a value. @kept must outlive @wish. */
void aqr_debci_wish_settle(AqrDebciWish *wish, const AqrDebciKept *kept);

/* Whether the URL is in AQR_DEBCI_AMQP_FILE, for it has a password. */
gboolean aqr_debci_wish_has_amqp_file(const AqrDebciWish *wish);

/* (transfer full): AQR_DEBCI_CONF_FILE. core/debci-kept has to know each line of it. */
char *aqr_debci_files_conf(const AqrDebciPlan *plan, const AqrDebciFacts *debci,
                           const AqrDebciWish *wish) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): of AQR_DEBCI_AMQP_FILE, which only debci may read: @url has a password. */
char *aqr_debci_files_amqp(const char *url) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): the drop-in of a worker's unit. */
char *aqr_debci_files_unit(const AqrDebciWorker *worker, const AqrHostFacts *facts,
                           const AqrDebciFacts *debci,
                           const AqrDebciWish *wish) G_GNUC_WARN_UNUSED_RESULT;
