/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/error.h"
#include "core/partition-table.h"
#include "host/child.h"
#include "host/image-check.h"
#include "host/workdir.h"

/* qemu-img speaks English only. */
#define NO_SPACE "No space left on device"

/* What qemu-img says about it, and what can be done. */
static const struct {
    const char *says;
    const char *advice;
} advices[] = {
    { "Failed to get shared \"write\" lock",
      "; something has the image open for writing: wait until it has ended, or take a copy" },
    { "cannot run qemu-img", "; install the package qemu-utils" },
};

static void
explain(GError **error)
{
    for (gsize i = 0; error != NULL && *error != NULL && i < G_N_ELEMENTS(advices); i++) {
        if (strstr((*error)->message, advices[i].says) != NULL) {
            g_autofree char *message = (*error)->message;

            (*error)->message = g_strconcat(message, advices[i].advice, NULL);
            return;
        }
    }
}

static void
explain_full_disk(const char *file, GError **error)
{
    g_autofree char *message = NULL;

    if (error == NULL || *error == NULL || strstr((*error)->message, NO_SPACE) == NULL)
        return;
    message = (*error)->message;
    (*error)->message = g_strdup_printf("%s; %s", message, aqr_workdir_make_room(file));
}

gboolean
aqr_image_probe(const char *file, AqrImageInfo *info, const AqrPatience *patience, GError **error)
{
    g_auto(GStrv) argv = aqr_image_info_argv(file);
    g_autofree char *json = NULL;

    if (!aqr_image_check_kind(file, error))
        return FALSE;
    json = aqr_child_run((const char *const *)argv, AQR_ERROR_IMAGE, "read the image", patience,
                         error);
    if (json == NULL || !aqr_image_info_parse(json, info, error)) {
        explain(error);
        g_prefix_error(error, "image \"%s\": ", file);
        return FALSE;
    }
    if (!aqr_image_check_whole(info->disk, error))
        return FALSE;
    if (info->size == 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                    "image \"%s\": it is empty; copy or build it again", file);
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

    if (output == NULL) {
        explain(error);
        explain_full_disk(overlay, error);
    }
    return output != NULL;
}

gboolean
aqr_image_copy(const char *from, const char *to, const char *format, const AqrPatience *patience,
               GError **error)
{
    const char *const argv[] = {
        "qemu-img", "convert", "-f", "qcow2", "-O", format, from, to, NULL
    };
    g_autofree char *doing = g_strdup_printf("copy the image to \"%s\"", to);
    g_autofree char *output = aqr_child_run(argv, AQR_ERROR_HOST, doing, patience, error);

    if (output == NULL)
        explain_full_disk(to, error);
    return output != NULL;
}
