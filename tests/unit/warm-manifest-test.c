/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-manifest.h"

#include <string.h>

#include "support/check-main.h"

#define KEY "0123456789abcdef0123456789abcdef"

static AqrWarmManifest *
new_manifest(void)
{
    AqrWarmKey key = { .name = (char *)KEY, .files = aqr_file_ids_new() };
    AqrFileId *id = aqr_file_id_new("/a \"b\"/\xc3\xa4.qcow2");
    AqrWarmManifest *manifest;

    id->device = G_MAXUINT64;
    id->inode = 7;
    id->size = 8;
    id->modified = G_MAXINT64;
    id->changed = -1;
    g_ptr_array_add(key.files, id);
    g_ptr_array_add(key.files, aqr_file_id_new("/usr/bin/qemu"));
    manifest = aqr_warm_manifest_new(&key);
    g_ptr_array_unref(key.files);
    manifest->made = 1700000000;
    manifest->memory = (AqrWarmPart){ 1 << 30, g_strdup("aa") };
    manifest->disk = (AqrWarmPart){ 2, g_strdup("bb") };
    manifest->state = (AqrWarmPart){ 3, g_strdup("cc") };
    return manifest;
}

static void
check_part(const AqrWarmPart *part, const AqrWarmPart *wanted)
{
    ck_assert_uint_eq(part->size, wanted->size);
    ck_assert_str_eq(part->checksum, wanted->checksum);
}

START_TEST(comes_back)
{
    g_autoptr(AqrWarmManifest) manifest = new_manifest();
    g_autofree char *text = aqr_warm_manifest_to_string(manifest);
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmManifest) back = aqr_warm_manifest_parse(text, &error);

    ck_assert_no_error(error);
    ck_assert(g_str_has_suffix(text, "}\n"));
    ck_assert_str_eq(back->key, manifest->key);
    ck_assert_int_eq(back->made, manifest->made);
    ck_assert_uint_eq(back->files->len, 2);
    for (guint i = 0; i < 2; i++)
        ck_assert(aqr_file_id_equal(g_ptr_array_index(back->files, i),
                                    g_ptr_array_index(manifest->files, i)));
    check_part(&back->memory, &manifest->memory);
    check_part(&back->disk, &manifest->disk);
    check_part(&back->state, &manifest->state);
}
END_TEST

/* Half of it, and each of its bits the other way. */
START_TEST(is_whole_or_refused)
{
    g_autoptr(AqrWarmManifest) manifest = new_manifest();
    g_autofree char *text = aqr_warm_manifest_to_string(manifest);
    gsize length = strlen(text);

    for (gsize bit = 0; bit < length * 8; bit++) {
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
        ck_assert_ptr_null(aqr_warm_manifest_parse(text, NULL));
        text[bit / 8] = (char)(text[bit / 8] ^ (1 << bit % 8));
    }
    while (length-- > 0) {
        g_autoptr(GError) error = NULL;

        text[length] = '\0';
        ck_assert_ptr_null(aqr_warm_manifest_parse(text, &error));
        ck_assert_error(error, AQR_ERROR_HOST);
    }
}
END_TEST

/* A text that is a manifest's but for one part. */
static const struct {
    const char *part, *instead, *error;
} changes[] = {
    { "{", "[", "its manifest is no JSON" },
    { "\"format\" : 1", "\"format\" : 2", "its manifest is of another version" },
    { "\"format\" : 1", "\"format\" : \"1\"", "its manifest is of another version" },
    { "\"format\"", "\"Format\"", "its manifest is of another version" },
    { KEY, "../../etc", "its manifest lacks something" },
    { KEY, "", "its manifest lacks something" },
    { "\"made\" : 1700000000", "\"made\" : null", "its manifest lacks something" },
    { "\"made\" : 1700000000", "\"made\" : 1700000000.0", "its manifest lacks something" },
    { "\"made\" : 1700000000", "\"made\" : 1700000001", "its manifest is not what was written" },
    { "\"files\"", "\"file\"", "its manifest lacks something" },
    { "\"files\" : [", "\"files\" : [ 1,", "its manifest lacks something" },
    { "\"files\" : [", "\"files\" : [], \"x\" : [", "its manifest lacks something" },
    { "/usr/bin/qemu", "usr/bin/qemu", "its manifest lacks something" },
    { "/usr/bin/qemu", "/usr/bin/kvm", "its manifest is not what was written" },
    { "\"inode\" : 7", "\"inode\" : \"7\"", "its manifest lacks something" },
    { "\"inode\" : 7", "\"inode\" : 9", "its manifest is not what was written" },
    { "\"memory\"", "\"Memory\"", "its manifest lacks something" },
    { "\"size\" : 2", "\"size\" : -2", "its manifest lacks something" },
    { "\"bb\"", "7", "its manifest lacks something" },
    { "\"bb\"", "\"b\"", "its manifest is not what was written" },
    { "\"state\" : {", "\"state\" : [", "its manifest is no JSON" },
    { "\"made\"", "\"more\" : 1, \"made\"", "its manifest is not what was written" },
    { "\"made\"", "\"made\" : 1, \"made\"", "its manifest is not what was written" },
    { "\"made\"", " \"made\"", "its manifest is not what was written" },
};

START_TEST(is_refused)
{
    g_autoptr(AqrWarmManifest) manifest = new_manifest();
    g_autofree char *text = aqr_warm_manifest_to_string(manifest);
    const char *at = strstr(text, changes[_i].part);
    g_autofree char *start = NULL, *changed = NULL;
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(at);
    start = g_strndup(text, (gsize)(at - text));
    changed = g_strconcat(start, changes[_i].instead, at + strlen(changes[_i].part), NULL);
    ck_assert_ptr_null(aqr_warm_manifest_parse(changed, &error));
    ck_assert_str_eq(error->message, changes[_i].error);
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

static const char *const others[] = { "", "null", "1", "{}", "[]", "\xff\xfe", "{\"format\" : 1}" };

START_TEST(is_nothing_else)
{
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_warm_manifest_parse(others[_i], &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, comes_back);
    tcase_add_test(tcase, is_whole_or_refused);
    tcase_add_loop_test(tcase, is_refused, 0, G_N_ELEMENTS(changes));
    tcase_add_loop_test(tcase, is_nothing_else, 0, G_N_ELEMENTS(others));
}
