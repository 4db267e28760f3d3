/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The goldens are judged by libvirt's own schema too: see tests/meson.build. */
#include "core/domain-xml.h"

#include "core/domain-disks.h"
#include "core/domain-gpus.h"
#include "core/qemu-args.h"

#include "support/check-main.h"
#include "support/data.h"

typedef struct {
    const char *golden;
    AqrAccel accel;
    AqrBoot boot;
    const char *name;
    const char *dir;           /* of the work files and sockets */
    const char *disks[4][2];   /* file, format */
    const char *backing[2][2]; /* what each of the first two is an overlay of */
    const char *emulator;
    const char *qemu_options;
    const char *shared_dirs[3];
    const char *gpus[3], *companions[4];
    gboolean unmanaged, base_image, write;
    AqrWarmUse warm;
    AqrPciWindow window;
} Row;

static const Row rows[] = {
    { "golden/domain-bios-tcg.xml",
      AQR_ACCEL_TCG,
      AQR_BOOT_BIOS,
      "autopkgtest-17-00beef",
      "/tmp/aqr.X1",
      { { "/srv/sid.qcow2", "qcow2" } } },
    { "golden/domain-efi-kvm.xml",
      AQR_ACCEL_KVM,
      AQR_BOOT_EFI,
      "autopkgtest-17-00beef",
      "/tmp/aqr.X1",
      { { "/srv/sid.raw", "raw" } } },
    { "golden/domain-read-only.xml",
      AQR_ACCEL_TCG,
      AQR_BOOT_BIOS,
      "autopkgtest-17-00beef",
      "/tmp/aqr.X1",
      { { "/srv/sid.qcow2", "qcow2" }, { "/srv/data.qcow2", "qcow2" }, { "/srv/cd.iso", "raw" } } },
    { "golden/domain-escaped.xml",
      AQR_ACCEL_KVM,
      AQR_BOOT_EFI,
      "autopkgtest-<&>",
      "/tmp/it's \"a\" <dir>",
      { { "/srv/R&D/it's <new>.qcow2", "qcow2" }, { "/srv/\"b\" & c.raw", "raw" } } },
    { "golden/domain-backing.xml",
      AQR_ACCEL_TCG,
      AQR_BOOT_BIOS,
      "autopkgtest-17-00beef",
      "/tmp/aqr.X1",
      { { "/srv/mine.qcow2", "qcow2" }, { "/srv/data.qcow2", "qcow2" } },
      { { "/srv/sid.qcow2", "qcow2" }, { "/srv/all.raw", "raw" } } },
    { .golden = "golden/domain-emulator.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .emulator = "/opt/qemu/bin/qemu-system-x86_64" },
    { .golden = "golden/domain-qemu-args.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .qemu_options = "-smbios type=11,value=<&> -device virtio-rng-pci" },
    { .golden = "golden/domain-qemu-machine.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .qemu_options = "-cpu Nehalem -machine pc,hpet=off" },
    { .golden = "golden/domain-shared-dirs.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .shared_dirs = { "src=/srv/read & see,dst=/mnt/a", "src=/srv/write,dst=/mnt/b,rw" } },
    { .golden = "golden/domain-write.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/mine & all.qcow2", "qcow2" }, { "/srv/data.raw", "raw" } },
      .backing = { { "/srv/sid.raw", "raw" } },
      .write = TRUE },
    { .golden = "golden/domain-gpu.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_EFI,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .gpus = { "0000:03:00.0" },
      .companions = { "0000:03:00.1", "0000:03:00.2", "0000:03:00.3" } },
    { .golden = "golden/domain-gpus.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .gpus = { "0000:c3:1f.7", "10000:05:00.0" },
      .companions = { "0000:c3:1f.1" },
      .unmanaged = TRUE },
    { .golden = "golden/domain-gpu-base-image.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" }, { "/srv/data.qcow2", "qcow2" } },
      .gpus = { "0000:03:00.0" },
      .base_image = TRUE },
    { .golden = "golden/domain-gpu-pc.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .qemu_options = "-machine pc",
      .gpus = { "0000:03:00.0" } },
    { .golden = "golden/domain-warm-gpu-save.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_EFI,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .gpus = { "0000:03:00.0" },
      .companions = { "0000:03:00.1" },
      .warm = AQR_WARM_SAVE,
      .window = { 4096, 2u << 20, G_GUINT64_CONSTANT(32) << 30 } },
    { .golden = "golden/domain-warm-gpu-restore.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_EFI,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .gpus = { "0000:03:00.0" },
      .companions = { "0000:03:00.1" },
      .warm = AQR_WARM_RESTORE,
      .window = { 4096, 2u << 20, G_GUINT64_CONSTANT(32) << 30 } },
    { .golden = "golden/domain-warm-gpus-save.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" }, { "/srv/data.qcow2", "qcow2" } },
      .shared_dirs = { "src=/srv/see,dst=/mnt/a" },
      .gpus = { "0000:c3:1f.7", "10000:05:00.0" },
      .companions = { "0000:c3:1f.1", "10000:05:00.1" },
      .base_image = TRUE,
      .warm = AQR_WARM_SAVE,
      .window = { 0, 32u << 20, 0 } },
    { .golden = "golden/domain-warm-gpus-restore.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" }, { "/srv/data.qcow2", "qcow2" } },
      .shared_dirs = { "src=/srv/see,dst=/mnt/a" },
      .gpus = { "0000:c3:1f.7", "10000:05:00.0" },
      .companions = { "0000:c3:1f.1", "10000:05:00.1" },
      .unmanaged = TRUE,
      .base_image = TRUE,
      .warm = AQR_WARM_RESTORE,
      .window = { 0, 32u << 20, 0 } },
    { .golden = "golden/domain-save.xml",
      .accel = AQR_ACCEL_TCG,
      .boot = AQR_BOOT_BIOS,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/sid.qcow2", "qcow2" } },
      .qemu_options = "-device virtio-rng-pci",
      .warm = AQR_WARM_SAVE },
    { .golden = "golden/domain-restore.xml",
      .accel = AQR_ACCEL_KVM,
      .boot = AQR_BOOT_EFI,
      .name = "autopkgtest-17-00beef",
      .dir = "/tmp/aqr.X1",
      .disks = { { "/srv/mine.qcow2", "qcow2" } },
      .backing = { { "/srv/sid.raw", "raw" } },
      .warm = AQR_WARM_RESTORE },
};

static void
add_addresses(GArray *array, const char *const *texts, gsize n)
{
    for (gsize i = 0; i < n && texts[i] != NULL; i++) {
        AqrPciAddress address;

        ck_assert(aqr_pci_address_parse(texts[i], &address, NULL));
        g_array_append_val(array, address);
    }
}

static AqrVmSpec *
make_spec(const Row *row)
{
    AqrVmSpec *spec = aqr_vm_spec_new();

    spec->name = g_strdup(row->name);
    spec->accel = row->accel;
    spec->boot = row->boot;
    spec->owner = 17;
    spec->since = 123456789012;
    spec->emulator = g_strdup(row->emulator);
    spec->qemu_args = aqr_qemu_args_split(row->qemu_options);
    spec->cpus = 3;
    spec->ram_mib = 2048;
    spec->overlay = row->write ? NULL : g_build_filename(row->dir, "overlay.qcow2", NULL);
    spec->socket_dir = g_strdup(row->dir);
    for (gsize i = 0; i < G_N_ELEMENTS(row->shared_dirs) && row->shared_dirs[i] != NULL; i++)
        g_ptr_array_add(spec->shared_dirs, aqr_shared_dir_parse(row->shared_dirs[i], "/", NULL));
    if (row->boot == AQR_BOOT_EFI) {
        spec->firmware = g_strdup("/usr/share/OVMF/OVMF_CODE_4M.fd");
        spec->nvram = g_build_filename(row->dir, "efi-variables.fd", NULL);
    }
    spec->gpus.managed = !row->unmanaged;
    spec->gpus.window = row->window;
    spec->base_image = row->base_image;
    spec->warm.use = row->warm;
    if (row->warm != AQR_WARM_NONE)
        spec->warm.memory = g_strdup("/var/cache/a, b/0123/memory");
    if (row->warm == AQR_WARM_RESTORE)
        spec->warm.disk = g_strdup("/var/cache/a, b/0123/disk.qcow2");
    add_addresses(spec->gpus.gpus, row->gpus, G_N_ELEMENTS(row->gpus));
    add_addresses(spec->gpus.companions, row->companions, G_N_ELEMENTS(row->companions));
    for (gsize i = 0; i < G_N_ELEMENTS(row->disks) && row->disks[i][0] != NULL; i++)
        g_ptr_array_add(spec->disks, aqr_disk_new(row->disks[i][0], row->disks[i][1]));
    for (gsize i = 0; i < G_N_ELEMENTS(row->backing) && row->backing[i][0] != NULL; i++) {
        AqrDisk *disk = g_ptr_array_index(spec->disks, i);

        disk->backing = aqr_disk_new(row->backing[i][0], row->backing[i][1]);
    }
    return spec;
}

START_TEST(writes)
{
    g_autoptr(AqrVmSpec) spec = make_spec(&rows[_i]);
    g_autofree char *xml = aqr_domain_xml(spec);

    test_data_compare(rows[_i].golden, xml);
}
END_TEST

static const struct {
    const char *golden;
    const char *file, *format, *backing;
} base_images[] = {
    { "golden/device-base-image.xml", "/srv/it's <mine>.raw", "raw", NULL },
    { "golden/device-base-image-backing.xml", "/srv/mine.qcow2", "qcow2", "/srv/sid.qcow2" },
};

START_TEST(writes_base_image)
{
    g_autoptr(AqrVmSpec) spec = aqr_vm_spec_new();
    AqrDisk *disk = aqr_disk_new(base_images[_i].file, base_images[_i].format);
    g_autofree char *xml = NULL;

    if (base_images[_i].backing != NULL)
        disk->backing = aqr_disk_new(base_images[_i].backing, "qcow2");
    g_ptr_array_add(spec->disks, disk);
    xml = aqr_domain_disks_base_image(spec);
    test_data_compare(base_images[_i].golden, xml);
}
END_TEST

static const struct {
    const char *golden;
    const char *row; /* the domain */
    unsigned number;
} plugged[] = {
    { "golden/device-gpu.xml", "golden/domain-warm-gpu-restore.xml", 0 },
    { "golden/device-second-gpu.xml", "golden/domain-warm-gpus-restore.xml", 1 },
};

static const Row *
find_row(const char *golden)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        if (g_str_equal(rows[i].golden, golden))
            return &rows[i];
    }
    ck_abort_msg("no row %s", golden);
}

/* Into a port that the domain's XML has. */
START_TEST(writes_what_is_plugged)
{
    g_autoptr(AqrVmSpec) spec = make_spec(find_row(plugged[_i].row));
    g_autofree char *xml = aqr_domain_gpus_hostdev(spec, plugged[_i].number);

    test_data_compare(plugged[_i].golden, xml);
}
END_TEST

START_TEST(plugs_into_its_own_machine_only)
{
    g_autoptr(AqrVmSpec) ours = make_spec(find_row("golden/domain-gpu.xml"));
    g_autoptr(AqrVmSpec) theirs = make_spec(find_row("golden/domain-gpu-pc.xml"));

    ck_assert(aqr_domain_gpus_can_be_plugged(ours));
    ck_assert(!aqr_domain_gpus_can_be_plugged(theirs));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, writes_base_image, 0, G_N_ELEMENTS(base_images));
    tcase_add_loop_test(tcase, writes_what_is_plugged, 0, G_N_ELEMENTS(plugged));
    tcase_add_test(tcase, plugs_into_its_own_machine_only);
    tcase_add_loop_test(tcase, writes, 0, G_N_ELEMENTS(rows));
}
