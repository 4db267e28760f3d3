/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-info.h"

#include <json-glib/json-glib.h>

#include "base/error.h"

void
aqr_image_info_clear(AqrImageInfo *info)
{
    g_clear_pointer(&info->format, g_free);
}

/* {"format-specific": {"data": {"corrupt": true}}}, "dirty-flag": true */
static gboolean
is_marked(JsonObject *root)
{
    JsonObject *specific = NULL, *data = NULL;

    if (json_object_get_boolean_member_with_default(root, "dirty-flag", FALSE))
        return TRUE;
    if (json_object_has_member(root, "format-specific"))
        specific = json_object_get_object_member(root, "format-specific");
    if (specific != NULL && json_object_has_member(specific, "data"))
        data = json_object_get_object_member(specific, "data");
    return data != NULL && json_object_get_boolean_member_with_default(data, "corrupt", FALSE);
}

gboolean
aqr_image_info_parse(const char *json, AqrImageInfo *info, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonNode *root = NULL;
    JsonObject *object;
    const char *format;

    if (json_parser_load_from_data(parser, json, -1, NULL))
        root = json_parser_get_root(parser);
    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root)) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_IMAGE, "qemu-img says nothing usable");
        return FALSE;
    }
    object = json_node_get_object(root);
    format = json_object_get_string_member_with_default(object, "format", NULL);
    if (format == NULL || !json_object_has_member(object, "virtual-size")) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_IMAGE, "qemu-img names no format and size");
        return FALSE;
    }
    info->format = g_strdup(format);
    info->size = (guint64)json_object_get_int_member(object, "virtual-size");
    info->incomplete = is_marked(object);
    return TRUE;
}

static GStrv
new_argv(const char *const *words)
{
    return g_strdupv((GStrv)words);
}

/* -U: other testbeds may have it open too. */
GStrv
aqr_image_info_argv(const char *file)
{
    const char *words[] = { "qemu-img", "info", "-U", "--output=json", "--", file, NULL };

    return new_argv(words);
}

GStrv
aqr_image_overlay_argv(const char *overlay, const char *base, const char *base_format)
{
    const char *words[] = { "qemu-img",  "create", "-q", "-f", "qcow2", "-F",
                            base_format, "-b",     base, "--", overlay, NULL };

    return new_argv(words);
}

GStrv
aqr_image_start_argv(const char *image, const char *format, gsize bytes, const char *start)
{
    g_autofree char *input = g_strconcat("if=", image, NULL);
    g_autofree char *output = g_strconcat("of=", start, NULL);
    g_autofree char *size = g_strdup_printf("bs=%" G_GSIZE_FORMAT, bytes);
    const char *words[] = { "qemu-img", "dd", "-U",      "-f",  format, "-O",
                            "raw",      size, "count=1", input, output, NULL };

    return new_argv(words);
}
