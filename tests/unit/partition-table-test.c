/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/partition-table.h"

#include <string.h>

#include "support/check-main.h"
#include "support/data.h"

#define SECTOR 512u
#define NONE 999u

/* --- what sfdisk writes -------------------------------------------------- */

static const struct {
    const char *file;
    gboolean has_esp;
} real[] = {
    { "gpt-esp-second", TRUE }, /* behind a BIOS boot partition */
    { "gpt-no-esp", FALSE },
    { "mbr-esp", TRUE },
    { "mbr-linux", FALSE },
};

START_TEST(reads_real)
{
    g_autofree char *name = g_strconcat("fuzz/corpus/partition-table/", real[_i].file, NULL);
    gsize length;
    g_autofree char *bytes = test_data_read(name, &length);

    ck_assert_int_eq(aqr_partition_table_has_esp((const guint8 *)bytes, length), real[_i].has_esp);
}
END_TEST

/* --- what is made up ------------------------------------------------------ */

static const guint8 efi_part[8] = { 'E', 'F', 'I', ' ', 'P', 'A', 'R', 'T' };
static const guint8 esp[16] = { 0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b };

typedef struct {
    gsize length;
    unsigned mbr_esp;      /* which of its four entries; NONE */
    const char *signature; /* the last two bytes of the MBR */
    gboolean gpt;
    unsigned gpt_esp; /* which entry; NONE */
    guint32 n_entries, entry_size, first_sector;
    gboolean has_esp;
} Table;

#define WHOLE AQR_PARTITION_TABLE_BYTES

static const Table tables[] = {
    { 0, NONE, "\0\0", FALSE, NONE, 0, 0, 0, FALSE },
    { 511, 0, "\x55\xaa", FALSE, NONE, 0, 0, 0, FALSE },
    { 512, 0, "\x55\xaa", FALSE, NONE, 0, 0, 0, TRUE },
    { 512, 3, "\x55\xaa", FALSE, NONE, 0, 0, 0, TRUE },
    { 512, 0, "\0\0", FALSE, NONE, 0, 0, 0, FALSE }, /* no table */
    { WHOLE, NONE, "\x55\xaa", TRUE, NONE, 128, 128, 2, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, 0, 128, 128, 2, TRUE },
    { WHOLE, NONE, "\x55\xaa", TRUE, 127, 128, 128, 2, TRUE },
    { WHOLE, NONE, "\x55\xaa", TRUE, 128, 128, 128, 1, FALSE }, /* behind the last entry */
    { WHOLE, NONE, "\x55\xaa", TRUE, 4, 4, 128, 2, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, 3, 64, 256, 2, TRUE },
    { WHOLE, NONE, "\x55\xaa", TRUE, 0, 128, 128, 5, TRUE },
    { WHOLE, NONE, "\x55\xaa", FALSE, 0, 128, 128, 2, FALSE }, /* no "EFI PART" */
    { WHOLE, NONE, "\0\0", TRUE, 0, 128, 128, 2, FALSE },      /* no protective MBR */
    { 1023, NONE, "\x55\xaa", TRUE, NONE, 128, 128, 2, FALSE },
    { 1024, NONE, "\x55\xaa", TRUE, NONE, 128, 128, 2, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, 0, 128, 64, 2, FALSE }, /* entries have 128 bytes or more */
    { WHOLE, NONE, "\x55\xaa", TRUE, NONE, 128, 0, 2, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, NONE, G_MAXUINT32, 128, 2, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, NONE, G_MAXUINT32, G_MAXUINT32, 2, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, NONE, 128, 128, G_MAXUINT32, FALSE },
    { WHOLE, NONE, "\x55\xaa", TRUE, NONE, 128, G_MAXUINT32 - 127, 2, FALSE },
    { 512, 0, "\x55\0", FALSE, NONE, 0, 0, 0, FALSE },
    { 512, 0, "\0\xaa", FALSE, NONE, 0, 0, 0, FALSE },
    { 1024 + 127, NONE, "\x55\xaa", TRUE, 0, 128, 128, 2, FALSE }, /* not all of the entry */
    { 1024 + 128, NONE, "\x55\xaa", TRUE, 0, 128, 128, 2, TRUE },
};

static void
put32(guint8 *bytes, guint32 number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (guint8)(number >> (8 * i));
}

static void
put_gpt(guint8 *disk, const Table *table)
{
    guint8 *header = disk + SECTOR;

    memcpy(header, efi_part, sizeof efi_part);
    put32(header + 72, table->first_sector);
    put32(header + 80, table->n_entries);
    put32(header + 84, table->entry_size);
}

static void
make_disk(const Table *table, guint8 *disk)
{
    if (table->mbr_esp != NONE)
        disk[446 + 16 * table->mbr_esp + 4] = 0xef;
    memcpy(disk + 510, table->signature, 2);
    put_gpt(disk, table);
    if (!table->gpt)
        disk[SECTOR] = 'e';
    if (table->gpt_esp != NONE)
        memcpy(disk + SECTOR * table->first_sector + table->gpt_esp * table->entry_size, esp,
               sizeof esp);
}

/* What lies behind the given length must not matter; then there is nothing, so
 * that a sanitizer sees who reads it. */
START_TEST(reads)
{
    g_autofree guint8 *disk = g_malloc0(2 * WHOLE);
    g_autofree guint8 *exact = NULL;

    make_disk(&tables[_i], disk);
    exact = g_memdup2(disk, tables[_i].length);
    ck_assert_int_eq(aqr_partition_table_has_esp(disk, tables[_i].length), tables[_i].has_esp);
    ck_assert_int_eq(aqr_partition_table_has_esp(exact, tables[_i].length), tables[_i].has_esp);
}
END_TEST

/* --- how long the disk is ------------------------------------------------- */

#define NO_GPT G_MAXUINT64

static const struct {
    gsize length;
    struct {
        guint8 status, type;
        guint32 first, n;
    } entries[2];
    guint64 copy; /* where the GPT's header says that its copy is */
    guint64 end;  /* in sectors */
} ends[] = {
    { WHOLE, { { 0, 0, 0, 0 } }, NO_GPT, 0 },
    { WHOLE, { { 0x80, 0x83, 2048, 1000 } }, NO_GPT, 3048 },
    { WHOLE, { { 0, 0x83, 4096, 8192 }, { 0x80, 0x83, 2048, 2048 } }, NO_GPT, 12288 },
    { WHOLE, { { 0, 0x83, 0x80000000, 0xffffffff } }, NO_GPT, 0x17fffffff },
    { 512, { { 0x80, 0x83, 2048, 1000 } }, NO_GPT, 3048 },
    { 511, { { 0x80, 0x83, 2048, 1000 } }, NO_GPT, 0 },
    { WHOLE, { { 0, 0, 2048, 1000 } }, NO_GPT, 0 },       /* an unused entry */
    { WHOLE, { { 0x4f, 0x83, 2048, 1000 } }, NO_GPT, 0 }, /* a program is there */
    { WHOLE, { { 0, 0xee, 1, 0xffffffff } }, NO_GPT, 0 }, /* its header is at 4096 */
    { WHOLE, { { 0, 0xee, 1, 0xffffffff } }, 12582911, 12582912 },
    { WHOLE, { { 0, 0xee, 1, 0xffffffff } }, 0xffffffffffffff00, 0 },
    { 1023, { { 0, 0xee, 1, 0xffffffff } }, 12582911, 0 },
    { 1024, { { 0, 0xee, 1, 0xffffffff } }, 12582911, 12582912 },
};

START_TEST(tells_end)
{
    g_autofree guint8 *disk = g_malloc0(WHOLE);
    g_autofree guint8 *exact = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(ends[_i].entries); i++) {
        guint8 *entry = disk + 446 + 16 * i;

        entry[0] = ends[_i].entries[i].status;
        entry[4] = ends[_i].entries[i].type;
        put32(entry + 8, ends[_i].entries[i].first);
        put32(entry + 12, ends[_i].entries[i].n);
    }
    disk[510] = 0x55;
    disk[511] = 0xaa;
    if (ends[_i].copy != NO_GPT)
        memcpy(disk + SECTOR, efi_part, sizeof efi_part);
    put32(disk + SECTOR + 32, (guint32)ends[_i].copy);
    put32(disk + SECTOR + 36, (guint32)(ends[_i].copy >> 32));
    exact = g_memdup2(disk, ends[_i].length);
    ck_assert_uint_eq(aqr_partition_table_end(exact, ends[_i].length), ends[_i].end * SECTOR);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells_end, 0, G_N_ELEMENTS(ends));
    tcase_add_loop_test(tcase, reads_real, 0, G_N_ELEMENTS(real));
    tcase_add_loop_test(tcase, reads, 0, G_N_ELEMENTS(tables));
}
