/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/partition-table.h"

#include <string.h>

#define SECTOR 512u
#define MBR_ENTRIES 446u
#define MBR_ENTRY 16u
#define MBR_TYPE_ESP 0xef
#define MBR_TYPE_GPT 0xee /* stands for a GPT, with a length of no meaning */

/* C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on a disk. */
static const guint8 gpt_type_esp[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                         0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

static guint32
read32(const guint8 *bytes)
{
    return (guint32)bytes[0] | (guint32)bytes[1] << 8 | (guint32)bytes[2] << 16 |
           (guint32)bytes[3] << 24;
}

static guint64
read64(const guint8 *bytes)
{
    return read32(bytes) | (guint64)read32(bytes + 4) << 32;
}

static gboolean
mbr_has_esp(const guint8 *bytes)
{
    for (unsigned i = 0; i < 4; i++) {
        if (bytes[MBR_ENTRIES + MBR_ENTRY * i + 4] == MBR_TYPE_ESP)
            return TRUE;
    }
    return FALSE;
}

static gboolean
gpt_has_esp(const guint8 *bytes, gsize length)
{
    const guint8 *header = bytes + SECTOR;
    guint64 first = (guint64)read32(header + 72) * SECTOR;
    guint32 n = read32(header + 80), size = read32(header + 84);

    if (memcmp(header, "EFI PART", 8) != 0 || size < 128)
        return FALSE;
    for (guint64 i = 0; i < n && first + (i + 1) * size <= length; i++) {
        if (memcmp(bytes + first + i * size, gpt_type_esp, sizeof gpt_type_esp) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean
aqr_partition_table_has_esp(const guint8 *bytes, gsize length)
{
    if (length < SECTOR || bytes[510] != 0x55 || bytes[511] != 0xaa)
        return FALSE;
    return mbr_has_esp(bytes) || (length >= 2 * SECTOR && gpt_has_esp(bytes, length));
}

/* A file system's own boot sector ends with the same signature, but has its program
 * where the entries' status would be. */
static gboolean
is_mbr(const guint8 *bytes)
{
    for (unsigned i = 0; i < 4; i++) {
        if ((bytes[MBR_ENTRIES + MBR_ENTRY * i] & 0x7f) != 0)
            return FALSE;
    }
    return TRUE;
}

static guint64
mbr_end(const guint8 *bytes)
{
    guint64 end = 0;

    for (unsigned i = 0; i < 4; i++) {
        const guint8 *entry = bytes + MBR_ENTRIES + MBR_ENTRY * i;
        guint64 entry_end = (guint64)read32(entry + 8) + read32(entry + 12);

        if (entry[4] != 0 && entry[4] != MBR_TYPE_GPT)
            end = MAX(end, entry_end * SECTOR);
    }
    return end;
}

/* The last sector holds a copy of the header, and the header says where. */
static guint64
gpt_end(const guint8 *header)
{
    guint64 copy = read64(header + 32);

    return memcmp(header, "EFI PART", 8) == 0 && copy < G_MAXUINT64 / SECTOR ? (copy + 1) * SECTOR
                                                                             : 0;
}

guint64
aqr_partition_table_end(const guint8 *bytes, gsize length)
{
    guint64 end;

    if (length < SECTOR || bytes[510] != 0x55 || bytes[511] != 0xaa || !is_mbr(bytes))
        return 0;
    end = mbr_end(bytes);
    return length < 2 * SECTOR ? end : MAX(end, gpt_end(bytes + SECTOR));
}
