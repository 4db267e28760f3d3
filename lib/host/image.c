/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/error.h"
#include "core/partition-table.h"
#include "host/child.h"

gboolean
aqr_image_probe(const char *file, AqrImageInfo *info, const AqrPatience *patience, GError **error)
{
    g_auto(GStrv) argv = aqr_image_info_argv(file);
    g_autofree char *json = NULL;

    if (g_file_test(file, G_FILE_TEST_IS_DIR))
        errno = EISDIR;
    else if (access(file, R_OK) == 0)
        errno = 0;
    if (errno != 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE, "image \"%s\": %s", file, g_strerror(errno));
        return FALSE;
    }
    json = aqr_child_run((const char *const *)argv, AQR_ERROR_IMAGE, "read the image", patience,
                         error);
    if (json == NULL || !aqr_image_info_parse(json, info, error)) {
        g_prefix_error(error, "image \"%s\": ", file);
        return FALSE;
    }
    if (info->incomplete) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                    "image \"%s\": it is marked as damaged; see qemu-img check", file);
        return FALSE;
    }
    return TRUE;
}

gboolean
aqr_image_has_esp(const char *file, const char *format, const char *scratch_dir, gboolean *has_esp,
                  const AqrPatience *patience, GError **error)
{
    g_autofree char *start = g_build_filename(scratch_dir, "partition-table", NULL);
    g_auto(GStrv) argv = aqr_image_start_argv(file, format, AQR_PARTITION_TABLE_BYTES, start);
    g_autofree char *output = NULL, *bytes = NULL;
    gsize length = 0;

    output = aqr_child_run((const char *const *)argv, AQR_ERROR_IMAGE, "read the partition table",
                           patience, error);
    if (output == NULL) {
        g_prefix_error(error, "image \"%s\": ", file);
        return FALSE;
    }
    *has_esp = g_file_get_contents(start, &bytes, &length, NULL) &&
               aqr_partition_table_has_esp((const guint8 *)bytes, length);
    g_unlink(start);
    return TRUE;
}

gboolean
aqr_image_make_overlay(const char *overlay, const char *base, const char *base_format,
                       const AqrPatience *patience, GError **error)
{
    g_auto(GStrv) argv = aqr_image_overlay_argv(overlay, base, base_format);
    g_autofree char *output = aqr_child_run((const char *const *)argv, AQR_ERROR_HOST,
                                            "make the overlay", patience, error);

    return output != NULL;
}
