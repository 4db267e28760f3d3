/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/setup-plan.h"

#include <string.h>

#include "support/check-main.h"
#include "support/fake-host.h"

#define ROOT fake_host_new
#define USER fake_host_new_for_user
#define BARE fake_host_new_bare

static const struct {
    AqrHostFacts *(*host)(void);
    const char *spoilt;
    const char *ids;
} plans[] = {
    { ROOT, "", "modules-load " },
    { ROOT, "lease_dir.exists=no", "modules-load leases leases-now " },
    { ROOT, "lease_dir.exists=yes; lease_dir.owner.uid=1000", "modules-load " },
    { ROOT, "modprobe=softdep amdgpu pre: vfio-pci", "" },
    { USER, "", "" },
    { USER, "vfio_conf.autoload=false", "modules-load " },
    { USER, "udev.group=", "udev udev-reload udev-trigger " },
    { USER, "udev.group=vfio", "" }, /* somebody has decided that */
    { USER, "udev.group=; host_groups=kvm", "" },
    { USER, "memlock=8388608", "memlock " },
    { USER, "memlock_now.hard=8388608", "" }, /* it will be when he logs in again */
    { USER, "groups=rocky", "group-kvm group-render " },
    { USER, "groups=rocky kvm", "group-render " },
    { USER, "groups=rocky; host_groups=render", "group-render " },
    { USER, "groups=rocky; user.exists=false", "" },
    /* libvirt's daemon leaves less to do */
    { USER, "libvirt_socket.exists=yes; groups=rocky libvirt; udev.group=; memlock=8388608",
      "group-kvm " },
    { BARE, "", "modules-load memlock leases leases-now " },
    { BARE, "host_groups=kvm render libvirt",
      "modules-load udev udev-reload udev-trigger memlock group-kvm group-render leases "
      "leases-now " },
};

START_TEST(plans_what_is_missing)
{
    g_autoptr(AqrHostFacts) facts = plans[_i].host();
    g_autoptr(GPtrArray) steps = NULL;
    g_autoptr(GString) ids = g_string_new(NULL);

    fake_host_spoil(facts, plans[_i].spoilt);
    steps = aqr_setup_plan_make(facts);
    for (guint i = 0; i < steps->len; i++) {
        const AqrSetupStep *step = g_ptr_array_index(steps, i);

        g_string_append_printf(ids, "%s ", step->id);
    }
    ck_assert_str_eq(ids->str, plans[_i].ids);
}
END_TEST

static const struct {
    const char *id;
    const char *path; /* or the argv */
    const char *text; /* behind the mark */
} steps_of_bare[] = {
    { "modules-load", "/etc/modules-load.d/rocm-qemu.conf", "vfio-pci\n" },
    { "udev", "/etc/udev/rules.d/99-rocm-qemu.rules",
      "SUBSYSTEM==\"vfio\", GROUP=\"render\", MODE=\"0660\"\n" },
    { "udev-reload", "udevadm control --reload", NULL },
    { "udev-trigger", "udevadm trigger --subsystem-match=vfio", NULL },
    { "memlock", "/etc/security/limits.d/rocm-qemu-rocky.conf", "rocky - memlock unlimited\n" },
    { "group-kvm", "usermod --append --groups kvm rocky", NULL },
    { "group-render", "usermod --append --groups render rocky", NULL },
    { "leases", "/etc/tmpfiles.d/rocm-qemu.conf", "d /run/lock/rocm-gpu 1777 root root -\n" },
    { "leases-now", "/run/lock/rocm-gpu", NULL },
};

START_TEST(says_how)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_bare();
    g_autoptr(GPtrArray) steps = NULL;
    const AqrSetupStep *step;
    g_autofree char *argv = NULL;

    fake_host_spoil(facts, "host_groups=kvm render libvirt");
    steps = aqr_setup_plan_make(facts);
    ck_assert_uint_eq(steps->len, G_N_ELEMENTS(steps_of_bare));
    step = g_ptr_array_index(steps, _i);
    argv = step->argv == NULL ? g_strdup(step->path) : g_strjoinv(" ", step->argv);
    ck_assert_str_eq(step->id, steps_of_bare[_i].id);
    ck_assert_str_eq(argv, steps_of_bare[_i].path);
    ck_assert_int_eq(step->text == NULL, steps_of_bare[_i].text == NULL);
    if (step->text == NULL)
        return;
    ck_assert(g_str_has_prefix(step->text, aqr_setup_mark));
    ck_assert_str_eq(step->text + strlen(aqr_setup_mark), steps_of_bare[_i].text);
}
END_TEST

/* A line of limits.d must not become a path. */
START_TEST(minds_odd_names)
{
    g_autoptr(AqrHostFacts) facts = fake_host_new_for_user();
    g_autoptr(GPtrArray) steps = NULL;

    fake_host_spoil(facts, "memlock=8388608");
    g_free(facts->user.name);
    facts->user.name = g_strdup("../../passwd");
    steps = aqr_setup_plan_make(facts);
    ck_assert_uint_eq(steps->len, 0);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, plans_what_is_missing, 0, G_N_ELEMENTS(plans));
    tcase_add_loop_test(tcase, says_how, 0, G_N_ELEMENTS(steps_of_bare));
    tcase_add_test(tcase, minds_odd_names);
}
