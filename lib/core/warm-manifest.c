/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-manifest.h"

#include "base/error.h"
#include "core/json-member.h"
#include "core/json-value.h"

#define FORMAT 1

AqrWarmManifest *
aqr_warm_manifest_new(const AqrWarmKey *key)
{
    AqrWarmManifest *manifest = g_new0(AqrWarmManifest, 1);

    manifest->key = g_strdup(key->name);
    manifest->files = g_ptr_array_ref(key->files);
    return manifest;
}

void
aqr_warm_manifest_free(AqrWarmManifest *manifest)
{
    if (manifest == NULL)
        return;
    g_free(manifest->key);
    g_clear_pointer(&manifest->files, g_ptr_array_unref);
    g_free(manifest->memory.checksum);
    g_free(manifest->disk.checksum);
    g_free(manifest->state.checksum);
    g_free(manifest);
}

/* --- to a string ------------------------------------------------------- */

/* JSON's numbers have a sign here, devices and inodes have none: what is above 2^63 becomes a
 * negative one, and what it was when it is read. A path is UTF-8, as libvirt's XML is. */
static void
add_file(JsonBuilder *builder, const AqrFileId *id)
{
    json_builder_begin_object(builder);
    aqr_json_add_string(builder, "path", id->path);
    aqr_json_add_number(builder, "device", (gint64)id->device);
    aqr_json_add_number(builder, "inode", (gint64)id->inode);
    aqr_json_add_number(builder, "size", (gint64)id->size);
    aqr_json_add_number(builder, "modified", id->modified);
    aqr_json_add_number(builder, "changed", id->changed);
    json_builder_end_object(builder);
}

static void
add_files(JsonBuilder *builder, const GPtrArray *files)
{
    json_builder_set_member_name(builder, "files");
    json_builder_begin_array(builder);
    for (guint i = 0; i < files->len; i++)
        add_file(builder, g_ptr_array_index(files, i));
    json_builder_end_array(builder);
}

static void
add_part(JsonBuilder *builder, const char *name, const AqrWarmPart *part)
{
    json_builder_set_member_name(builder, name);
    json_builder_begin_object(builder);
    aqr_json_add_number(builder, "size", (gint64)part->size);
    aqr_json_add_string(builder, "checksum", part->checksum);
    json_builder_end_object(builder);
}

static char *
print(const AqrWarmManifest *manifest, const char *checksum)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(builder);
    aqr_json_add_number(builder, "format", FORMAT);
    aqr_json_add_string(builder, "key", manifest->key);
    aqr_json_add_number(builder, "made", manifest->made);
    add_files(builder, manifest->files);
    add_part(builder, "memory", &manifest->memory);
    add_part(builder, "disk", &manifest->disk);
    add_part(builder, "state", &manifest->state);
    aqr_json_add_string(builder, "checksum", checksum);
    json_builder_end_object(builder);
    root = json_builder_get_root(builder);
    text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}

char *
aqr_warm_manifest_to_string(const AqrWarmManifest *manifest)
{
    g_autofree char *text = print(manifest, "");
    g_autofree char *checksum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);

    return print(manifest, checksum);
}

/* --- from a string ----------------------------------------------------- */

static gboolean
read_number(JsonObject *object, const char *name, gint64 *number)
{
    JsonNode *node = aqr_json_value(object, name, G_TYPE_INT64);

    *number = node == NULL ? 0 : json_node_get_int(node);
    return node != NULL;
}

static gboolean
read_string(JsonObject *object, const char *name, char **text)
{
    JsonNode *node = aqr_json_value(object, name, G_TYPE_STRING);

    *text = node == NULL ? NULL : json_node_dup_string(node);
    return node != NULL;
}

static JsonNode *
get_node(JsonObject *object, const char *name, JsonNodeType type)
{
    JsonNode *node = json_object_get_member(object, name);

    return node != NULL && JSON_NODE_TYPE(node) == type ? node : NULL;
}

static gboolean
read_file(JsonNode *node, AqrFileId *id)
{
    JsonObject *object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
    gint64 device, inode, size;

    if (object == NULL || !read_string(object, "path", &id->path) ||
        !g_path_is_absolute(id->path) || !read_number(object, "device", &device) ||
        !read_number(object, "inode", &inode) || !read_number(object, "size", &size) ||
        !read_number(object, "modified", &id->modified) ||
        !read_number(object, "changed", &id->changed))
        return FALSE;
    id->device = (guint64)device;
    id->inode = (guint64)inode;
    id->size = (guint64)size;
    return TRUE;
}

static gboolean
read_files(JsonObject *object, GPtrArray *files)
{
    JsonNode *node = get_node(object, "files", JSON_NODE_ARRAY);
    JsonArray *array = node == NULL ? NULL : json_node_get_array(node);

    for (guint i = 0; array != NULL && i < json_array_get_length(array); i++) {
        AqrFileId *id = aqr_file_id_new(NULL);

        g_ptr_array_add(files, id);
        if (!read_file(json_array_get_element(array, i), id))
            return FALSE;
    }
    return files->len > 0;
}

static gboolean
read_part(JsonObject *object, const char *name, AqrWarmPart *part)
{
    JsonNode *node = get_node(object, name, JSON_NODE_OBJECT);
    gint64 size;

    if (node == NULL || !read_number(json_node_get_object(node), "size", &size) || size < 0 ||
        !read_string(json_node_get_object(node), "checksum", &part->checksum))
        return FALSE;
    part->size = (guint64)size;
    return TRUE;
}

static gboolean
read_manifest(JsonObject *object, AqrWarmManifest *manifest)
{
    return read_string(object, "key", &manifest->key) && aqr_warm_key_is_name(manifest->key) &&
           read_number(object, "made", &manifest->made) && read_files(object, manifest->files) &&
           read_part(object, "memory", &manifest->memory) &&
           read_part(object, "disk", &manifest->disk) &&
           read_part(object, "state", &manifest->state);
}

/* Written once more, it must be the same to the byte, its checksum too: so nothing is
 * unknown, missing, twice or different. */
static gboolean
is_as_written(const AqrWarmManifest *manifest, const char *text)
{
    g_autofree char *again = aqr_warm_manifest_to_string(manifest);

    return g_str_equal(again, text);
}

static AqrWarmManifest *
fail(const char *why, GError **error)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "its manifest %s", why);
    return NULL;
}

AqrWarmManifest *
aqr_warm_manifest_parse(const char *text, GError **error)
{
    g_autoptr(AqrWarmManifest) manifest = g_new0(AqrWarmManifest, 1);
    g_autoptr(JsonNode) root =
        g_utf8_validate(text, -1, NULL) ? json_from_string(text, NULL) : NULL;
    JsonObject *object;
    gint64 format;

    if (root == NULL || !JSON_NODE_HOLDS_OBJECT(root))
        return fail("is no JSON", error);
    object = json_node_get_object(root);
    if (!read_number(object, "format", &format) || format != FORMAT)
        return fail("is of another version", error);
    manifest->files = aqr_file_ids_new();
    if (!read_manifest(object, manifest))
        return fail("lacks something", error);
    if (!is_as_written(manifest, text))
        return fail("is not what was written", error);
    return g_steal_pointer(&manifest);
}
