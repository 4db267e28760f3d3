/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/subid.h"

#include "support/check-main.h"

static const struct {
    const char *text;
    gboolean has; /* "debci", whose uid is 999 */
    guint32 next;
} files[] = {
    { "", FALSE, 100000 },
    { "debci:100000:65536\n", TRUE, 165536 },
    { "999:100000:65536", TRUE, 165536 },
    { "rocky:100000:65536\n", FALSE, 165536 },
    { "debci:100000:65535\n", FALSE, 165535 }, /* mmdebstrap wants as many as there are uids */
    { "debci:100000:1000\ndebci:200000:65536\n", TRUE, 265536 },
    { "b:300000:65536\na:100000:65536\n", FALSE, 365536 },
    { "a:1000:10\n", FALSE, 100000 },
    { "debci2:100000:65536\n", FALSE, 165536 },
    { "a:4294836223:65536\n", FALSE, 4294901759 }, /* the last that fits */
    { "a:4294836224:65536\n", FALSE, 0 },
    { "a:4294967295:4294967295\n", FALSE, 0 },
    /* no lines */
    { "debci:100000\ndebci:x:65536\ndebci:100000:65536:1\ndebci:-1:65536\n# debci\n", FALSE,
      100000 },
    { "a:100000:0\n", FALSE, 100000 },
};

START_TEST(reads)
{
    ck_assert_int_eq(aqr_subid_has(files[_i].text, "debci", 999), files[_i].has);
    ck_assert_uint_eq(aqr_subid_next(files[_i].text), files[_i].next);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, reads, 0, G_N_ELEMENTS(files));
}
