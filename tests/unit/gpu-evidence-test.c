/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-evidence.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "core/gpu.h"
#include "support/check-main.h"
#include "support/data.h"

static AqrGpu *
make_gpu(const AqrPciDevice *device)
{
    AqrGpu *gpu = g_new0(AqrGpu, 1);

    gpu->device = device;
    gpu->gfx = g_strdup("gfx1030");
    gpu->name = g_strdup("AMD Radeon RX 6800 XT");
    gpu->together = g_ptr_array_new();
    gpu->foreign = g_ptr_array_new();
    return gpu;
}

START_TEST(tells_of_host)
{
    AqrPciAddress address = { .bus = 3 };
    g_autoptr(AqrPciDevice) device = aqr_pci_device_new(&address);
    g_autoptr(AqrGpu) gpu = make_gpu(device);
    AqrGpuEvidence health = { .vbios = (char *)"113-D4120500-101",
                              .quarantine = (char *)"sick",
                              .trouble = (char *)"left to somebody" };
    g_autoptr(GPtrArray) gpus = g_ptr_array_new();
    g_autoptr(GPtrArray) healths = g_ptr_array_new();
    g_autofree char *name = NULL, *json = NULL;
    g_autoptr(JsonNode) parsed = NULL;

    g_ptr_array_add(gpus, gpu);
    g_ptr_array_add(healths, &health);
    name = aqr_gpu_evidence_name(gpus);
    ck_assert_str_eq(name, "{\"gpus\":[{\"address\":\"0000:03:00.0\",\"gfx\":\"gfx1030\","
                           "\"name\":\"AMD Radeon RX 6800 XT\"}]}");
    json = aqr_gpu_evidence_json("after VM 2", gpus, healths);
    parsed = json_from_string(json, NULL);
    ck_assert_ptr_nonnull(parsed);
    ck_assert_ptr_nonnull(strstr(json, "\"when\" : \"after VM 2\""));
    ck_assert_ptr_nonnull(strstr(json, "\"vbios_version\" : \"113-D4120500-101\""));
    ck_assert_ptr_nonnull(strstr(json, "\"quarantine\" : \"sick\""));
    ck_assert_ptr_nonnull(strstr(json, "\"trouble\" : \"left to somebody\""));
    ck_assert_ptr_nonnull(strstr(json, "\"address\" : \"0000:03:00.0\""));
}
END_TEST

/* Its readers ask for what is not null. */
START_TEST(tells_of_one_that_is_well)
{
    AqrPciAddress address = { .bus = 3 };
    g_autoptr(AqrPciDevice) device = aqr_pci_device_new(&address);
    g_autoptr(AqrGpu) gpu = make_gpu(device);
    AqrGpuEvidence health = { 0 };
    g_autoptr(GPtrArray) gpus = g_ptr_array_new();
    g_autoptr(GPtrArray) healths = g_ptr_array_new();
    g_autofree char *json = NULL;

    g_ptr_array_add(gpus, gpu);
    g_ptr_array_add(healths, &health);
    json = aqr_gpu_evidence_json("after VM 1", gpus, healths);
    ck_assert_ptr_nonnull(strstr(json, "\"quarantine\" : null"));
    ck_assert_ptr_nonnull(strstr(json, "\"trouble\" : null"));
}
END_TEST

/* NULL: of no file. */
static const struct {
    const char *facts, *json;
} guests[] = {
    { "rx-6800-xt",
      "{\"kernel\":\"6.12.57+deb13-amd64\",\"gpus\":[{\"address\":\"0000:01:00.0\","
      "\"driver\":\"amdgpu\",\"render_nodes\":[\"/dev/dri/renderD128\"]}],\"kfd\":[\"gfx1030\"]}" },
    { "nothing", "{\"kernel\":null,\"gpus\":[],\"kfd\":[]}" },
    { NULL, NULL },
};

START_TEST(tells_of_guest)
{
    const char *name = guests[_i].facts;
    g_autofree char *file = name == NULL ? NULL : g_strconcat("fuzz/corpus/gpu-facts/", name, NULL);
    g_autofree char *facts = file == NULL ? NULL : test_data_read(file, NULL);
    g_autofree char *json = aqr_gpu_evidence_guest(facts);

    ck_assert_pstr_eq(json, guests[_i].json);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, tells_of_host);
    tcase_add_test(tcase, tells_of_one_that_is_well);
    tcase_add_loop_test(tcase, tells_of_guest, 0, G_N_ELEMENTS(guests));
}
