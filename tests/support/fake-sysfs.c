/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake-sysfs.h"

#include <umockdev.h>

#include "support/check-main.h"

struct FakeSysfs {
    UMockdevTestbed *testbed;
};

static void
load_fixture(UMockdevTestbed *testbed, const char *name)
{
    const char *dir = g_getenv("AQR_TEST_FIXTURES");
    g_autofree char *file = g_strdup_printf("%s.umockdev", name);
    g_autofree char *path = g_build_filename(dir, file, NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_nonnull(dir);
    umockdev_testbed_add_from_file(testbed, path, &error);
    ck_assert_no_error(error);
}

FakeSysfs *
fake_sysfs_new(const char *name)
{
    FakeSysfs *fake = g_new0(FakeSysfs, 1);

    fake->testbed = umockdev_testbed_new();
    ck_assert_msg(umockdev_in_mock_environment(), "LD_PRELOAD must name libumockdev-preload");
    if (name != NULL)
        load_fixture(fake->testbed, name);
    return fake;
}

void
fake_sysfs_free(FakeSysfs *fake)
{
    if (fake == NULL)
        return;
    g_object_unref(fake->testbed);
    g_free(fake);
}

char *
fake_sysfs_path(FakeSysfs *fake, const char *path)
{
    g_autofree char *root = umockdev_testbed_get_root_dir(fake->testbed);

    return g_build_filename(root, path, NULL);
}

void
fake_sysfs_tell(FakeSysfs *fake, const char *path, const char *action)
{
    umockdev_testbed_uevent(fake->testbed, path, action);
}
