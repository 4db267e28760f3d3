/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What is installed. */
#include "core/host-checks.h"

static void
judge_qemu(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->qemu_version == NULL)
        aqr_finding_set(finding, AQR_FAIL, "apt install qemu-system-x86",
                        "no qemu-system-x86_64 that runs");
    else if (facts->qemu_vfio == AQR_FACT_NO)
        aqr_finding_set(finding, AQR_FAIL, "install Debian's qemu-system-x86", "%s has no vfio-pci",
                        facts->qemu_version);
    else if (facts->qemu_vfio == AQR_FACT_UNKNOWN)
        aqr_finding_unknown(finding, NULL, "whether %s has vfio-pci", facts->qemu_version);
    else
        aqr_finding_pass(finding, "%s", facts->qemu_version);
}

static void
judge_libvirt(const AqrHostFacts *facts, AqrFinding *finding)
{
    const AqrHostNode *socket = &facts->libvirt_socket;

    if (socket->exists == AQR_FACT_YES && facts->libvirt_trouble == NULL)
        aqr_finding_pass(finding, "libvirt's daemon answers at %s", socket->path);
    else if (facts->qemu_driver == AQR_FACT_NO)
        aqr_finding_set(finding, AQR_FAIL,
                        "apt install libvirt-daemon-driver-qemu libvirt-daemon-system",
                        "libvirt has no driver for QEMU");
    else if (socket->exists == AQR_FACT_YES)
        aqr_finding_set(finding, AQR_WARN,
                        "systemctl restart libvirtd; or use "
                        "--connect=qemu:///embed as root",
                        "libvirt's daemon does not answer: %s", facts->libvirt_trouble);
    else if (facts->qemu_driver == AQR_FACT_UNKNOWN)
        aqr_finding_unknown(finding, "apt install libvirt-daemon-driver-qemu",
                            "whether libvirt has a driver for QEMU");
    else
        aqr_finding_pass(finding, "no libvirt daemon; the server uses qemu:///embed");
}

static void
judge_ovmf(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->has_ovmf)
        aqr_finding_pass(finding, "EFI firmware for guests");
    else
        aqr_finding_set(finding, AQR_FAIL, "apt install ovmf",
                        "no EFI firmware for guests, which large GPUs need");
}

static void
judge_autopkgtest(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->autopkgtest_version != NULL)
        aqr_finding_pass(finding, "autopkgtest %s", facts->autopkgtest_version);
    else
        aqr_finding_set(finding, AQR_FAIL, "apt install autopkgtest", "no autopkgtest");
}

static void
judge_tools(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (!facts->has_qemu_img)
        aqr_finding_set(finding, AQR_FAIL, "apt install qemu-utils", "no qemu-img");
    else if (!facts->has_mmdebstrap && !facts->has_build_qemu)
        aqr_finding_set(finding, AQR_WARN, "apt install mmdebstrap autopkgtest",
                        "no tool to make images: neither mmdebstrap nor autopkgtest-build-qemu");
    else
        aqr_finding_pass(finding, "tools to make images: qemu-img%s%s",
                         facts->has_mmdebstrap ? ", mmdebstrap" : "",
                         facts->has_build_qemu ? ", autopkgtest-build-qemu" : "");
}

static void
judge_apt(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->apt_proxy != NULL)
        aqr_finding_pass(finding, "APT cache: %s", facts->apt_proxy);
    else
        aqr_finding_set(finding, AQR_WARN, "apt install apt-cacher-ng auto-apt-proxy",
                        "no APT cache: each test fetches its packages anew");
}

const AqrHostCheck aqr_software_checks[] = {
    { "software.qemu", judge_qemu },
    { "software.libvirt", judge_libvirt },
    { "software.ovmf", judge_ovmf },
    { "software.autopkgtest", judge_autopkgtest },
    { "software.image-tools", judge_tools },
    { "software.apt-cache", judge_apt },
    { NULL, NULL },
};
