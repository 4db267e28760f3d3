/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-choice.h"

#include <string.h>

#include "base/error.h"
#include "support/check-main.h"
#include "support/fake-pci.h"

/* Their gfx targets are from the KFD. */
#define GPU(slot, group, gfx, ...)                                                           \
    {                                                                                        \
        slot ":00.0", NULL, 0x1002, 0xfffe, 0x038000, group, .gfx_version = gfx, __VA_ARGS__ \
    }
#define VFIO .driver = "vfio-pci"
#define SHOWN .driver = "amdgpu", .boot_vga = TRUE
#define NVME(slot, group)                                           \
    {                                                               \
        slot ":00.0", NULL, 0x144d, 0xa808, 0x010802, group, "nvme" \
    }

/* Two cards and a third of another kind, which is on vfio-pci. */
static const FakePci mixed[] = {
    GPU("03", 3, 100300),
    GPU("04", 4, 100300),
    GPU("05", 5, 90010, VFIO),
    { NULL },
};

static const FakePci empty[] = { NVME("01", 1), { NULL } };

/* The display of the host, one without an IOMMU, and one with a disk. */
static const FakePci hopeless[] = {
    GPU("03", 3, 100300, SHOWN),
    GPU("04", 0, 100301),
    GPU("05", 5, 100302),
    NVME("06", 5),
    { NULL },
};

static const FakePci partly[] = {
    GPU("03", 3, 100300, SHOWN),
    GPU("04", 4, 100300),
    GPU("05", 0, 90010),
    { NULL },
};

/* Two of one IOMMU group, and one alone. */
static const FakePci grouped[] = {
    GPU("03", 3, 100300),
    GPU("04", 3, 100300),
    GPU("05", 5, 100300),
    { NULL },
};

/* Two hives, of two and three, and one alone. */
static const FakePci hives[] = {
    GPU("03", 3, 90010, .hive = 7),
    GPU("04", 4, 90010, .hive = 7),
    GPU("05", 5, 90008, .hive = 8),
    GPU("06", 6, 90008, .hive = 8),
    GPU("07", 7, 90008, .hive = 8),
    GPU("08", 8, 100300),
    { NULL },
};

static const FakePci one_hive[] = {
    GPU("03", 3, 90010, .hive = 7),
    GPU("04", 4, 90010, .hive = 7),
    { NULL },
};

/* One of it can never be passed. */
static const FakePci broken_hive[] = {
    GPU("03", 3, 90010, .hive = 7),
    GPU("04", 4, 90010, .hive = 7, .config = FAKE_CONFIG_LOST),
    GPU("05", 5, 100300),
    { NULL },
};

typedef struct {
    const FakePci *host;
    const char *words[4];
    const char *busy; /* functions, with blanks between */
    gboolean forced;
    int code;           /* of the error; -1: none */
    const char *chosen; /* in the order of the words; "": none, wait if there is no error */
    const char *error;  /* how it begins */
} Choice;

static const Choice choices[] = {
    /* what nobody has to give up comes first; then the lowest address */
    { mixed, { "any" }, "", FALSE, -1, "0000:05:00.0", NULL },
    { mixed, { "any" }, "05", FALSE, -1, "0000:03:00.0", NULL },
    { mixed, { "any" }, "03 04 05", FALSE, -1, "", NULL },
    { mixed, { "none" }, "03 04 05", FALSE, -1, "", NULL },
    { mixed, { "gfx1030" }, "", FALSE, -1, "0000:03:00.0", NULL },
    { mixed, { "gfx1030" }, "03", FALSE, -1, "0000:04:00.0", NULL },
    { mixed, { "gfx1030" }, "03 04", FALSE, -1, "", NULL },
    { mixed, { "gfx1030", "gfx1030" }, "", FALSE, -1, "0000:03:00.0 0000:04:00.0", NULL },
    { mixed, { "gfx1030", "gfx1030" }, "03", FALSE, -1, "", NULL },
    { mixed, { "04:00.0" }, "", FALSE, -1, "0000:04:00.0", NULL },
    { mixed, { "04:00.0" }, "04", FALSE, -1, "", NULL },
    { mixed, { "all" }, "", FALSE, -1, "0000:03:00.0 0000:04:00.0 0000:05:00.0", NULL },
    { mixed, { "all" }, "04", FALSE, -1, "", NULL },
    /* the more particular choose first, wherever they stand */
    { mixed, { "any", "gfx90a" }, "", FALSE, -1, "0000:03:00.0 0000:05:00.0", NULL },
    { mixed,
      { "any", "gfx1030", "05:00.0" },
      "",
      FALSE,
      -1,
      "0000:04:00.0 0000:03:00.0 0000:05:00.0",
      NULL },
    { mixed, { "gfx1030", "03:00.0" }, "", FALSE, -1, "0000:04:00.0 0000:03:00.0", NULL },
    { mixed,
      { "any", "any", "any" },
      "",
      FALSE,
      -1,
      "0000:05:00.0 0000:03:00.0 0000:04:00.0",
      NULL },
    /* never, busy or not */
    { mixed,
      { "gfx1100" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "no GPU of this host is a gfx1100; there are: 0000:03:00.0 (gfx1030), 0000:04:00.0 "
      "(gfx1030), "
      "0000:05:00.0 (gfx90a)" },
    { mixed, { "gfx1100" }, "03 04 05", FALSE, AQR_ERROR_GPU, "", "no GPU of this host is a gfx1" },
    { mixed,
      { "gfx90a", "gfx90a" },
      "05",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "more GPUs of gfx90a are asked for than can be passed; there are: 0000:05:00.0 (gfx90a)" },
    { mixed, { "gfx90a", "05:00.0" }, "", FALSE, AQR_ERROR_GPU, "", "more GPUs of gfx90a are" },
    { mixed,
      { "06:00.0" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "there is no AMD GPU at 0000:06:00.0; the GPUs of this host: 0000:03:00.0 (gfx1030), " },
    { empty,
      { "06:00.0" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "there is no AMD GPU at 0000:06:00.0; the GPUs of this host: none" },
    { empty,
      { "gfx90a" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "no GPU of this host is a gfx90a; there are: none" },
    { empty, { "any" }, "", FALSE, AQR_ERROR_HOST, "", "this host has no AMD GPU; --gpu=none" },
    { empty, { "all" }, "", FALSE, AQR_ERROR_HOST, "", "this host has no AMD GPU; --gpu=none" },
    /* what cannot be passed */
    { hopeless,
      { "03:00.0" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:03:00.0: 0000:03:00.0 is the display that the host has booted on" },
    { hopeless, { "03:00.0" }, "", TRUE, -1, "0000:03:00.0", NULL },
    { hopeless,
      { "gfx1031" },
      "04",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:04:00.0: 0000:04:00.0 is in no IOMMU group" },
    { hopeless,
      { "05:00.0" },
      "",
      TRUE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:05:00.0: the host would lose 0000:06:00.0 (an NVMe disk, driver nvme)" },
    { hopeless,
      { "any" },
      "",
      FALSE,
      AQR_ERROR_HOST,
      "",
      "GPU 0000:03:00.0: 0000:03:00.0 is the display that the host has booted on, and amdgpu has "
      "it; bind it to vfio-pci when the host starts, or use --gpu-force. GPU 0000:04:00.0: 0000" },
    { hopeless, { "all" }, "", FALSE, AQR_ERROR_HOST, "", "GPU 0000:03:00.0: " },
    { hopeless, { "any" }, "", TRUE, -1, "0000:03:00.0", NULL },
    { hopeless,
      { "any", "any" },
      "",
      TRUE,
      AQR_ERROR_GPU,
      "",
      "more GPUs are asked for than can be passed; there are: 0000:03:00.0 (gfx1030)" },
    /* is not chosen, and is no reason to refuse the others */
    { partly, { "any" }, "", FALSE, -1, "0000:04:00.0", NULL },
    { partly, { "all" }, "", FALSE, -1, "0000:04:00.0", NULL },
    { partly, { "all" }, "", TRUE, -1, "0000:03:00.0 0000:04:00.0", NULL },
    /* the other one of the group is taken along, so it has to be free */
    { grouped, { "any" }, "", FALSE, -1, "0000:03:00.0", NULL },
    { grouped, { "any" }, "04", FALSE, -1, "0000:05:00.0", NULL },
    { grouped, { "03:00.0" }, "04", FALSE, -1, "", NULL },
    { grouped, { "03:00.0" }, "04", TRUE, -1, "", NULL },
    { grouped, { "any", "any" }, "", FALSE, -1, "0000:03:00.0 0000:04:00.0", NULL },
    /* hives go whole */
    { hives, { "any" }, "", FALSE, -1, "0000:08:00.0", NULL },
    { hives, { "any" }, "", TRUE, -1, "0000:03:00.0", NULL },
    { hives, { "any" }, "08", FALSE, -1, "", NULL },
    { hives, { "any", "any" }, "", FALSE, -1, "0000:03:00.0 0000:04:00.0", NULL },
    { hives, { "any", "any" }, "04", FALSE, -1, "", NULL },
    { hives,
      { "any", "any", "any" },
      "",
      FALSE,
      -1,
      "0000:03:00.0 0000:04:00.0 0000:08:00.0",
      NULL },
    { hives,
      { "any", "any", "any" },
      "03",
      FALSE,
      -1,
      "0000:05:00.0 0000:06:00.0 0000:07:00.0",
      NULL },
    { hives,
      { "gfx908", "gfx908", "gfx908" },
      "",
      FALSE,
      -1,
      "0000:05:00.0 0000:06:00.0 0000:07:00.0",
      NULL },
    { hives, { "gfx90a", "04:00.0" }, "", FALSE, -1, "0000:03:00.0 0000:04:00.0", NULL },
    { hives,
      { "any", "07:00.0", "gfx908" },
      "",
      FALSE,
      -1,
      "0000:06:00.0 0000:07:00.0 0000:05:00.0",
      NULL },
    { hives,
      { "all" },
      "",
      FALSE,
      -1,
      "0000:03:00.0 0000:04:00.0 0000:05:00.0 0000:06:00.0 0000:07:00.0 0000:08:00.0",
      NULL },
    { hives, { "05:00.0" }, "", TRUE, -1, "0000:05:00.0", NULL },
    { hives, { "05:00.0" }, "06", TRUE, -1, "0000:05:00.0", NULL },
    { hives,
      { "05:00.0" },
      "06",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:05:00.0: it is of an XGMI hive, which goes to a guest whole, and these are not "
      "chosen with it: 0000:06:00.0 (gfx908), 0000:07:00.0 (gfx908); ask for them too, or use "
      "--gpu-force" },
    { hives,
      { "06:00.0", "05:00.0" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:06:00.0: it is of an XGMI hive, which goes to a guest whole, and these are not "
      "chosen with it: 0000:07:00.0 (gfx908);" },
    { hives,
      { "gfx908", "gfx908" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "what is left is of XGMI hives, which go to a guest whole: 0000:05:00.0 (gfx908), "
      "0000:06:00.0 (gfx908), 0000:07:00.0 (gfx908); ask for all of a hive, or use --gpu-force" },
    { one_hive, { "any" }, "", FALSE, AQR_ERROR_GPU, "", "what is left is of XGMI hives, which" },
    { one_hive,
      { "any", "any", "any" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "more GPUs are asked for than can be passed; there are: 0000:03:00.0 (gfx90a), 0000:04:00.0 "
      "(gfx90a)" },
    { broken_hive, { "any" }, "", FALSE, -1, "0000:05:00.0", NULL },
    { broken_hive,
      { "any", "any" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "what is left is of XGMI hives, which go to a guest whole: 0000:03:00.0 (gfx90a);" },
    { broken_hive,
      { "03:00.0" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:03:00.0: it is of an XGMI hive, which goes to a guest whole, and these are not "
      "chosen with it: 0000:04:00.0 (gfx90a);" },
    { broken_hive,
      { "all" },
      "",
      FALSE,
      AQR_ERROR_GPU,
      "",
      "GPU 0000:03:00.0: it is of an XGMI hive, which goes to a guest whole, and these are not "
      "chosen with it: 0000:04:00.0 (gfx90a);" },
    { broken_hive, { "all" }, "", TRUE, -1, "0000:03:00.0 0000:05:00.0", NULL },
};

/* @data: the busy buses. */
static gboolean
is_free(const AqrGpu *gpu, gpointer data)
{
    g_autofree char *bus = g_strdup_printf("%02x", gpu->device->address.bus);

    return strstr(data, bus) == NULL;
}

static char *
name_chosen(const GPtrArray *gpus)
{
    g_autoptr(GPtrArray) devices = g_ptr_array_new();

    for (guint i = 0; gpus != NULL && i < gpus->len; i++) {
        const AqrGpu *gpu = gpus->pdata[i];

        g_ptr_array_add(devices, (gpointer)gpu->device);
    }
    return fake_pci_names(devices);
}

START_TEST(chooses)
{
    const Choice *choice = &choices[_i];
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) devices = fake_pci_devices(choice->host);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    g_autoptr(GPtrArray) selectors = aqr_gpu_selectors_parse(choice->words, NULL);
    g_autoptr(GPtrArray) chosen =
        aqr_gpu_choose(selectors, gpus, choice->forced, is_free, (gpointer)choice->busy, &error);
    g_autofree char *names = name_chosen(chosen);

    ck_assert_str_eq(names, choice->chosen);
    ck_assert_int_eq(chosen != NULL,
                     *choice->chosen != '\0' || g_str_equal(choice->words[0], "none"));
    ck_assert_int_eq(error == NULL ? -1 : error->code, choice->code);
    if (error == NULL)
        return;
    ck_assert(error->domain == AQR_ERROR);
    ck_assert_msg(g_str_has_prefix(error->message, choice->error), "%s", error->message);
}
END_TEST

static const struct {
    const char *word;
    const char *candidates;
} orders[] = {
    { "any", "0000:05:00.0 0000:03:00.0 0000:04:00.0" },
    { "all", "0000:05:00.0 0000:03:00.0 0000:04:00.0" },
    { "gfx1030", "0000:03:00.0 0000:04:00.0" },
    { "gfx1031", "" },
    { "04:00.0", "0000:04:00.0" },
    { "04:00.1", "" },
};

START_TEST(orders_candidates)
{
    const char *const words[] = { orders[_i].word, NULL };
    g_autoptr(AqrGpuTable) table = aqr_gpu_table_new();
    g_autoptr(GPtrArray) devices = fake_pci_devices(mixed);
    g_autoptr(GPtrArray) gpus = aqr_gpu_list(devices, table);
    g_autoptr(GPtrArray) selectors = aqr_gpu_selectors_parse(words, NULL);
    g_autoptr(GPtrArray) candidates = aqr_gpu_candidates(selectors->pdata[0], gpus);
    g_autofree char *names = name_chosen(candidates);

    ck_assert_str_eq(names, orders[_i].candidates);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, chooses, 0, G_N_ELEMENTS(choices));
    tcase_add_loop_test(tcase, orders_candidates, 0, G_N_ELEMENTS(orders));
}
