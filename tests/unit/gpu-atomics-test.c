/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-atomics.h"

#include "support/check-main.h"
#include "support/fake-pci.h"

enum { ENDPOINT = 0, LEGACY = 1, ROOT = 4, UP = 5, DOWN = 6, TO_PCI = 7, RC = 9 };
enum { ROUTES = 0x40, C32 = 0x80, C64 = 0x100, BOTH = C32 | C64, BLOCKS = 0x80 };

#define NONE FAKE_CONFIG_UNREADABLE
#define LOST FAKE_CONFIG_LOST
#define HEAD FAKE_CONFIG_HEADER
#define OLD FAKE_CONFIG_CONVENTIONAL
#define PCIE FAKE_CONFIG_EXPRESS

typedef struct {
    FakeConfig config;
    guint type, devcap2, devctl2;
} Config;

/* A card with a switch on it: the root port 00:01.0, the switch's ports 01:00.0 and
 * 02:00.0, and the GPU 03:00.0. */
static const struct {
    Config gpu, down, up, root;
    AqrAtomics atomics;
    const char *reason;
} paths[] = {
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_YES,
      NULL },
    { { PCIE, ENDPOINT, BOTH, BLOCKS },
      { PCIE, DOWN, ROUTES, BLOCKS },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH, BLOCKS },
      AQR_ATOMICS_YES,
      NULL }, /* who else blocks is not asked */
    { { PCIE, LEGACY, C32 },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:03:00.0 does not complete 64 bit" },
    { { PCIE, LEGACY, 0 },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:03:00.0 does not complete 32 and 64 bit" },
    { { PCIE, RC, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:03:00.0 is part of the root complex, not behind a root port" },
    { { OLD },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:03:00.0 is conventional PCI" },
    { { HEAD },
      { HEAD },
      { HEAD },
      { HEAD },
      AQR_ATOMICS_UNKNOWN,
      "0000:03:00.0 shows its configuration space to root only" },
    { { NONE },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_UNKNOWN,
      "0000:03:00.0 shows its configuration space to root only" },
    { { LOST },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_UNKNOWN,
      "0000:03:00.0 does not answer" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, BOTH },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:02:00.0 does not route them" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, 0 },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:01:00.0 does not route them" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES, BLOCKS },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:01:00.0 is set to block them" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, TO_PCI, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:02:00.0 is no PCI Express port" },
    { { PCIE, LEGACY, BOTH },
      { OLD },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_NO,
      "0000:02:00.0 is conventional PCI" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { HEAD },
      { PCIE, ROOT, BOTH },
      AQR_ATOMICS_UNKNOWN,
      "0000:01:00.0 shows its configuration space to root only" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { LOST },
      AQR_ATOMICS_UNKNOWN,
      "0000:00:01.0 does not answer" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, C32 },
      AQR_ATOMICS_NO,
      "0000:00:01.0 does not complete 64 bit" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, C64 },
      AQR_ATOMICS_NO,
      "0000:00:01.0 does not complete 32 bit" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, ROOT, ROUTES },
      AQR_ATOMICS_NO,
      "0000:00:01.0 does not complete 32 and 64 bit" },
    { { PCIE, LEGACY, BOTH },
      { PCIE, DOWN, ROUTES },
      { PCIE, UP, ROUTES },
      { PCIE, UP, ROUTES },
      AQR_ATOMICS_NO,
      "0000:00:01.0 has no root port above it" },
    /* a root port ends the path: what is above it does not matter */
    { { PCIE, LEGACY, BOTH }, { PCIE, ROOT, BOTH }, { HEAD }, { HEAD }, AQR_ATOMICS_YES, NULL },
};

static void
set_config(FakePci *row, const Config *config)
{
    row->vendor = 0x1002;
    row->config = config->config;
    row->type = config->type;
    row->devcap2 = config->devcap2;
    row->devctl2 = config->devctl2;
}

START_TEST(follows_the_path)
{
    FakePci rows[] = {
        { "00:01.0" }, { "01:00.0", "00:01.0" }, { "02:00.0", "01:00.0" }, { "03:00.0", "02:00.0" },
        { NULL },
    };
    g_autoptr(GPtrArray) devices = NULL;
    g_autofree char *reason = NULL;

    set_config(&rows[0], &paths[_i].root);
    set_config(&rows[1], &paths[_i].up);
    set_config(&rows[2], &paths[_i].down);
    set_config(&rows[3], &paths[_i].gpu);
    devices = fake_pci_devices(rows);
    ck_assert_int_eq(aqr_gpu_atomics_read(devices, devices->pdata[3], AQR_GPU_DISCRETE, &reason),
                     paths[_i].atomics);
    ck_assert_pstr_eq(reason, paths[_i].reason);
}
END_TEST

#define GPU .config = PCIE, .type = LEGACY, .devcap2 = BOTH
#define PORT .config = PCIE, .type = ROOT, .devcap2 = BOTH

/* The first one is asked for. */
static const struct {
    FakePci rows[4];
    AqrGpuKind kind;
    AqrAtomics atomics;
    const char *reason;
} others[] = {
    { { { "04:00.0", "00:08.1", .config = HEAD }, { NULL } },
      AQR_GPU_APU,
      AQR_ATOMICS_YES,
      "0000:04:00.0 is an APU, which has them without PCI Express" },
    { { { "00:02.0", GPU }, { NULL } },
      AQR_GPU_DISCRETE,
      AQR_ATOMICS_NO,
      "0000:00:02.0 has no root port above it" },
    { { { "03:00.0", "00:01.0", GPU }, { NULL } },
      AQR_GPU_DISCRETE,
      AQR_ATOMICS_UNKNOWN,
      "0000:00:01.0 is not among the functions of the host" },
    /* a VF's own space says nothing */
    { { { "03:02.0", "00:01.0", .physical = "03:00.0", .config = HEAD },
        { "03:00.0", "00:01.0", GPU },
        { "00:01.0", PORT },
        { NULL } },
      AQR_GPU_VIRTUAL,
      AQR_ATOMICS_YES,
      NULL },
    { { { "03:02.0", "00:01.0", .physical = "03:00.0", GPU },
        { "03:00.0", "00:01.0", .config = PCIE },
        { "00:01.0", PORT },
        { NULL } },
      AQR_GPU_VIRTUAL,
      AQR_ATOMICS_NO,
      "0000:03:00.0 does not complete 32 and 64 bit" },
    { { { "03:02.0", "00:01.0", .physical = "03:00.0", GPU }, { "00:01.0", PORT }, { NULL } },
      AQR_GPU_VIRTUAL,
      AQR_ATOMICS_UNKNOWN,
      "0000:03:00.0 is not among the functions of the host" },
    /* no host is so, but what is read in pieces may be */
    { { { "03:00.0", "01:00.0", GPU },
        { "01:00.0", "02:00.0", .config = PCIE, .type = UP, .devcap2 = ROUTES },
        { "02:00.0", "01:00.0", .config = PCIE, .type = DOWN, .devcap2 = ROUTES },
        { NULL } },
      AQR_GPU_DISCRETE,
      AQR_ATOMICS_NO,
      "0000:01:00.0 has no root port above it" },
};

START_TEST(knows_others)
{
    g_autoptr(GPtrArray) devices = fake_pci_devices(others[_i].rows);
    g_autofree char *reason = NULL;

    ck_assert_int_eq(aqr_gpu_atomics_read(devices, devices->pdata[0], others[_i].kind, &reason),
                     others[_i].atomics);
    ck_assert_pstr_eq(reason, others[_i].reason);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, follows_the_path, 0, G_N_ELEMENTS(paths));
    tcase_add_loop_test(tcase, knows_others, 0, G_N_ELEMENTS(others));
}
