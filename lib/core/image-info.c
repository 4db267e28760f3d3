/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-info.h"

#include <json-glib/json-glib.h>

#include "base/error.h"
#include "core/json-value.h"

void
aqr_image_info_clear(AqrImageInfo *info)
{
    g_clear_pointer(&info->disk, aqr_disk_free);
}

static JsonObject *
get_object(JsonObject *object, const char *name)
{
    JsonNode *node = object == NULL ? NULL : json_object_get_member(object, name);

    return node != NULL && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static gboolean
is_true(JsonObject *object, const char *name)
{
    JsonNode *node = aqr_json_value(object, name, G_TYPE_BOOLEAN);

    return node != NULL && json_node_get_boolean(node);
}

static gboolean
is_marked(JsonObject *layer)
{
    JsonObject *data = get_object(get_object(layer, "format-specific"), "data");

    return is_true(layer, "dirty-flag") || is_true(data, "corrupt");
}

/* One layer of the chain; NULL: it is none. */
static AqrDisk *
read_layer(JsonNode *node, AqrImageInfo *info)
{
    JsonObject *layer = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    JsonNode *file = aqr_json_value(layer, "filename", G_TYPE_STRING);
    JsonNode *format = aqr_json_value(layer, "format", G_TYPE_STRING);
    JsonNode *size = aqr_json_value(layer, "virtual-size", G_TYPE_INT64);

    if (file == NULL || format == NULL || size == NULL || json_node_get_int(size) < 0)
        return NULL;
    if (info->disk == NULL)
        info->size = (guint64)json_node_get_int(size);
    info->incomplete = info->incomplete || is_marked(layer);
    return aqr_disk_new(json_node_get_string(file), json_node_get_string(format));
}

static gboolean
read_chain(JsonNode *root, AqrImageInfo *info)
{
    AqrDisk **end = &info->disk;
    g_autoptr(GList) layers = NULL;

    if (root == NULL || !JSON_NODE_HOLDS_ARRAY(root))
        return FALSE;
    layers = json_array_get_elements(json_node_get_array(root));
    for (GList *item = layers; item != NULL; item = item->next) {
        *end = read_layer(item->data, info);
        if (*end == NULL)
            return FALSE;
        end = &(*end)->backing;
    }
    return info->disk != NULL;
}

gboolean
aqr_image_info_parse(const char *json, AqrImageInfo *info, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_auto(AqrImageInfo) read = { 0 };

    if (!json_parser_load_from_data(parser, json, -1, NULL) ||
        !read_chain(json_parser_get_root(parser), &read)) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_IMAGE,
                            "qemu-img does not name its file, format and size");
        return FALSE;
    }
    *info = read;
    read.disk = NULL;
    return TRUE;
}

static GStrv
new_argv(const char *const *words)
{
    return g_strdupv((GStrv)words);
}

/* Without -U: what has the image open for writing refuses it, other testbeds do not. */
GStrv
aqr_image_info_argv(const char *file)
{
    const char *words[] = {
        "qemu-img", "info", "--backing-chain", "--output=json", "--", file, NULL
    };

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
