/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-info.h"

#include "support/check-main.h"

static const struct {
    const char *json;
    const char *format; /* NULL: refused */
    guint64 size;
    gboolean incomplete;
} answers[] = {
    /* qemu-img 7.2 */
    { "[{ \"virtual-size\": 6442450944, \"filename\": \"/sid.qcow2\", \"cluster-size\": 65536, "
      "\"format\": \"qcow2\", \"actual-size\": 196616, \"format-specific\": { \"type\": \"qcow2\", "
      "\"data\": { \"compat\": \"1.1\", \"compression-type\": \"zlib\", \"lazy-refcounts\": false, "
      "\"refcount-bits\": 16, \"corrupt\": false, \"extended-l2\": false } }, "
      "\"dirty-flag\": false }]",
      "qcow2", 6442450944, FALSE },
    { "[{ \"virtual-size\": 1048576, \"filename\": \"/a\", \"format\": \"raw\", "
      "\"actual-size\": 0, \"dirty-flag\": false }]",
      "raw", 1048576, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":0}]", "raw", 0, FALSE },
    /* qemu-img 8 and later */
    { "[{\"filename\":\"/"
      "a\",\"format\":\"raw\",\"virtual-size\":512,\"format-specific\":{\"type\":\"file\",\"data\":"
      "{}}"
      ","
      "\"children\":[]}]",
      "raw", 512, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"qcow2\",\"virtual-size\":512,\"dirty-flag\":true}]",
      "qcow2", 512, TRUE },
    { "[{\"filename\":\"/"
      "a\",\"format\":\"qcow2\",\"virtual-size\":512,\"format-specific\":{\"data\":"
      "{\"corrupt\":true}}}]",
      "qcow2", 512, TRUE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\"}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"virtual-size\":512}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":null,\"virtual-size\":512}]", NULL, 0, FALSE },
    { "[{}]", NULL, 0, FALSE },
    { "{}", NULL, 0, FALSE },
    { "[]", NULL, 0, FALSE },
    { "\"raw\"", NULL, 0, FALSE },
    { "", NULL, 0, FALSE },
    { "{", NULL, 0, FALSE },
    { "qemu-img: Could not open 'a'", NULL, 0, FALSE },
    /* nothing that qemu-img says, but no reason to stumble */
    { "[{\"filename\":\"/a\",\"format\":7,\"virtual-size\":512}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":[],\"virtual-size\":512}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":null}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":{}}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":\"512\"}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":-1}]", NULL, 0, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":512,\"format-specific\":7}]",
      "raw", 512, FALSE },
    { "[{\"filename\":\"/"
      "a\",\"format\":\"raw\",\"virtual-size\":512,\"format-specific\":{\"data\":[]}}]",
      "raw", 512, FALSE },
    { "[{\"filename\":\"/a\",\"format\":\"raw\",\"virtual-size\":512,\"dirty-flag\":{}}]", "raw",
      512, FALSE },
};

START_TEST(parses)
{
    g_autoptr(GError) error = NULL;
    g_auto(AqrImageInfo) info = { 0 };

    if (answers[_i].format == NULL) {
        ck_assert(!aqr_image_info_parse(answers[_i].json, &info, &error));
        ck_assert_error(error, AQR_ERROR_IMAGE);
        ck_assert_ptr_null(info.disk);
        return;
    }
    ck_assert(aqr_image_info_parse(answers[_i].json, &info, &error));
    ck_assert_no_error(error);
    ck_assert_str_eq(info.disk->format, answers[_i].format);
    ck_assert_ptr_null(info.disk->backing);
    ck_assert_uint_eq(info.size, answers[_i].size);
    ck_assert_int_eq(info.incomplete, answers[_i].incomplete);
}
END_TEST

/* An overlay of a raw file, of which the second layer is marked. */
START_TEST(follows_the_chain)
{
    const char *json = "[{\"filename\":\"/o\",\"format\":\"qcow2\",\"virtual-size\":1024},"
                       "{\"filename\":\"/b\",\"format\":\"raw\",\"virtual-size\":512,"
                       "\"dirty-flag\":true}]";
    g_auto(AqrImageInfo) info = { 0 };

    ck_assert(aqr_image_info_parse(json, &info, NULL));
    ck_assert_str_eq(info.disk->file, "/o");
    ck_assert_str_eq(info.disk->backing->file, "/b");
    ck_assert_str_eq(info.disk->backing->format, "raw");
    ck_assert_ptr_null(info.disk->backing->backing);
    ck_assert_uint_eq(info.size, 1024);
    ck_assert(info.incomplete);
}
END_TEST

START_TEST(asks)
{
    g_auto(GStrv) info = aqr_image_info_argv("/srv/-x.qcow2");
    g_auto(GStrv) overlay = aqr_image_overlay_argv("/tmp/o", "/srv/base", "raw");
    g_auto(GStrv) start = aqr_image_start_argv("/srv/base", "qcow2", 17408, "/tmp/start");

    ck_assert_argv_eq(info, "qemu-img info --backing-chain --output=json -- /srv/-x.qcow2");
    ck_assert_argv_eq(overlay, "qemu-img create -q -f qcow2 -F raw -b /srv/base -- /tmp/o");
    ck_assert_argv_eq(start,
                      "qemu-img dd -U -f qcow2 -O raw bs=17408 count=1 if=/srv/base of=/tmp/start");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(answers));
    tcase_add_test(tcase, follows_the_chain);
    tcase_add_test(tcase, asks);
}
