/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/udev-rules.h"

#include "support/check-main.h"

#define RULE "SUBSYSTEM==\"vfio\", GROUP=\"render\", MODE=\"0660\"\n"

static const struct {
    const char *text;
    const char *owner, *group, *mode;
    gboolean has_rule;
    guint n_bad;
} rows[] = {
    { "", NULL, NULL, NULL, FALSE, 0 },
    { RULE, NULL, "render", "0660", TRUE, 0 },
    { "  SUBSYSTEM == \"vfio\" , OWNER = \"rocky\" ,\n", "rocky", NULL, NULL, TRUE, 0 },
    { "# " RULE, NULL, NULL, NULL, FALSE, 0 },
    /* what made another tool end without a word */
    { "SUBSYSTEM==\"vfio\", MODE=\"0666\"\n", NULL, NULL, "0666", TRUE, 0 },
    { "SUBSYSTEM==\"vfio\", \\\n  GROUP=\"kvm\"\n", NULL, "kvm", NULL, TRUE, 0 },
    { "SUBSYSTEM==\"vfio\", \\\n# why\n  GROUP=\"kvm\"\n", NULL, "kvm", NULL, TRUE, 0 },
    /* udev ignores such an end of a file */
    { "SUBSYSTEM==\"vfio\", GROUP=\"kvm\" \\", NULL, NULL, NULL, FALSE, 1 },
    { "SUBSYSTEM==\"misc\", GROUP=\"kvm\"\n", NULL, NULL, NULL, FALSE, 0 },
    { "SUBSYSTEM==\"misc|vfio\", GROUP=\"kvm\"\n", NULL, "kvm", NULL, TRUE, 0 },
    { "SUBSYSTEM!=\"vfio\", GROUP=\"kvm\"\n", NULL, NULL, NULL, FALSE, 0 },
    { "SUBSYSTEM==\"*\", GROUP=\"kvm\"\n", NULL, NULL, NULL, FALSE, 0 },
    { "KERNEL==\"vfio\", MODE=\"0666\"\n", NULL, NULL, NULL, FALSE, 0 },
    { "SUBSYSTEM==\"vfio\", KERNEL==\"vfio\", MODE=\"0666\"\n", NULL, NULL, NULL, FALSE, 0 },
    { "SUBSYSTEM==\"vfio\", KERNEL==\"[0-9]*\", MODE=\"0666\"\n", NULL, NULL, "0666", TRUE, 0 },
    { "SUBSYSTEM==\"vfio\", KERNEL==\"12\", MODE=\"0666\"\n", NULL, NULL, "0666", TRUE, 0 },
    { "SUBSYSTEM==\"vfio\", KERNEL==\"*\", GROUP=\"a\"\n", NULL, "a", NULL, TRUE, 0 },
    { RULE "SUBSYSTEM==\"vfio\", GROUP=\"kvm\"\n", NULL, "kvm", "0660", TRUE, 0 },
    { "SUBSYSTEM==\"vfio\", GROUP:=\"kvm\"\n" RULE, NULL, "kvm", "0660", TRUE, 0 },
    { "SUBSYSTEM==\"vfio\" GROUP=render\n", NULL, NULL, NULL, FALSE, 1 },
    { "SUBSYSTEM==\"vfio\", GROUP=\"render\n", NULL, NULL, NULL, FALSE, 1 },
    { "vfio\n", NULL, NULL, NULL, FALSE, 1 },
    { "nonsense\n", NULL, NULL, NULL, FALSE, 0 },
    { "vfio \xff\xfe\n" RULE, NULL, "render", "0660", TRUE, 1 },
    { "ACTION==\"add\", SUBSYSTEM==\"vfio\", ENV{a}=\"b\", RUN{program}+=\"/bin/x \\\"y\\\"\"\n",
      NULL, NULL, NULL, TRUE, 0 },
};

START_TEST(reads)
{
    AqrUdevVfio node = { 0 };

    aqr_udev_rules_read(&node, rows[_i].text);
    ck_assert_int_eq(node.has_rule, rows[_i].has_rule);
    ck_assert_pstr_eq(node.owner, rows[_i].owner);
    ck_assert_pstr_eq(node.group, rows[_i].group);
    ck_assert_pstr_eq(node.mode, rows[_i].mode);
    ck_assert_uint_eq(node.n_bad, rows[_i].n_bad);
    aqr_udev_vfio_clear(&node);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, reads, 0, G_N_ELEMENTS(rows));
}
