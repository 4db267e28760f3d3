/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What an earlier rocm-qemu-setup --debci-worker was told, as AQR_DEBCI_CONF_FILE has it: it
 * goes on to hold where nothing else is said. core/debci-files writes that file. */
typedef struct {
    char *amqp_server;   /* NULL: none, or apart */
    gboolean amqp_apart; /* AQR_DEBCI_AMQP_FILE has it, which need not be read to be kept */
    GStrv suites;        /* NULL: none */
    char *backend_args;  /* NULL: none */
    guint foreign;       /* the first line, from 1 on, that the program has not written; 0: none */
} AqrDebciKept;

/* Of @text, NULL: there is no file. One that is not ours has nothing that is kept: whoever
 * writes leaves it alone. */
void aqr_debci_kept_parse(const char *text, AqrDebciKept *kept);

void aqr_debci_kept_clear(AqrDebciKept *kept);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrDebciKept, aqr_debci_kept_clear)
