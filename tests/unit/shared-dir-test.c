/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/shared-dir.h"

#include <string.h>

#include "support/check-main.h"

static const struct {
    const char *text;
    const char *source, *target; /* NULL: refused */
    gboolean writable;
} rows[] = {
    { "src=/srv,dst=/mnt", "/srv", "/mnt", FALSE },
    { "src=/srv,dst=/mnt,rw", "/srv", "/mnt", TRUE },
    { "rw,dst=/mnt,src=/srv", "/srv", "/mnt", TRUE },
    { "src=data,dst=/a/b", "/here/data", "/a/b", FALSE },
    { "src=.,dst=/a", "/here", "/a", FALSE },
    { "src=/a=b c,dst=/d=e f", "/a=b c", "/d=e f", FALSE },
    { "src=/srv/../x/,dst=/mnt", "/x", "/mnt", FALSE },
    { "", NULL, NULL, FALSE },
    { "/srv", NULL, NULL, FALSE },
    { "src=/srv", NULL, NULL, FALSE },
    { "dst=/srv", NULL, NULL, FALSE },
    { "src=,dst=/mnt", NULL, NULL, FALSE },
    { "src=/srv,dst=", NULL, NULL, FALSE },
    { "src=/srv,dst=mnt", NULL, NULL, FALSE },
    { "src=/srv,dst=/mnt,", NULL, NULL, FALSE },
    { "src=/srv,dst=/mnt,ro", NULL, NULL, FALSE },
    { "src=/srv,dst=/mnt,rw,rw", NULL, NULL, FALSE },
    { "src=/srv,dst=/mnt,rw=yes", NULL, NULL, FALSE },
    { "src=/srv,src=/srv,dst=/mnt", NULL, NULL, FALSE },
    { "source=/srv,dst=/mnt", NULL, NULL, FALSE },
    { "src=/a,b,dst=/mnt", NULL, NULL, FALSE },
};

START_TEST(parses)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrSharedDir) dir = aqr_shared_dir_parse(rows[_i].text, "/here", &error);

    if (rows[_i].source == NULL) {
        ck_assert_ptr_null(dir);
        ck_assert_error(error, AQR_ERROR_USAGE);
        return;
    }
    ck_assert_no_error(error);
    ck_assert_str_eq(dir->source, rows[_i].source);
    ck_assert_str_eq(dir->target, rows[_i].target);
    ck_assert_int_eq(dir->writable, rows[_i].writable);
}
END_TEST

/* No syntax forbids anything in their names. */
START_TEST(takes_any_names)
{
    g_autoptr(AqrSharedDir) dir = aqr_shared_dir_new("../a,b=c,rw", "/x,y", TRUE, "/here");

    ck_assert_str_eq(dir->source, "/a,b=c,rw");
    ck_assert_str_eq(dir->target, "/x,y");
    ck_assert(dir->writable);
}
END_TEST

/* virtio-9p's tags have at most 31 bytes. */
START_TEST(tags_differ_and_are_short)
{
    g_autofree char *first = aqr_shared_dir_tag(0);
    g_autofree char *last = aqr_shared_dir_tag(G_MAXUINT);

    ck_assert_str_ne(first, last);
    ck_assert_uint_le(strlen(last), 31);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, takes_any_names);
    tcase_add_test(tcase, tags_differ_and_are_short);
}
