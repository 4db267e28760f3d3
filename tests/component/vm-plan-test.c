/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whether a VM can do without libvirt's daemon, which binds GPUs for those who may not. */
#include "cli/vm-plan.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-gpu.h"
#include "support/check-main.h"
#include "support/data.h"

static FakeGpu fake;

static void
set_up(void)
{
    g_autofree char *data = test_data_path("../data");

    g_setenv("AQR_DATA_DIR", data, TRUE);
    g_setenv("AQR_LEASE_DIR", "/no/such", TRUE);
    fake_gpu_set_up(&fake);
    fake_gpu_write(&fake, "/sys/kernel/iommu_groups/31/type", "DMA\n");
    fake_gpu_write(&fake, "/sys/bus/pci/drivers/vfio-pci/new_id", "");
    fake_gpu_write(&fake, "/sys/module/vfio_iommu_type1/initstate", "live\n");
    fake_gpu_write(&fake, "/dev/vfio/vfio", "");
}

static void
tear_down(void)
{
    fake_gpu_tear_down(&fake);
}

/* In libc's place: a user may lock all. */
int
getrlimit(G_GNUC_UNUSED __rlimit_resource_t resource, struct rlimit *limit)
{
    *limit = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
    return 0;
}

/* The host has booted on its display, which is another matter (--gpu-force). */
static const struct {
    const char *gpu;
    const char *driver;
    gboolean by_user; /* root can have them all */
} rows[] = {
    { "--gpu=none", "amdgpu", TRUE },
    { "--gpu=03:00.0", "amdgpu", FALSE },
    { "--gpu=03:00.0", "vfio-pci", TRUE },
};

static gboolean
can_be_own(const char *gpu)
{
    char *argv[] = { (char *)"test",        (char *)gpu,     (char *)"--ram-size=2048",
                     (char *)"--gpu-force", (char *)"image", NULL };
    g_auto(AqrVmOptions) options = { 0 };
    gboolean parsed = aqr_vm_options_parse(&options, G_N_ELEMENTS(argv) - 1, argv, "", "", NULL);

    ck_assert(parsed);
    return aqr_vm_plan_can_be_own(&options);
}

static int row;

static gboolean
check_as_user(G_GNUC_UNUSED FakeGpu *tested, GError **error)
{
    if (can_be_own(rows[row].gpu))
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GPU, "no");
    return FALSE;
}

START_TEST(can_do_without_a_daemon)
{
    g_autofree char *said = NULL;

    for (guint i = 0; i < fake.gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(fake.gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);
        g_autofree char *node = g_strdup_printf("/dev/vfio/%d", device->iommu_group);
        g_autofree char *real = fake_sysfs_path(fake.sysfs, node);

        fake_gpu_bind(&fake, address, rows[_i].driver);
        fake_gpu_write(&fake, node, "");
        ck_assert_int_eq(chmod(real, 0666), 0);
    }
    row = _i;
    if (geteuid() == 0)
        ck_assert(can_be_own(rows[_i].gpu));
    said = fake_gpu_as_nobody(&fake, check_as_user);
    ck_assert_int_eq(said == NULL, rows[_i].by_user);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, can_do_without_a_daemon, 0, G_N_ELEMENTS(rows));
}
