/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What is known of AMD's GPUs by their PCI device id: data/amdgpu-gfx.tsv, which people
 * can read and correct. A device that is not in it is unknown, not refused. */
typedef struct AqrGpuTable AqrGpuTable;

typedef enum { AQR_GPU_DISCRETE, AQR_GPU_APU, AQR_GPU_VIRTUAL } AqrGpuKind;

typedef struct {
    const char *gfx;  /* "gfx1030" */
    const char *name; /* for people: the first marketing name, or the chip's; "" unknown */
    AqrGpuKind kind;
} AqrGpuRow;

/* One that knows nothing. */
AqrGpuTable *aqr_gpu_table_new(void) G_GNUC_WARN_UNUSED_RESULT;

/* @text: the table's; what its columns are stands at its head. Lenient with blanks and
 * ends of lines. AQR_ERROR_HOST names the line that is wrong: "line 12: ..."; the caller
 * names the file. */
AqrGpuTable *aqr_gpu_table_parse(const char *text, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void aqr_gpu_table_free(AqrGpuTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrGpuTable, aqr_gpu_table_free)

/* NULL: unknown. Transfer none. */
const AqrGpuRow *aqr_gpu_table_find(const AqrGpuTable *table, guint16 device);

/* "gfx90a" of KFD's gfx_target_version 90010 (decimal major, minor and stepping; the name
 * has the last two in hexadecimal); NULL: no such version, as 0, which CPUs have. */
char *aqr_gfx_from_target_version(guint32 version) G_GNUC_WARN_UNUSED_RESULT;

/* "gfx1101" of the graphics core's version 11.0.3 (major << 16 | minor << 8 | revision), as
 * the kernel's kgd2kfd_probe() has it; NULL: unknown. */
char *aqr_gfx_from_gc_version(guint32 version) G_GNUC_WARN_UNUSED_RESULT;

/* Whether @text has the form of one: "gfx90a". */
gboolean aqr_gfx_is(const char *text);
