/* SPDX-License-Identifier: GPL-2.0-or-later */

/* Whether the user may do what the server does for him. There are three ways to a GPU: as
 * root; by libvirt's daemon, which does as root what has to be; or with a QEMU of his own,
 * on GPUs that are on vfio-pci before (rocm-qemu-support's way). The third needs the most. */
#include "core/host-checks.h"

static void
judge_user(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autofree char *hint = g_strdup_printf("or: libvirt's daemon, and adduser %s libvirt, a group "
                                            "that is as good as root; then it binds the GPUs",
                                            facts->user.name);

    if (!facts->user.exists)
        aqr_finding_set(finding, AQR_FAIL, "name another one with -u", "there is no user %s",
                        facts->user.name);
    else if (facts->user.uid == 0)
        aqr_finding_pass(finding, "for root: libvirt binds the GPUs when they are needed");
    else if (aqr_host_facts_has_daemon(facts))
        aqr_finding_pass(finding, "for %s: libvirt's daemon binds the GPUs when they are needed",
                         facts->user.name);
    else
        aqr_finding_set(finding, AQR_PASS, hint,
                        "for %s: QEMU runs as this user, on GPUs that are on vfio-pci before",
                        facts->user.name);
}

static void
judge_session(const AqrHostFacts *facts, AqrFinding *finding)
{
    g_autofree char *list = NULL;

    if (facts->missing_groups == NULL || *facts->missing_groups == NULL)
        return;
    list = g_strjoinv(", ", facts->missing_groups);
    aqr_finding_set(finding, AQR_WARN, "log in again",
                    "%s is in groups that this session is not in yet: %s", facts->user.name, list);
}

static void
judge_group(const AqrHostFacts *facts, const char *group, gboolean needed, AqrFinding *finding)
{
    g_autofree char *hint = g_strdup_printf("adduser %s %s; --apply does", facts->user.name, group);

    if (!facts->user.exists)
        return;
    if (facts->user.uid == 0)
        aqr_finding_pass(finding, "%s needs no group", facts->user.name);
    else if (aqr_host_user_is_in(&facts->user, group))
        aqr_finding_pass(finding, "%s is in the group %s", facts->user.name, group);
    else
        aqr_finding_set(finding, needed ? AQR_FAIL : AQR_PASS, needed ? hint : NULL,
                        "%s is not in the group %s%s", facts->user.name, group,
                        needed ? "" : ", and need not be");
}

static void
judge_render(const AqrHostFacts *facts, AqrFinding *finding)
{
    judge_group(facts, "render", aqr_host_facts_runs_qemu_himself(facts), finding);
}

static void
complain_of_memlock(const AqrHostFacts *facts, guint64 limit, const char *hint, AqrFinding *finding)
{
    g_autofree char *has = aqr_memlock_to_string(limit);
    g_autofree char *needs = aqr_memlock_to_string(aqr_host_facts_memlock_needed(facts));

    if (aqr_host_facts_runs_qemu_himself(facts))
        aqr_finding_set(finding, AQR_FAIL, hint,
                        "%s may lock too little memory: %s; a guest of 3/4 of the host's needs %s",
                        facts->user.name, has, needs);
    else
        aqr_finding_pass(finding, "%s may lock little memory (%s), and libvirt raises that",
                         facts->user.name, has);
}

/* What the process has counts where it is the user's own, for it may come from elsewhere:
 * systemd's LimitMEMLOCK=. */
static void
judge_memlock(const AqrHostFacts *facts, AqrFinding *finding)
{
    guint64 configured = MIN(facts->memlock.hard, facts->memlock.soft);
    guint64 now = MIN(facts->memlock_now.hard, facts->memlock_now.soft);
    g_autofree char *text = NULL, *hint = NULL;

    if (!facts->user.exists)
        return;
    hint = g_strdup_printf("\"%s - memlock unlimited\" in /etc/security/limits.d; --apply does; in "
                           "a unit of systemd's LimitMEMLOCK=infinity",
                           facts->user.name);
    if (facts->user_is_caller && aqr_host_facts_memlock_is_enough(facts, &facts->memlock_now)) {
        text = aqr_memlock_to_string(now);
        aqr_finding_pass(finding, "%s may lock enough memory: %s", facts->user.name, text);
    } else if (aqr_host_facts_memlock_is_enough(facts, &facts->memlock) && facts->user_is_caller &&
               aqr_host_facts_runs_qemu_himself(facts)) {
        aqr_finding_set(finding, AQR_WARN, "log in again",
                        "%s may lock enough memory, but not in this session", facts->user.name);
    } else if (aqr_host_facts_memlock_is_enough(facts, &facts->memlock)) {
        text = aqr_memlock_to_string(configured);
        aqr_finding_pass(finding, "%s may lock enough memory: %s", facts->user.name, text);
    } else {
        complain_of_memlock(facts, facts->user_is_caller ? now : configured, hint, finding);
    }
}

static void
judge_debci(const AqrHostFacts *facts, AqrFinding *finding)
{
    gboolean daemon = facts->libvirt_socket.exists == AQR_FACT_YES;
    const char *group = daemon ? "libvirt" : "render";

    if (!facts->has_debci)
        return;
    if (!facts->debci.exists)
        aqr_finding_set(finding, AQR_WARN, "apt install debci-worker",
                        "debci is installed, but there is no user debci");
    else if (aqr_host_user_is_in(&facts->debci, "kvm") && aqr_host_user_is_in(&facts->debci, group))
        aqr_finding_pass(finding, "debci is in the groups kvm and %s", group);
    else
        aqr_finding_set(finding, AQR_WARN, "rocm-qemu-setup -u debci --apply",
                        "debci is not in the groups kvm and %s", group);
}

const AqrHostCheck aqr_user_checks[] = {
    { "user.way", judge_user },      { "user.session", judge_session },
    { "user.render", judge_render }, { "user.memlock", judge_memlock },
    { "user.debci", judge_debci },   { NULL, NULL },
};
