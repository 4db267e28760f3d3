/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The XML itself is in the goldens of domain-xml-test. */
#include "core/domain-warm.h"

#include "core/qemu-args.h"

#include "support/check-main.h"

static AqrVmSpec *
make_spec(void)
{
    AqrVmSpec *spec = aqr_vm_spec_new();

    spec->name = g_strdup("autopkgtest-17-00beef");
    spec->owner = 17;
    spec->since = 4711;
    spec->accel = AQR_ACCEL_TCG;
    spec->boot = AQR_BOOT_EFI;
    spec->cpus = 2;
    spec->ram_mib = 1024;
    spec->firmware = g_strdup("/usr/share/code.fd");
    spec->nvram = g_strdup("/tmp/aqr.1/vars.fd");
    spec->overlay = g_strdup("/tmp/aqr.1/overlay.qcow2");
    spec->socket_dir = g_strdup("/tmp/aqr.1");
    g_ptr_array_add(spec->disks, aqr_disk_new("/srv/sid.qcow2", "qcow2"));
    g_ptr_array_add(spec->shared_dirs, aqr_shared_dir_parse("src=/a,dst=/b", "/", NULL));
    return spec;
}

static void
replace(char **text, const char *by)
{
    g_free(*text);
    *text = g_strdup(by);
}

/* What differs from one VM to the next. */
static void
differ(AqrVmSpec *spec)
{
    AqrSharedDir *dir = g_ptr_array_index(spec->shared_dirs, 0);

    replace(&spec->name, "autopkgtest-18-00beef");
    replace(&spec->nvram, "/tmp/aqr.2/vars.fd");
    replace(&spec->overlay, "/tmp/aqr.2/overlay.qcow2");
    replace(&spec->socket_dir, "/tmp/aqr.2");
    replace(&dir->source, "/other");
    replace(&dir->target, "/elsewhere");
    spec->owner = 18;
    spec->since = 4712;
    spec->warm.use = AQR_WARM_RESTORE;
    spec->warm.memory = g_strdup("/var/cache/memory");
    spec->warm.disk = g_strdup("/var/cache/disk");
}

START_TEST(is_the_same_for_all)
{
    g_autoptr(AqrVmSpec) spec = make_spec();
    g_autofree char *before = aqr_domain_warm_shape(spec);
    g_autofree char *after = NULL;

    differ(spec);
    after = aqr_domain_warm_shape(spec);
    ck_assert_str_eq(before, after);
}
END_TEST

static void
add_cpu(AqrVmSpec *spec)
{
    spec->cpus++;
}

static void
add_memory(AqrVmSpec *spec)
{
    spec->ram_mib++;
}

static void
use_kvm(AqrVmSpec *spec)
{
    spec->accel = AQR_ACCEL_KVM;
}

static void
take_bios(AqrVmSpec *spec)
{
    g_clear_pointer(&spec->firmware, g_free);
    g_clear_pointer(&spec->nvram, g_free);
}

static void
take_other_image(AqrVmSpec *spec)
{
    AqrDisk *disk = g_ptr_array_index(spec->disks, 0);

    replace(&disk->file, "/srv/trixie.qcow2");
}

static void
add_disk(AqrVmSpec *spec)
{
    g_ptr_array_add(spec->disks, aqr_disk_new("/srv/data.raw", "raw"));
}

static void
add_qemu_args(AqrVmSpec *spec)
{
    spec->qemu_args = aqr_qemu_args_split("-device virtio-rng-pci");
}

static void
add_dir(AqrVmSpec *spec)
{
    g_ptr_array_add(spec->shared_dirs, aqr_shared_dir_parse("src=/c,dst=/d", "/", NULL));
}

static void
let_write(AqrVmSpec *spec)
{
    AqrSharedDir *dir = g_ptr_array_index(spec->shared_dirs, 0);

    dir->writable = TRUE;
}

static void
take_emulator(AqrVmSpec *spec)
{
    spec->emulator = g_strdup("/opt/qemu");
}

static void (*const changes[])(AqrVmSpec *spec) = {
    add_cpu,  add_memory,    use_kvm, take_bios, take_other_image,
    add_disk, add_qemu_args, add_dir, let_write, take_emulator,
};

START_TEST(is_another)
{
    g_autoptr(AqrVmSpec) spec = make_spec();
    g_autofree char *before = aqr_domain_warm_shape(spec);
    g_autofree char *after = NULL;

    changes[_i](spec);
    after = aqr_domain_warm_shape(spec);
    ck_assert_str_ne(before, after);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, is_the_same_for_all);
    tcase_add_loop_test(tcase, is_another, 0, G_N_ELEMENTS(changes));
}
