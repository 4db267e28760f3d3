/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-manifest.h"

#include "base/error.h"
#include "core/finding-report.h"
#include "core/json-member.h"
#include "core/json-value.h"

/* What an earlier program cannot make sense of gets a higher one. */
#define FORMAT 1

/* --- to JSON ------------------------------------------------------------ */

static void
begin(JsonBuilder *json, const char *name)
{
    json_builder_set_member_name(json, name);
    json_builder_begin_array(json);
}

static void
add_words(JsonBuilder *json, const char *name, const char *const *words)
{
    begin(json, name);
    for (; words != NULL && *words != NULL; words++)
        json_builder_add_string_value(json, *words);
    json_builder_end_array(json);
}

static void
add_date(JsonBuilder *json, gint64 seconds)
{
    g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
    g_autofree char *text = date == NULL ? NULL : g_date_time_format(date, "%Y-%m-%dT%H:%M:%SZ");

    aqr_json_add_string(json, "made", text);
}

static void
add_firmware(JsonBuilder *json, const AqrImageFacts *facts)
{
    const AqrImagePackage *package = aqr_image_facts_firmware_package(facts);

    json_builder_set_member_name(json, "firmware");
    if (package == NULL) {
        json_builder_add_null_value(json);
        return;
    }
    json_builder_begin_object(json);
    aqr_json_add_string(json, "package", package->name);
    aqr_json_add_string(json, "version", package->version);
    json_builder_end_object(json);
}

/* Versions by name; a package of a foreign architecture has that in its name. */
static void
add_packages(JsonBuilder *json, const AqrImageFacts *facts)
{
    json_builder_set_member_name(json, "packages");
    json_builder_begin_object(json);
    for (guint i = 0; i < facts->packages->len; i++) {
        const AqrImagePackage *package = g_ptr_array_index(facts->packages, i);
        gboolean native =
            g_str_equal(package->arch, "all") || g_strcmp0(package->arch, facts->arch) == 0;
        g_autofree char *name =
            g_strconcat(package->name, native ? "" : ":", native ? "" : package->arch, NULL);

        aqr_json_add_string(json, name, package->version);
    }
    json_builder_end_object(json);
}

static void
add_sources(JsonBuilder *json, const AqrImageFacts *facts)
{
    begin(json, "sources");
    for (guint i = 0; i < facts->sources->len; i++)
        json_builder_add_string_value(json, g_ptr_array_index(facts->sources, i));
    json_builder_end_array(json);
}

static const char *
choose(const char *given, const char *found)
{
    return given != NULL ? given : found;
}

static void
add_all(JsonBuilder *json, const AqrImageManifest *manifest)
{
    g_autoptr(AqrImageFacts) none = aqr_image_facts_parse("");
    const AqrImageFacts *facts = manifest->facts == NULL ? none : manifest->facts;

    aqr_json_add_number(json, "format", FORMAT);
    aqr_json_add_string(json, "version", manifest->version);
    add_date(json, manifest->made);
    aqr_json_add_string(json, "release", choose(manifest->release, facts->os_codename));
    aqr_json_add_string(json, "arch", choose(manifest->arch, facts->arch));
    aqr_json_add_string(json, "system", facts->os_name);
    add_words(json, "users", manifest->users);
    add_words(json, "boots", manifest->boots);
    aqr_json_add_number(json, "size", (gint64)MIN(manifest->size, G_MAXINT64));
    aqr_json_add_string(json, "kernel", facts->kernel);
    add_firmware(json, facts);
    add_sources(json, facts);
    if (manifest->findings != NULL) {
        aqr_finding_report_add(json, manifest->findings);
        aqr_finding_report_add_counts(json, manifest->findings);
    }
    add_packages(json, facts);
}

char *
aqr_image_manifest_text(const AqrImageManifest *manifest)
{
    g_autoptr(JsonBuilder) json = json_builder_new();
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    json_builder_begin_object(json);
    add_all(json, manifest);
    json_builder_end_object(json);
    root = json_builder_get_root(json);
    text = json_to_string(root, TRUE);
    return g_strconcat(text, "\n", NULL);
}

/* --- and back ----------------------------------------------------------- */

void
aqr_image_origin_free(AqrImageOrigin *origin)
{
    if (origin == NULL)
        return;
    g_free(origin->release);
    g_free(origin->arch);
    g_strfreev(origin->users);
    g_strfreev(origin->boots);
    g_free(origin);
}

static char *
read_word(JsonObject *object, const char *name)
{
    JsonNode *node = aqr_json_value(object, name, G_TYPE_STRING);

    return node == NULL ? NULL : json_node_dup_string(node);
}

/* NULL: there is none. What is no string in it is passed over. */
static GStrv
read_words(JsonObject *object, const char *name)
{
    JsonNode *node = json_object_get_member(object, name);
    JsonArray *list =
        node != NULL && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    if (list == NULL)
        return NULL;
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonNode *word = json_array_get_element(list, i);

        if (JSON_NODE_HOLDS_VALUE(word) && json_node_get_value_type(word) == G_TYPE_STRING)
            g_strv_builder_add(words, json_node_get_string(word));
    }
    return g_strv_builder_end(words);
}

static gboolean
check_format(JsonObject *object, GError **error)
{
    JsonNode *format = aqr_json_value(object, "format", G_TYPE_INT64);

    if (format == NULL)
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_IMAGE, "it is no manifest of an image");
    else if (json_node_get_int(format) != FORMAT)
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE,
                    "it is of format %" G_GINT64_FORMAT ", and known is %d; use the program that "
                    "wrote it",
                    json_node_get_int(format), FORMAT);
    else
        return TRUE;
    return FALSE;
}

AqrImageOrigin *
aqr_image_manifest_parse(const char *text, GError **error)
{
    g_autoptr(JsonParser) parser = json_parser_new();
    g_autoptr(GError) failed = NULL;
    AqrImageOrigin *origin;
    JsonNode *root;
    JsonObject *object = NULL;

    if (!json_parser_load_from_data(parser, text, -1, &failed)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_IMAGE, "it is no JSON: %s", failed->message);
        return NULL;
    }
    root = json_parser_get_root(parser);
    if (root != NULL && JSON_NODE_HOLDS_OBJECT(root))
        object = json_node_get_object(root);
    if (!check_format(object, error))
        return NULL;
    origin = g_new0(AqrImageOrigin, 1);
    origin->release = read_word(object, "release");
    origin->arch = read_word(object, "arch");
    origin->users = read_words(object, "users");
    origin->boots = read_words(object, "boots");
    return origin;
}
