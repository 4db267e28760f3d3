/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/arch.h"

#include <string.h>

#include "support/check-main.h"

static const char *const dpkg_names[][2] = {
    { "amd64", "x86_64" },
    { "x32", "x86_64" },
    { "i386", "i386" },
    { "arm64", "aarch64" },
    { "armhf", "arm" },
    { "ppc64el", "ppc64le" },
    { "s390x", "s390x" },
    { "riscv64", "riscv64" },
    { "loong64", "loongarch64" },
    { "amd6", "amd6" },
    { "", "" },
};

START_TEST(translates)
{
    ck_assert_str_eq(aqr_arch_from_dpkg(dpkg_names[_i][0]), dpkg_names[_i][1]);
}
END_TEST

static const char *const commands[][2] = {
    { "qemu-system-x86_64", "x86_64" },
    { "/usr/bin/qemu-system-x86_64", "x86_64" },
    { "/opt/my-qemu-system-x86_64-8.0", "x86_64" },
    { "qemu-system-x86_64-microvm", "x86_64-microvm" },
    { "qemu-system-i386", "i386" },
    { "qemu-system-ppc64le", "ppc64le" },
    { "qemu-system-ppc64", "ppc64" },
    { "qemu-system-mips64el", "mips64el" },
    { "/qemu-system-arm/kvm", NULL },
    { "qemu-system-", NULL },
    { "kvm", NULL },
    { "", NULL },
};

START_TEST(guesses)
{
    ck_assert_pstr_eq(aqr_arch_from_command(commands[_i][0]), commands[_i][1]);
}
END_TEST

static const struct {
    AqrArchWords words; /* QEMU's, dpkg's, the command */
    int arch;
    const char *refusal;
} choices[] = {
    { { NULL, NULL, NULL }, AQR_ARCH_X86_64, NULL },
    { { "x86_64", NULL, NULL }, AQR_ARCH_X86_64, NULL },
    { { NULL, "amd64", NULL }, AQR_ARCH_X86_64, NULL },
    { { NULL, NULL, "/usr/bin/qemu-system-x86_64" }, AQR_ARCH_X86_64, NULL },
    { { NULL, NULL, "/usr/bin/kvm" }, AQR_ARCH_X86_64, NULL },
    { { "x86_64", "arm64", NULL }, AQR_ARCH_X86_64, NULL }, /* QEMU's name beats dpkg's */
    { { "x86_64", "amd64", "qemu-system-x86_64" }, AQR_ARCH_X86_64, NULL },
    { { "amd64", NULL, NULL }, 0, "\"amd64\"" }, /* that is dpkg's */
    { { NULL, "arm64", NULL }, 0, "\"aarch64\"" },
    { { "aarch64", "amd64", NULL }, 0, "\"aarch64\"" },
    { { NULL, "ppc64el", NULL }, 0, "\"ppc64le\"" },
    { { NULL, NULL, "qemu-system-riscv64" }, 0, "\"riscv64\"" },
    { { NULL, NULL, "qemu-system-x86_64-microvm" }, 0, "\"x86_64-microvm\"" },
    { { NULL, "amd64", "qemu-system-aarch64" }, 0, "runs guests of aarch64" },
    { { "", NULL, NULL }, 0, "\"\"" },
};

START_TEST(chooses)
{
    g_autoptr(GError) error = NULL;
    AqrArch arch = (AqrArch)-1;
    gboolean done = aqr_arch_choose(&choices[_i].words, &arch, &error);

    ck_assert_int_eq(done, choices[_i].refusal == NULL);
    if (done) {
        ck_assert_int_eq((int)arch, choices[_i].arch);
    } else {
        ck_assert_ptr_nonnull(strstr(error->message, choices[_i].refusal));
        ck_assert_error(error, AQR_ERROR_USAGE);
        ck_assert_int_eq((int)arch, -1);
    }
}
END_TEST

START_TEST(names_libvirt)
{
    ck_assert_str_eq(aqr_arch_to_libvirt(AQR_ARCH_X86_64), "x86_64");
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, translates, 0, G_N_ELEMENTS(dpkg_names));
    tcase_add_loop_test(tcase, guesses, 0, G_N_ELEMENTS(commands));
    tcase_add_loop_test(tcase, chooses, 0, G_N_ELEMENTS(choices));
    tcase_add_test(tcase, names_libvirt);
}
