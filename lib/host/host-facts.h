/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/host-facts.h"
#include "host/stop.h"

/* Looks at this host, in one place, and changes nothing. It never fails: what cannot be
 * read is a fact, too. */

typedef struct {
    const char *root;       /* of configuration and kernel files: "/"; tests have others */
    const char *user;       /* NULL: the caller, or who is behind sudo */
    const char *table;      /* the file amdgpu-gfx.tsv */
    const GPtrArray *slots; /* of AqrPciAddress: only these GPUs; empty: all */
    const AqrStop *stop;    /* of programs that are asked; may be NULL */
} AqrHostQuery;

AqrHostFacts *aqr_host_facts_gather(const AqrHostQuery *query) G_GNUC_WARN_UNUSED_RESULT;

/* What the parts of it share. */
void aqr_host_node_look(const char *root, const char *path, AqrHostNode *node);
void aqr_host_facts_add_machine(AqrHostFacts *facts, const AqrHostQuery *query);
void aqr_host_facts_add_config(AqrHostFacts *facts, const AqrHostQuery *query);
void aqr_host_facts_add_programs(AqrHostFacts *facts, const AqrHostQuery *query);
void aqr_host_facts_add_gpus(AqrHostFacts *facts, const AqrHostQuery *query);

/* (transfer full): the output of a program that @argv names, in PATH or where root has
 * programs; NULL where it is not there or fails. */
char *aqr_host_ask(const char *const *argv, const AqrStop *stop) G_GNUC_WARN_UNUSED_RESULT;

/* (transfer full): where a program is, in PATH or where root has programs; or NULL. */
char *aqr_host_find_program(const char *name) G_GNUC_WARN_UNUSED_RESULT;
