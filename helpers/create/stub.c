/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Stands in for prove.c, update.c and image-report.c until they are there; then it goes. */
#include "base/error.h"
#include "image-report.h"
#include "update.h"

void
image_verdict_clear(AqrImageVerdict *verdict)
{
    g_clear_pointer(&verdict->facts, aqr_image_facts_free);
    g_clear_pointer(&verdict->findings, g_ptr_array_unref);
    g_clear_pointer(&verdict->boots, g_strfreev);
}

static gboolean
refuse(GError **error)
{
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST, "images cannot be booted yet");
    return FALSE;
}

gboolean
prove_image(G_GNUC_UNUSED const ProveConfig *config, G_GNUC_UNUSED AqrStop *stop,
            G_GNUC_UNUSED AqrImageVerdict *verdict, GError **error)
{
    return refuse(error);
}

gboolean
update_image(G_GNUC_UNUSED const UpdateConfig *config, G_GNUC_UNUSED AqrStop *stop, GError **error)
{
    return refuse(error);
}

char *
image_report_text(G_GNUC_UNUSED const char *image, G_GNUC_UNUSED const AqrImageVerdict *verdict,
                  G_GNUC_UNUSED gboolean colour)
{
    return g_strdup("");
}

char *
image_report_json(G_GNUC_UNUSED const char *image, G_GNUC_UNUSED const AqrImageVerdict *verdict)
{
    return g_strdup("");
}
