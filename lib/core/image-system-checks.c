/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What any test needs of an image. */
#include "core/image-checks.h"

#define ENOUGH_KIB (2u << 20)

/* --- words -------------------------------------------------------------- */

static char *
join(const GPtrArray *words)
{
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = 0; i < words->len; i++)
        aqr_image_checks_list(list, g_ptr_array_index(words, i));
    return g_string_free(g_steal_pointer(&list), FALSE);
}

static const char *
or_nothing(const char *text)
{
    return text == NULL || *text == '\0' ? "it does not say why" : text;
}

/* --- the system --------------------------------------------------------- */

static void
judge_system(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
             AqrFinding *finding)
{
    if (!facts->complete)
        aqr_finding_set(finding, AQR_FAIL, "look at its console with --show-boot",
                        "it did not answer all questions");
    else if (facts->os_name == NULL)
        aqr_finding_unknown(finding, NULL, "what system it is: it has no /etc/os-release");
    else
        aqr_finding_pass(finding, "%s%s%s", facts->os_name, facts->arch == NULL ? "" : ", ",
                         facts->arch == NULL ? "" : facts->arch);
}

static void
judge_programs(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
               AqrFinding *finding)
{
    static const struct {
        const char *program, *package;
    } packages[] = {
        { "apt-get", "apt" },          { "bash", "bash" },     { "dpkg-query", "dpkg" },
        { "dpkg-source", "dpkg-dev" }, { "su", "util-linux" }, { "tar", "tar" },
    };
    g_autofree char *missing = join(facts->missing);
    g_autoptr(GString) hint = g_string_new("install");

    for (gsize i = 0; i < G_N_ELEMENTS(packages); i++) {
        if (aqr_image_facts_has(facts->missing, packages[i].program))
            g_string_append_printf(hint, " %s", packages[i].package);
    }
    if (facts->missing->len == 0)
        aqr_finding_pass(finding, "the programs that autopkgtest needs");
    else
        aqr_finding_set(finding, AQR_FAIL, hint->str, "programs that autopkgtest needs: no %s",
                        missing);
}

static void
judge_shell(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
            AqrFinding *finding)
{
    if (aqr_image_facts_has(facts->shells, "hvc1"))
        aqr_finding_pass(finding, "a root shell on hvc1");
    else if (aqr_image_facts_has(facts->shells, "ttyS1"))
        aqr_finding_set(finding, AQR_WARN,
                        "offer one on hvc1, too, as autopkgtest's "
                        "setup-testbed does",
                        "a root shell on ttyS1, none on hvc1");
    else
        aqr_finding_set(finding, AQR_FAIL, "start one there, as autopkgtest's setup-testbed does",
                        "no root shell on hvc1 or ttyS1");
}

static void
judge_ssh(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
          AqrFinding *finding)
{
    if (facts->sshd != AQR_IMAGE_YES)
        aqr_finding_set(finding, AQR_FAIL, "install openssh-server", "no ssh server");
    else if (facts->ssh_on != AQR_IMAGE_YES)
        aqr_finding_set(finding, AQR_FAIL, "systemctl enable ssh",
                        "the ssh server does not start with the system");
    else
        aqr_finding_pass(finding, "an ssh server that starts with the system");
}

static void
judge_dmesg(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
            AqrFinding *finding)
{
    if (facts->dmesg == AQR_IMAGE_YES)
        aqr_finding_pass(finding, "an ordinary user may read the kernel's log");
    else if (facts->dmesg == AQR_IMAGE_NO)
        aqr_finding_set(finding, AQR_FAIL,
                        "write kernel.dmesg_restrict=0 to a file in "
                        "/etc/sysctl.d",
                        "an ordinary user may not read the kernel's log with dmesg");
    else
        aqr_finding_unknown(finding, NULL, "whether an ordinary user may read the kernel's log");
}

static void
judge_hostname(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
               AqrFinding *finding)
{
    const char *name = facts->hostname == NULL ? "" : facts->hostname;

    if (facts->hostname_known == AQR_IMAGE_YES)
        aqr_finding_pass(finding, "its own name, \"%s\", resolves", name);
    else
        aqr_finding_set(finding, AQR_WARN, "add it to /etc/hosts",
                        "its own name, \"%s\", does not resolve", name);
}

static void
judge_room(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
           AqrFinding *finding)
{
    double gib = (double)facts->free_kib / (1 << 20);

    if (!facts->has_free)
        aqr_finding_unknown(finding, NULL, "how much room / has");
    else if (facts->free_kib < ENOUGH_KIB)
        aqr_finding_set(finding, AQR_WARN, "make it larger with --size", "only %.1f GiB free on /",
                        gib);
    else
        aqr_finding_pass(finding, "%.1f GiB free on /", gib);
}

static void
judge_units(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
            AqrFinding *finding)
{
    g_autofree char *failed = join(facts->failed_units);

    if (facts->failed_units->len > 0)
        aqr_finding_set(finding, AQR_WARN, "systemctl status, in a VM of it, says more",
                        "units that failed when it booted: %s", failed);
    else
        aqr_finding_pass(finding, "all units have started");
}

/* --- APT ---------------------------------------------------------------- */

static guint
count_sources(const AqrImageFacts *facts, const char *kind)
{
    guint n = 0;

    for (guint i = 0; i < facts->sources->len; i++)
        n += g_str_has_prefix(g_ptr_array_index(facts->sources, i), kind);
    return n;
}

static void
judge_apt(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
          AqrFinding *finding)
{
    if (facts->apt_trouble != NULL)
        aqr_finding_set(finding, AQR_FAIL, "see \"apt-get check\" in a VM of it",
                        "APT does not work: %s", or_nothing(facts->apt_trouble));
    else if (facts->update == AQR_IMAGE_NO)
        aqr_finding_set(
            finding, AQR_FAIL, "look at /etc/apt/sources.list, at a proxy, and at the network",
            facts->lists == 0 ? "APT has no lists of packages, and cannot fetch them: %s"
                              : "APT cannot fetch lists of packages: %s",
            or_nothing(facts->update_trouble));
    else if (count_sources(facts, "deb ") == 0)
        aqr_finding_set(finding, AQR_FAIL, "write them to /etc/apt/sources.list",
                        "APT has no sources of packages");
    else if (facts->update == AQR_IMAGE_YES)
        aqr_finding_pass(finding, "APT works, and can fetch lists of packages");
    else
        aqr_finding_pass(finding, "APT works, and has lists of packages");
}

static void
judge_sources(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
              AqrFinding *finding)
{
    if (count_sources(facts, "deb ") == 0)
        return;
    if (count_sources(facts, "deb-src ") == 0)
        aqr_finding_set(finding, AQR_WARN, "add lines that begin with deb-src",
                        "APT has no sources of source packages, which \"autopkgtest PACKAGE\" "
                        "wants");
    else
        aqr_finding_pass(finding, "APT has sources of source packages");
}

static void
judge_packages(const AqrImageFacts *facts, G_GNUC_UNUSED const AqrImageDemand *demand,
               AqrFinding *finding)
{
    g_autofree char *half = join(facts->unconfigured);

    if (facts->unconfigured->len > 0)
        aqr_finding_set(finding, AQR_FAIL, "dpkg --configure --pending",
                        "packages that are installed by half: %s", half);
    else if (facts->packages->len == 0)
        aqr_finding_unknown(finding, NULL, "what is installed");
    else
        aqr_finding_pass(finding, "%u packages", facts->packages->len);
}

/* --- all of them -------------------------------------------------------- */

const AqrImageCheck aqr_image_system_checks[] = {
    { "image.system", judge_system },     { "image.programs", judge_programs },
    { "image.shell", judge_shell },       { "image.ssh", judge_ssh },
    { "image.dmesg", judge_dmesg },       { "image.apt", judge_apt },
    { "image.sources", judge_sources },   { "image.packages", judge_packages },
    { "image.hostname", judge_hostname }, { "image.room", judge_room },
    { "image.units", judge_units },       { NULL, NULL },
};
