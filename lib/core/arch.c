/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/arch.h"

#include <string.h>

#include "base/error.h"

#define COMMAND_PREFIX "qemu-system-"

static const char *const names[] = { [AQR_ARCH_X86_64] = "x86_64" }; /* QEMU's and libvirt's */

/* Where dpkg and QEMU differ: as autopkgtest-virt-qemu has it. */
static const char *const by_dpkg[][2] = {
    { "amd64", "x86_64" },        { "arm64", "aarch64" }, { "arm64ilp32", "aarch64" },
    { "armel", "arm" },           { "armhf", "arm" },     { "avr32", "avr" },
    { "loong64", "loongarch64" }, { "powerpc", "ppc" },   { "powerpcel", "ppc64le" },
    { "ppc64el", "ppc64le" },     { "s390", "s390x" },    { "x32", "x86_64" },
};

/* The longer of two that begin alike comes first. */
static const char *const by_command[] = {
    "aarch64",        "alpha",       "arm",      "avr",          "cris",       "hppa",
    "i386",           "loongarch64", "m68k",     "microblazeel", "microblaze", "mips64el",
    "mips64",         "mipsel",      "mips",     "moxie",        "nios2",      "or1k",
    "ppc64le",        "ppc64",       "ppc",      "riscv32",      "riscv64",    "rx",
    "s390x",          "sh4eb",       "sh4",      "sparc64",      "sparc",      "tricore",
    "x86_64-microvm", "x86_64",      "xtensaeb", "xtensa",
};

const char *
aqr_arch_from_dpkg(const char *dpkg)
{
    for (gsize i = 0; i < G_N_ELEMENTS(by_dpkg); i++) {
        if (g_str_equal(by_dpkg[i][0], dpkg))
            return by_dpkg[i][1];
    }
    return dpkg;
}

const char *
aqr_arch_from_command(const char *command)
{
    const char *slash = strrchr(command, '/');
    const char *prefix = strstr(slash == NULL ? command : slash, COMMAND_PREFIX);

    for (gsize i = 0; prefix != NULL && i < G_N_ELEMENTS(by_command); i++) {
        if (g_str_has_prefix(prefix + strlen(COMMAND_PREFIX), by_command[i]))
            return by_command[i];
    }
    return NULL;
}

static gboolean
find_supported(const char *name, AqrArch *arch, GError **error)
{
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (g_str_equal(names[i], name)) {
            *arch = (AqrArch)i;
            return TRUE;
        }
    }
    g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                "architecture \"%s\": the guest can only be %s (amd64); use "
                "autopkgtest-virt-qemu for others",
                name, names[AQR_ARCH_X86_64]);
    return FALSE;
}

gboolean
aqr_arch_choose(const AqrArchWords *words, AqrArch *arch, GError **error)
{
    const char *guess = words->command == NULL ? NULL : aqr_arch_from_command(words->command);
    const char *name = names[AQR_ARCH_X86_64];
    AqrArch found;

    if (words->qemu != NULL)
        name = words->qemu;
    else if (words->dpkg != NULL)
        name = aqr_arch_from_dpkg(words->dpkg);
    else if (guess != NULL)
        name = guess;
    if (!find_supported(name, &found, error))
        return FALSE;
    if (guess != NULL && !g_str_equal(guess, name)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                    "architecture \"%s\": \"%s\" runs guests of %s", name, words->command, guess);
        return FALSE;
    }
    *arch = found;
    return TRUE;
}

const char *
aqr_arch_to_libvirt(AqrArch arch)
{
    return names[arch];
}
