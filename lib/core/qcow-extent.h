/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* How far a qcow2 file must reach: its reference counts say which clusters are in
 * use (QEMU's docs/interop/qcow2.txt). QEMU itself takes what lies behind the end of
 * the file for zeros, so a file of which the second half is missing opens, and
 * boots as far as it happens to. This reads bytes; host/image-check fetches them. */
typedef struct {
    guint64 cluster;     /* bytes */
    guint64 table;       /* where the table of reference count blocks is */
    guint64 table_bytes; /* at most 8 MiB, as QEMU has it */
    unsigned order;      /* a reference count has 1 << order bits */
} AqrQcowExtent;

#define AQR_QCOW_HEADER_BYTES 104u

/* FALSE: that is no header that QEMU would take. */
gboolean aqr_qcow_extent_parse(const guint8 *header, gsize length, AqrQcowExtent *extent);

/* How many clusters one block of reference counts tells of. */
guint64 aqr_qcow_extent_block_clusters(const AqrQcowExtent *extent);

/* Where the block is that entry @index of the table names; 0: nowhere. */
guint64 aqr_qcow_extent_block(const guint8 *table, gsize index);

/* The last cluster in use of those that @block, of one cluster's length, tells of;
 * -1: none is. */
gint64 aqr_qcow_extent_last_used(const AqrQcowExtent *extent, const guint8 *block);
