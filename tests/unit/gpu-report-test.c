/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-report.h"

#include "support/check-main.h"
#include "support/data.h"

static AqrPciDevice *
make_device(const char *text, guint16 device, guint32 class, const char *driver)
{
    AqrPciAddress address;
    AqrPciDevice *made;

    ck_assert(aqr_pci_address_parse(text, &address, NULL));
    made = aqr_pci_device_new(&address);
    made->vendor = 0x1002;
    made->device = device;
    made->class = class;
    made->driver = g_strdup(driver);
    made->iommu_group = 17;
    made->numa_node = -1;
    return made;
}

static AqrGpu *
make_gpu(AqrPciDevice *device, AqrPciDevice *companion, const char *gfx, const char *name)
{
    AqrGpu *gpu = g_new0(AqrGpu, 1);

    gpu->device = device;
    gpu->gfx = g_strdup(gfx);
    gpu->gfx_source = gfx == NULL ? AQR_GFX_UNKNOWN : AQR_GFX_TABLE;
    gpu->name = g_strdup(name);
    gpu->together = g_ptr_array_new();
    gpu->foreign = g_ptr_array_new();
    g_ptr_array_add(gpu->together, device);
    if (companion != NULL)
        g_ptr_array_add(gpu->together, companion);
    return gpu;
}

static void
add_status(GPtrArray *statuses, const AqrGpu *gpu, AqrGpuState state, const char *reason)
{
    AqrGpuStatus *status = g_new0(AqrGpuStatus, 1);

    status->gpu = gpu;
    status->state = state;
    status->reason = g_strdup(reason);
    g_ptr_array_add(statuses, status);
}

static void
compare(const GPtrArray *statuses, const char *table, const char *json)
{
    g_autofree char *for_people = aqr_gpu_report_table(statuses);
    g_autofree char *for_programs = aqr_gpu_report_json(statuses);

    test_data_compare(table, for_people);
    test_data_compare(json, for_programs);
}

START_TEST(reports)
{
    g_autoptr(AqrPciDevice) radeon = make_device("03:00.0", 0x73bf, 0x030000, "amdgpu");
    g_autoptr(AqrPciDevice) audio = make_device("03:00.1", 0xab28, 0x040300, NULL);
    g_autoptr(AqrPciDevice) new = make_device("10000:c1:00.0", 0x9999, 0x120000, "vfio-pci");
    g_autoptr(AqrGpu) known = make_gpu(radeon, audio, "gfx1030", "AMD Radeon RX 6800 XT");
    g_autoptr(AqrGpu) unknown = make_gpu(new, NULL, NULL, "1002:9999");
    g_autoptr(GPtrArray) statuses =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_status_free);
    const char *const methods[] = { "flr", "bus", NULL };

    radeon->reset_methods = g_strdupv((char **)methods);
    radeon->power_state = g_strdup("D0");
    radeon->boot_vga = TRUE;
    radeon->numa_node = 1;
    known->atomics = AQR_ATOMICS_YES;
    unknown->atomics = AQR_ATOMICS_NO;
    unknown->atomics_reason = g_strdup("0000:00:01.0 does not complete 64 bit");
    g_ptr_array_add(unknown->foreign, audio);
    add_status(statuses, known, AQR_GPU_FREE, NULL);
    ((AqrGpuStatus *)statuses->pdata[0])->strikes = (AqrStrikeNote){ 2, g_strdup("it hung") };
    add_status(statuses, unknown, AQR_GPU_SICK, "it said \"no\"");
    compare(statuses, "golden/gpus.txt", "golden/gpus.json");
}
END_TEST

START_TEST(reports_none)
{
    g_autoptr(GPtrArray) statuses = g_ptr_array_new();

    compare(statuses, "golden/gpus-none.txt", "golden/gpus-none.json");
}
END_TEST

START_TEST(names_states)
{
    ck_assert_str_eq(aqr_gpu_state_name(AQR_GPU_BUSY), "busy");
    ck_assert_str_eq(aqr_gpu_state_name(AQR_GPU_UNPASSABLE), "unpassable");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, reports);
    tcase_add_test(tcase, reports_none);
    tcase_add_test(tcase, names_states);
}
