/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vm-spec.h"

#include "support/check-main.h"

#define REFUSED (-1)

typedef struct {
    const char *word;
    int value;
} Word;

static const Word accels[] = {
    { "auto", AQR_ACCEL_AUTO }, { "kvm", AQR_ACCEL_KVM }, { "tcg", AQR_ACCEL_TCG },
    { "KVM", REFUSED },         { "kvm ", REFUSED },      { "kv", REFUSED },
    { "none", REFUSED },        { "", REFUSED },
};

START_TEST(parses_accel)
{
    g_autoptr(GError) error = NULL;
    AqrAccel accel = AQR_ACCEL_TCG;

    if (accels[_i].value != REFUSED) {
        ck_assert(aqr_accel_parse(accels[_i].word, &accel, &error));
        ck_assert_no_error(error);
        ck_assert_int_eq((int)accel, accels[_i].value);
    } else {
        ck_assert(!aqr_accel_parse(accels[_i].word, &accel, &error));
        ck_assert_error(error, AQR_ERROR_USAGE);
        ck_assert_int_eq((int)accel, AQR_ACCEL_TCG);
    }
}
END_TEST

static const Word boots[] = {
    { "auto", AQR_BOOT_AUTO },     { "bios", AQR_BOOT_BIOS },
    { "efi", AQR_BOOT_EFI },       { "none", AQR_BOOT_BIOS },
    { "ieee1275", AQR_BOOT_BIOS }, /* autopkgtest-virt-qemu's words */
    { "uefi", REFUSED },           { "", REFUSED },
};

START_TEST(parses_boot)
{
    g_autoptr(GError) error = NULL;
    AqrBoot boot = AQR_BOOT_EFI;

    if (boots[_i].value != REFUSED) {
        ck_assert(aqr_boot_parse(boots[_i].word, &boot, &error));
        ck_assert_no_error(error);
        ck_assert_int_eq((int)boot, boots[_i].value);
    } else {
        ck_assert(!aqr_boot_parse(boots[_i].word, &boot, &error));
        ck_assert_error(error, AQR_ERROR_USAGE);
        ck_assert_int_eq((int)boot, AQR_BOOT_EFI);
    }
}
END_TEST

static const struct {
    unsigned host;
    AqrGpuShare gpus;
    unsigned cpus;
} cpus[] = {
    { 0, { 0, 0 }, 1 }, { 1, { 0, 0 }, 1 },    { 2, { 0, 0 }, 1 },     { 3, { 0, 0 }, 2 },
    { 4, { 0, 0 }, 3 }, { 128, { 0, 0 }, 96 }, { 256, { 0, 0 }, 192 }, { 8, { 0, 2 }, 6 },
    { 8, { 1, 1 }, 6 }, { 8, { 1, 2 }, 3 },    { 8, { 2, 2 }, 6 },     { 128, { 3, 8 }, 36 },
    { 4, { 1, 8 }, 1 },
};

START_TEST(shares_cpus)
{
    ck_assert_uint_eq(aqr_vm_spec_default_cpus(cpus[_i].host, cpus[_i].gpus), cpus[_i].cpus);
}
END_TEST

static const struct {
    guint64 host;
    AqrGpuShare gpus;
    guint64 ram;
} rams[] = {
    { 1024, { 0, 0 }, 768 },    { 4096, { 0, 0 }, 3072 },       { 5461, { 0, 0 }, 4095 },
    { 5462, { 0, 0 }, 4096 },   { 65536, { 0, 0 }, 4096 },      { 65536, { 0, 4 }, 4096 },
    { 1024, { 1, 1 }, 768 },    { 65536, { 1, 1 }, 49152 },     { 65536, { 1, 2 }, 24576 },
    { 65536, { 2, 2 }, 49152 }, { 2097152, { 8, 8 }, 1572864 }, { 2097152, { 1, 8 }, 196608 },
    { 65536, { 2, 1 }, 49152 }, /* more than there are: all */
};

START_TEST(shares_ram)
{
    ck_assert_uint_eq(aqr_vm_spec_default_ram(rams[_i].host, rams[_i].gpus), rams[_i].ram);
}
END_TEST

static const char *const sockets[] = {
    [AQR_SOCKET_TTYS0] = "/run/vm/ttyS0", [AQR_SOCKET_TTYS1] = "/run/vm/ttyS1",
    [AQR_SOCKET_HVC0] = "/run/vm/hvc0",   [AQR_SOCKET_HVC1] = "/run/vm/hvc1",
    [AQR_SOCKET_LINK] = "/run/vm/link",
};
G_STATIC_ASSERT(G_N_ELEMENTS(sockets) == AQR_N_SOCKETS);

START_TEST(names_sockets)
{
    g_autofree char *path = aqr_vm_spec_socket_path("/run/vm", (AqrSocket)_i);

    ck_assert_str_eq(path, sockets[_i]);
    ck_assert_str_eq(aqr_vm_spec_socket_name((AqrSocket)_i), sockets[_i] + strlen("/run/vm/"));
}
END_TEST

START_TEST(frees_half_built)
{
    AqrVmSpec *spec = aqr_vm_spec_new();

    g_ptr_array_add(spec->disks, aqr_disk_new("/a.qcow2", "qcow2"));
    g_ptr_array_add(spec->disks, aqr_disk_new("/b.raw", NULL));
    aqr_vm_spec_free(spec);
    aqr_vm_spec_free(NULL);
    aqr_disk_free(NULL);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses_accel, 0, G_N_ELEMENTS(accels));
    tcase_add_loop_test(tcase, parses_boot, 0, G_N_ELEMENTS(boots));
    tcase_add_loop_test(tcase, shares_cpus, 0, G_N_ELEMENTS(cpus));
    tcase_add_loop_test(tcase, shares_ram, 0, G_N_ELEMENTS(rams));
    tcase_add_loop_test(tcase, names_sockets, 0, G_N_ELEMENTS(sockets));
    tcase_add_test(tcase, frees_half_built);
}
