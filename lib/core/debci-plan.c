/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-plan.h"

#include <string.h>

#include "core/debci-files.h"
#include "core/debci-units.h"
#include "core/version.h"

/* --- plain things ------------------------------------------------------------ */

static void
free_worker(gpointer data)
{
    AqrDebciWorker *worker = data;

    g_free(worker->arch);
    g_free(worker->unit);
    g_free(worker);
}

void
aqr_debci_plan_free(AqrDebciPlan *plan)
{
    if (plan == NULL)
        return;
    g_ptr_array_unref(plan->workers);
    g_ptr_array_unref(plan->findings);
    g_free(plan);
}

static AqrFinding *
add_finding(AqrDebciPlan *plan, const char *id, const AqrHostGpu *gpu)
{
    g_autofree char *address = gpu == NULL ? NULL : aqr_gpu_address(gpu->gpu);
    AqrFinding *finding = aqr_finding_new(id, address);

    g_ptr_array_add(plan->findings, finding);
    return finding;
}

/* --- debci itself ------------------------------------------------------------ */

static void
judge_package(const AqrDebciFacts *debci, AqrFinding *finding)
{
    if (debci->version == NULL)
        aqr_finding_set(finding, AQR_FAIL, "apt install debci-worker",
                        "debci-worker is not installed");
    else if (!aqr_version_is_at_least(debci->version, 3, 6))
        aqr_finding_set(finding, AQR_FAIL, "Debian 12 and later have a later one",
                        "debci-worker %s is too old: it must be 3.6 or later", debci->version);
    else
        aqr_finding_pass(finding, "debci-worker %s", debci->version);
}

static void
judge_user(const AqrHostFacts *facts, AqrFinding *finding)
{
    if (!facts->user.exists)
        aqr_finding_set(finding, AQR_FAIL, "apt install debci-worker", "there is no user %s",
                        AQR_DEBCI_USER);
    else if (aqr_debci_plan_wants_daemon(facts))
        aqr_finding_pass(finding, "%s uses libvirt's daemon, which binds the GPUs", AQR_DEBCI_USER);
    else
        aqr_finding_pass(finding, "QEMU runs as %s, on GPUs that are on vfio-pci before",
                         AQR_DEBCI_USER);
}

gboolean
aqr_debci_plan_wants_daemon(const AqrHostFacts *facts)
{
    return aqr_host_facts_has_daemon(facts) ||
           (facts->libvirt_socket.exists == AQR_FACT_YES && facts->libvirt_trouble == NULL &&
            facts->host_groups != NULL &&
            g_strv_contains((const char *const *)facts->host_groups, "libvirt"));
}

/* --- GPUs -------------------------------------------------------------------- */

static gboolean
share_a_function(const AqrGpu *one, const AqrGpu *other)
{
    for (guint i = 0; i < one->together->len; i++) {
        if (g_ptr_array_find(other->together, one->together->pdata[i], NULL))
            return TRUE;
    }
    return FALSE;
}

/* The one that has a worker and must come along with @gpu; NULL: none. */
static const AqrHostGpu *
find_companion(const AqrDebciPlan *plan, const AqrHostGpu *gpu)
{
    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);

        if (share_a_function(worker->gpu->gpu, gpu->gpu))
            return worker->gpu;
    }
    return NULL;
}

/* Nobody may have part of a hive, and a job asks for one GPU. */
static gboolean
has_hive(const AqrHostFacts *facts, const AqrHostGpu *gpu)
{
    guint n = 0;

    for (guint i = 0; i < facts->gpus->len; i++) {
        const AqrHostGpu *other = g_ptr_array_index(facts->gpus, i);

        n += other->gpu->device->hive == gpu->gpu->device->hive;
    }
    return gpu->gpu->device->hive != 0 && n > 1;
}

static void
refuse_quarantined(const AqrHostGpu *gpu, AqrFinding *finding)
{
    g_autofree char *address = aqr_gpu_address(gpu->gpu);
    g_autofree char *hint = g_strdup_printf("rocm-qemu-gpus release %s, then this again", address);

    aqr_finding_set(finding, AQR_WARN, hint, "no worker: it is in quarantine: %s",
                    gpu->quarantined);
}

static void
refuse_unpassable(const AqrHostGpu *gpu, const GError *why, AqrFinding *finding)
{
    g_autofree char *address = aqr_gpu_address(gpu->gpu);
    g_autofree char *prefix = g_strdup_printf("GPU %s: ", address);
    gsize skipped = g_str_has_prefix(why->message, prefix) ? strlen(prefix) : 0;

    aqr_finding_set(finding, AQR_WARN, NULL, "no worker: %s", why->message + skipped);
}

/* FALSE: @finding says why it is to have no worker. */
static gboolean
is_usable(const AqrHostFacts *facts, const AqrDebciPlan *plan, const AqrHostGpu *gpu,
          AqrFinding *finding)
{
    const AqrHostGpu *companion = find_companion(plan, gpu);
    g_autofree char *with = companion == NULL ? NULL : aqr_gpu_address(companion->gpu);
    g_autoptr(GError) why = NULL;

    if (!aqr_gpu_check_passable(gpu->gpu, FALSE, &why))
        refuse_unpassable(gpu, why, finding);
    else if (gpu->gpu->gfx == NULL)
        aqr_finding_set(finding, AQR_WARN, "please report its id", "no worker: %s, %s",
                        gpu->gpu->name, "gfx target unknown");
    else if (has_hive(facts, gpu))
        aqr_finding_set(finding, AQR_WARN, "autopkgtest -- qemu+rocm --gpu=all can have all of it",
                        "no worker: it is of an XGMI hive, which goes to a guest whole");
    else if (companion != NULL)
        aqr_finding_set(finding, AQR_WARN, NULL, "no worker of its own: it goes along with %s",
                        with);
    else if (gpu->quarantined != NULL)
        refuse_quarantined(gpu, finding);
    else
        return TRUE;
    return FALSE;
}

static guint
count_workers(const AqrDebciPlan *plan, const char *arch)
{
    guint n = 0;

    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);

        n += g_str_equal(worker->arch, arch);
    }
    return n;
}

static gboolean
is_on_vfio(const AqrGpu *gpu)
{
    for (guint i = 0; i < gpu->together->len; i++) {
        if (!aqr_pci_device_is_on_vfio(g_ptr_array_index(gpu->together, i)))
            return FALSE;
    }
    return TRUE;
}

static void
tell_worker(const AqrHostFacts *facts, const AqrDebciWorker *worker, AqrFinding *finding)
{
    const AqrGpu *gpu = worker->gpu->gpu;
    g_autofree char *title =
        g_strdup_printf("%s: %s, for jobs of %s", gpu->name, worker->unit, worker->arch);

    if (aqr_debci_plan_wants_daemon(facts) || is_on_vfio(gpu))
        aqr_finding_pass(finding, "%s", title);
    else
        aqr_finding_set(finding, AQR_WARN,
                        "apt install libvirt-daemon-system, which binds it, and this again; or "
                        "driverctl set-override for each of its functions",
                        "%s, once it is on vfio-pci", title);
}

static void
plan_gpu(const AqrHostFacts *facts, const AqrHostGpu *gpu, AqrDebciPlan *plan)
{
    AqrFinding *finding = add_finding(plan, "debci.worker", gpu);
    AqrDebciWorker *worker;

    if (!is_usable(facts, plan, gpu, finding))
        return;
    worker = g_new0(AqrDebciWorker, 1);
    worker->gpu = gpu;
    worker->arch = g_strdup_printf("%s+%s", AQR_DEBCI_ARCH, gpu->gpu->gfx);
    worker->unit = aqr_debci_units_name(gpu->gpu->gfx, count_workers(plan, worker->arch) + 1);
    tell_worker(facts, worker, finding);
    g_ptr_array_add(plan->workers, worker);
}

static void
judge_gpus(const AqrHostFacts *facts, const AqrDebciPlan *plan, AqrFinding *finding)
{
    g_autofree char *missing =
        facts->missing_gpus == NULL ? NULL : g_strjoinv(", ", facts->missing_gpus);

    if (facts->gpus_trouble != NULL)
        aqr_finding_set(finding, AQR_FAIL, NULL, "the GPUs of this host are unknown: %s",
                        facts->gpus_trouble);
    else if (missing != NULL)
        aqr_finding_set(finding, AQR_FAIL, "see rocm-qemu-gpus list", "no AMD GPU of this host: %s",
                        missing);
    else if (facts->gpus->len == 0)
        aqr_finding_set(finding, AQR_FAIL, "lspci -d 1002: shows what there is",
                        "this host has no AMD GPU, so it can offer debci nothing");
    else if (plan->workers->len == 0)
        aqr_finding_set(finding, AQR_FAIL, "each says why, above; rocm-qemu-setup has more",
                        "no GPU of this host can have a worker");
    else
        aqr_finding_pass(finding, "workers: %u", plan->workers->len);
}

static void
tell_server(AqrDebciPlan *plan, const AqrDebciFacts *debci)
{
    g_autofree char *archs = aqr_debci_units_archs(plan, debci);

    if (plan->workers->len > 0 && !debci->has_collector)
        aqr_finding_pass(add_finding(plan, "debci.server", NULL),
                         "requests are taken by another host, whose debci_arch_list has to have "
                         "%s, and its debci_backend_list %s",
                         archs, AQR_DEBCI_BACKEND);
}

/* Nobody may lose what he has added to it. Of the line nothing is told: it may have a password. */
static void
judge_conf(AqrDebciPlan *plan, const AqrDebciFacts *debci)
{
    if (debci->kept.foreign != 0)
        aqr_finding_set(add_finding(plan, "debci.conf", NULL), AQR_FAIL,
                        "move it to a file of its own there, then this again",
                        "line %u of " AQR_DEBCI_CONF_FILE " was not written by rocm-qemu-setup",
                        debci->kept.foreign);
}

/* --- what was before --------------------------------------------------------- */

static void
judge_unit(const char *unit, AqrDebciPlan *plan)
{
    AqrFinding *finding = add_finding(plan, "debci.unit", NULL);
    g_autofree char *hint =
        g_strdup_printf("if it is gone for good: systemctl disable --now '%s' && "
                        "rm -r '/etc/systemd/system/%s.d'",
                        unit, unit);

    aqr_finding_set(finding, AQR_WARN, hint, "%s was made for a GPU that is not there", unit);
}

static void
judge_units(const AqrHostFacts *facts, const GPtrArray *units, AqrDebciPlan *plan)
{
    for (guint i = 0; i < units->len; i++) {
        const char *unit = g_ptr_array_index(units, i);

        if (!aqr_debci_units_expect(facts, unit))
            judge_unit(unit, plan);
    }
}

AqrDebciPlan *
aqr_debci_plan_new(const AqrHostFacts *facts, const AqrDebciFacts *debci)
{
    AqrDebciPlan *plan = g_new0(AqrDebciPlan, 1);

    plan->workers = g_ptr_array_new_with_free_func(free_worker);
    plan->findings = aqr_findings_new();
    for (guint i = 0; i < facts->gpus->len; i++)
        plan_gpu(facts, g_ptr_array_index(facts->gpus, i), plan);
    judge_package(debci, add_finding(plan, "debci.package", NULL));
    judge_user(facts, add_finding(plan, "debci.user", NULL));
    judge_gpus(facts, plan, add_finding(plan, "debci.gpus", NULL));
    judge_conf(plan, debci);
    tell_server(plan, debci);
    if (debci->units != NULL && !debci->only_some)
        judge_units(facts, debci->units, plan);
    return plan;
}
