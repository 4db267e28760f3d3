/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* How much of a disk's start holds the tables: the MBR, the GPT's header and
 * its 128 entries (UEFI specification 2.10, chapter 5). */
#define AQR_PARTITION_TABLE_BYTES (34u * 512u)

/* Whether the disk that starts with @bytes has an EFI system partition, in a
 * GPT or an MBR: then UEFI firmware can boot it. */
gboolean aqr_partition_table_has_esp(const guint8 *bytes, gsize length);

/* How long the disk that starts with @bytes must be for all that its table names, in
 * bytes; 0: nothing is known. A file that is shorter is the beginning of an image. */
guint64 aqr_partition_table_end(const guint8 *bytes, gsize length);
