/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How the host is set up for VFIO. */
#include "core/host-checks.h"

static char *
join(const GPtrArray *names)
{
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) list = NULL;

    for (guint i = 0; i < names->len; i++)
        g_strv_builder_add(builder, g_ptr_array_index(names, i));
    list = g_strv_builder_end(builder);
    return g_strjoinv(", ", list);
}

static void
judge_unreadable(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autofree char *list = join(facts->unreadable);

    if (facts->unreadable->len > 0)
        aqr_finding_unknown(finding,
                            facts->is_root ? "see what is wrong with them" : "run this as root",
                            "some of the configuration: %s", list);
}

static void
judge_modules(const AqrHostFacts *facts, AqrFinding *finding)
{
    const AqrModule modules[] = { facts->vfio, facts->vfio_pci, facts->vfio_type1 };
    static const char *const names[] = { "vfio", "vfio-pci", "vfio_iommu_type1" };
    g_autoptr(GPtrArray) missing = g_ptr_array_new(), unknown = g_ptr_array_new();
    g_autofree char *list = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(modules); i++) {
        if (modules[i] == AQR_MODULE_MISSING)
            g_ptr_array_add(missing, (gpointer)names[i]);
        if (modules[i] == AQR_MODULE_UNKNOWN)
            g_ptr_array_add(unknown, (gpointer)names[i]);
    }
    list = join(missing->len > 0 ? missing : unknown);
    if (missing->len > 0)
        aqr_finding_set(finding, AQR_FAIL, "install a kernel of Debian's that has them",
                        "kernel modules that do not load: %s", list);
    else if (unknown->len > 0)
        aqr_finding_unknown(finding, "install the package kmod",
                            "whether these kernel modules are there: %s", list);
    else
        aqr_finding_pass(finding, "the kernel has VFIO");
}

static void
judge_blacklist(const AqrHostFacts *facts, AqrFinding *finding)
{
    const AqrVfioConf *conf = facts->vfio_conf;
    g_autofree char *list = join(conf->blacklisted->len > 0 ? conf->blacklisted : conf->replaced);

    if (conf->blacklisted->len > 0)
        aqr_finding_set(finding, facts->vfio_pci == AQR_MODULE_LOADED ? AQR_WARN : AQR_FAIL,
                        "take it out of /etc/modprobe.d, or of the kernel's command line",
                        "blacklisted: %s: libvirt will not load it", list);
    else if (conf->replaced->len > 0)
        aqr_finding_set(finding, AQR_FAIL, "take the line \"install\" out of /etc/modprobe.d",
                        "never loaded, as an install command says so: %s", list);
    else
        aqr_finding_pass(finding, "no module of VFIO is blacklisted");
}

/* As root the server loads it. libvirt's daemon does not where /dev/vfio is not there yet:
 * then it takes the host for one without VFIO. */
static void
judge_autoload(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->vfio_conf->autoload || facts->vfio_conf->softdeps->len > 0)
        aqr_finding_pass(finding, "vfio-pci is loaded when the host boots");
    else if (facts->user.uid == 0)
        aqr_finding_pass(finding, "vfio-pci is loaded when it is needed");
    else
        aqr_finding_set(
            finding, AQR_WARN, "write vfio-pci to a file in /etc/modules-load.d; --apply does",
            "vfio-pci is not loaded when the host boots%s",
            facts->vfio_pci == AQR_MODULE_LOADED ? "; it is loaded now" : ", and not loaded now");
}

static void
judge_ids(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autofree char *list = join(facts->vfio_conf->ids);

    if (facts->vfio_conf->ids->len > 0)
        aqr_finding_set(finding, AQR_WARN,
                        "libvirt binds by address, and needs no such line; or use "
                        "driverctl(8) for one card",
                        "vfio-pci takes every card of these models: ids=%s", list);
}

/* "0660": what the group may. udev's default where a rule names a group. */
static gboolean
may_use(const char *mode)
{
    return mode == NULL || (g_ascii_strtoull(mode, NULL, 8) & 060) == 060;
}

static void
judge_udev(const AqrHostFacts *facts, AqrFinding *finding)
{
    const AqrUdevVfio *udev = &facts->udev;
    static const char hint[] =
        "SUBSYSTEM==\"vfio\", GROUP=\"render\", MODE=\"0660\" in /etc/udev/rules.d; --apply does";
    AqrSeverity severity =
        facts->user.uid == 0 || aqr_host_facts_has_daemon(facts) ? AQR_PASS : AQR_FAIL;

    if (udev->group != NULL && !may_use(udev->mode) && severity != AQR_PASS)
        aqr_finding_set(finding, severity, hint, "udev gives /dev/vfio/GROUP mode %s", udev->mode);
    else if (udev->group != NULL && aqr_host_user_is_in(&facts->user, udev->group))
        aqr_finding_pass(finding, "udev gives /dev/vfio/GROUP to the group %s", udev->group);
    else if (severity == AQR_PASS)
        aqr_finding_pass(finding, "udev leaves /dev/vfio/GROUP to root, and libvirt needs no more");
    else if (udev->group != NULL)
        aqr_finding_set(finding, severity, "see user.render",
                        "udev gives /dev/vfio/GROUP to the group %s, and %s is not in it",
                        udev->group, facts->user.name);
    else if (udev->has_rule)
        aqr_finding_set(finding, severity, hint, "udev's rule for VFIO names no group");
    else
        aqr_finding_set(finding, severity, hint, "udev has no rule for VFIO");
}

static void
judge_udev_syntax(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (facts->udev.n_bad > 0)
        aqr_finding_set(finding, AQR_WARN, "see \"journalctl -u systemd-udevd\"",
                        "lines of udev's rules for VFIO that udev does not take: %u",
                        facts->udev.n_bad);
}

static void
judge_leases(const AqrHostFacts *facts, AqrFinding *finding)
{
    const AqrHostNode *dir = &facts->lease_dir;
    const guint32 wanted = 01777;
    static const char hint[] = "it must be root's, with mode 1777; --apply makes one";

    if (dir->exists == AQR_FACT_YES && (dir->owner.mode & 0170000) != 0040000)
        aqr_finding_set(finding, AQR_FAIL, hint, "%s is no directory", dir->path);
    else if (dir->exists == AQR_FACT_YES && dir->owner.uid == 0 &&
             (dir->owner.mode & 07777) == wanted)
        aqr_finding_pass(finding, "%s is there for the GPUs' leases", dir->path);
    else if (dir->exists == AQR_FACT_YES)
        aqr_finding_set(finding, AQR_FAIL, hint, "%s is not safe: uid %u, mode %04o", dir->path,
                        dir->owner.uid, dir->owner.mode & 07777);
    else if (dir->exists == AQR_FACT_NO)
        aqr_finding_set(finding, AQR_WARN, hint, "%s, where the GPUs' leases are, is not there yet",
                        dir->path);
    else
        aqr_finding_unknown(finding, hint, "whether %s is fit for leases", dir->path);
}

const AqrHostCheck aqr_vfio_checks[] = {
    { "vfio.modules", judge_modules },
    { "vfio.blacklist", judge_blacklist },
    { "vfio.autoload", judge_autoload },
    { "vfio.ids", judge_ids },
    { "vfio.udev", judge_udev },
    { "vfio.udev-syntax", judge_udev_syntax },
    { "vfio.leases", judge_leases },
    { "vfio.unreadable", judge_unreadable },
    { NULL, NULL },
};
