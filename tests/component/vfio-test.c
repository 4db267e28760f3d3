/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/vfio.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-gpu.h"
#include "support/check-main.h"
#include "support/data.h"
#include "support/lasting-child.h"

static FakeGpu fake;
static char *bin;

static void
set_up(void)
{
    fake_gpu_set_up(&fake);
    bin = test_make_dir();
}

static void
tear_down(void)
{
    test_remove_dir(bin);
    fake_gpu_tear_down(&fake);
}

/* --- the host ------------------------------------------------------------ */

enum { NO_GROUPS = 1, LOADED = 2, NO_NODE = 4, NO_MODPROBE = 8 };

/* What modprobe says for: "--show-depends vfio-pci", "... vfio_iommu_type1", and
 * --showconfig. */
static const struct {
    int what;
    const char *pci, *type1, *config;
    const char *says; /* NULL: all is well */
} hosts[] = {
    { LOADED, "exit 1", "exit 1", "exit 1", NULL },
    { LOADED | NO_MODPROBE, "", "", "", NULL },
    { 0, "echo insmod x", "echo insmod x", "echo options x", NULL },
    { 0, "echo insmod x", "echo insmod x", "echo blacklist vfio_pci_core", NULL },
    { 0, "echo insmod x", "echo insmod x", "echo install vfio_pci /sbin/modprobe -i x", NULL },
    { NO_GROUPS | LOADED, "", "", "", "no IOMMU that is switched on" },
    { 0, "echo FATAL: not found >&2; exit 1", "", "", "the kernel has no vfio-pci: cannot ask" },
    { 0, "echo FATAL: not found >&2; exit 1", "", "", "FATAL: not found; install" },
    { NO_MODPROBE, "", "", "", "the kernel has no vfio-pci" },
    { 0, "echo insmod x", "", "echo a; echo blacklist vfio_pci; echo b",
      "vfio-pci is blacklisted" },
    { 0, "echo insmod x", "", "echo install vfio_pci /bin/false", "vfio-pci is blacklisted" },
    { 0, "echo insmod x", "exit 1", "", "the kernel has no vfio_iommu_type1" },
    { 0, "echo insmod x", "echo insmod x", "echo blacklist vfio_iommu_type1",
      "vfio_iommu_type1 is blacklisted" },
};

static void
make_modprobe(const char *pci, const char *type1, const char *config)
{
    g_autofree char *path = g_build_filename(bin, "modprobe", NULL);
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\ncase \"$*\" in\n'--show-depends vfio-pci') %s ;;\n"
                        "'--show-depends vfio_iommu_type1') %s ;;\n--showconfig) %s ;;\n"
                        "*) exit 99 ;;\nesac\n",
                        pci, type1, config);

    ck_assert(g_file_set_contents(path, script, -1, NULL));
    ck_assert_int_eq(g_chmod(path, 0755), 0);
}

static void
make_host(int what)
{
    if ((what & NO_GROUPS) == 0)
        fake_gpu_write(&fake, "/sys/kernel/iommu_groups/22/type", "DMA\n");
    if ((what & LOADED) != 0) {
        fake_gpu_write(&fake, "/sys/bus/pci/drivers/vfio-pci/new_id", "");
        fake_gpu_write(&fake, "/sys/module/vfio_iommu_type1/initstate", "live\n");
    }
    if ((what & NO_NODE) == 0)
        fake_gpu_write(&fake, "/dev/vfio/vfio", "");
}

START_TEST(judges_a_host)
{
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    g_autofree char *path = g_strdup_printf("%s:%s", bin, before);
    g_autoptr(GError) error = NULL;
    const char *says = hosts[_i].says;

    make_host(hosts[_i].what);
    if ((hosts[_i].what & NO_MODPROBE) == 0) {
        make_modprobe(hosts[_i].pci, *hosts[_i].type1 == '\0' ? ":" : hosts[_i].type1,
                      *hosts[_i].config == '\0' ? ":" : hosts[_i].config);
        g_setenv("PATH", path, TRUE);
    } else {
        g_setenv("PATH", bin, TRUE);
    }
    ck_assert(aqr_vfio_check_host(&error) == (says == NULL));
    g_setenv("PATH", before, TRUE);
    if (says != NULL) {
        ck_assert_msg(strstr(error->message, says) != NULL, "%s", error->message);
        ck_assert_error(error, AQR_ERROR_HOST);
    }
}
END_TEST

static gboolean
check_host(G_GNUC_UNUSED FakeGpu *tested, GError **error)
{
    return aqr_vfio_check_host(error) && aqr_vfio_load(error);
}

/* Root makes it, by loading the module; another one needs it. */
START_TEST(wants_a_node)
{
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    g_autofree char *path = g_strdup_printf("%s:%s", bin, before);
    g_autofree char *modprobe = g_build_filename(bin, "modprobe", NULL);
    g_autofree char *script =
        g_strdup_printf("#!/bin/sh\n[ \"$*\" != '--quiet vfio-pci' ] || touch %s/loaded\n", bin);
    g_autofree char *loaded = g_build_filename(bin, "loaded", NULL);
    g_autofree char *said = NULL;

    make_host(LOADED | NO_NODE);
    ck_assert(g_file_set_contents(modprobe, script, -1, NULL));
    ck_assert_int_eq(g_chmod(modprobe, 0755), 0);
    g_setenv("PATH", path, TRUE);
    said = fake_gpu_as_nobody(&fake, check_host);
    ck_assert_ptr_nonnull(said);
    ck_assert_str_eq(said, "there is no /dev/vfio/vfio; run modprobe vfio-pci");
    ck_assert(geteuid() != 0 || check_host(&fake, NULL));
    ck_assert(g_file_test(loaded, G_FILE_TEST_EXISTS) == (geteuid() == 0));
    g_setenv("PATH", before, TRUE);
}
END_TEST

/* --- who uses it --------------------------------------------------------- */

static const struct {
    const char *node;
    gboolean used;
} nodes[] = {
    { "/dev/vfio/22", TRUE },        /* the GPU's group */
    { "/dev/vfio/25", TRUE },        /* another function's */
    { "/dev/vfio/10", FALSE },       /* the root port's */
    { "/dev/dri/renderD128", TRUE }, /* of DRM */
    { "/dev/dri/card0", TRUE },      { "/dev/dri/renderD129", FALSE },
    { "/dev/kfd", FALSE }, /* every GPU's; who computes has a render node, too */
};

START_TEST(names_who_uses_it)
{
    g_autofree char *who = NULL;
    g_autoptr(GError) error = NULL;
    GPid pid;

    ck_assert(aqr_vfio_check_unused(fake.gpu, &error));
    fake_gpu_write(&fake, nodes[_i].node, "");
    ck_assert(aqr_vfio_check_unused(fake.gpu, &error));
    pid = fake_gpu_open(&fake, nodes[_i].node);
    who = g_strdup_printf("GPU 0000:03:00.0 is used by pid %d (vfio-test), which has %s open;",
                          (int)pid, nodes[_i].node);
    ck_assert(aqr_vfio_check_unused(fake.gpu, &error) != nodes[_i].used);
    if (nodes[_i].used) {
        ck_assert_msg(strstr(error->message, who) != NULL, "%s", error->message);
        ck_assert_error(error, AQR_ERROR_GPU);
    }
    lasting_child_end(pid);
    ck_assert(aqr_vfio_check_unused(fake.gpu, &error));
}
END_TEST

/* --- an ordinary user ---------------------------------------------------- */

static const struct {
    const char *driver; /* of all functions but the last, which is on vfio-pci */
    int mode;           /* of the group's node; 0: none */
    guint memlock_mib;
    const char *says; /* NULL: he may */
} users[] = {
    { "vfio-pci", 0666, 3072, NULL },
    { "amdgpu_vfio_pci", 0666, 3072, NULL },
    { "vfio-pci", 0666, 3071,
      "you may lock 3071 MiB of memory, but a guest with a GPU locks 3072" },
    { "vfio-pci", 0444, 3072, "you may not use /dev/vfio/22 of 0000:03:00.0: Permission denied" },
    { "vfio-pci", 0, 3072, "you may not use /dev/vfio/22 of 0000:03:00.0: No such file" },
    { "amdgpu", 0666, 3072, "0000:03:00.0 is on amdgpu, and only root can bind it" },
    { NULL, 0666, 3072, "0000:03:00.0 is on no driver, and only root can bind it" },
};

/* In libc's place: who may not raise his own limits could test nothing. */
static rlim_t hard_limit;

int
getrlimit(__rlimit_resource_t resource, struct rlimit *limit)
{
    ck_assert_int_eq(resource, RLIMIT_MEMLOCK);
    *limit = (struct rlimit){ 0, hard_limit };
    return 0;
}

static gboolean
check_as_user(FakeGpu *tested, GError **error)
{
    return aqr_vfio_check_user(tested->gpu, 2048, error);
}

static void
make_node(const char *path, int mode)
{
    g_autofree char *real = fake_sysfs_path(fake.sysfs, path);

    fake_gpu_write(&fake, path, "");
    ck_assert_int_eq(chmod(real, (mode_t)mode), 0);
}

START_TEST(judges_a_user)
{
    g_autofree char *said = NULL;

    for (guint i = 0; i < fake.gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(fake.gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);
        g_autofree char *node = g_strdup_printf("/dev/vfio/%d", device->iommu_group);

        fake_gpu_bind(&fake, address,
                      i + 1 < fake.gpu->together->len ? users[_i].driver : "vfio-pci");
        if (users[_i].mode != 0)
            make_node(node, users[_i].mode);
    }
    hard_limit = (rlim_t)users[_i].memlock_mib << 20;
    if (geteuid() == 0)
        ck_assert(aqr_vfio_check_user(fake.gpu, 2048, NULL));
    said = fake_gpu_as_nobody(&fake, check_as_user);
    if (users[_i].says == NULL)
        ck_assert_pstr_eq(said, NULL);
    else
        ck_assert_msg(said != NULL && strstr(said, users[_i].says) != NULL, "%s", said);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, judges_a_host, 0, G_N_ELEMENTS(hosts));
    tcase_add_test(tcase, wants_a_node);
    tcase_add_loop_test(tcase, names_who_uses_it, 0, G_N_ELEMENTS(nodes));
    tcase_add_loop_test(tcase, judges_a_user, 0, G_N_ELEMENTS(users));
}
