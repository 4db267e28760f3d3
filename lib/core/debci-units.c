/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-units.h"

#include <string.h>

#include "core/unit-name.h"

#define HEAD AQR_DEBCI_UNIT_PREFIX AQR_DEBCI_ARCH "\\x2b"

char *
aqr_debci_units_name(const char *gfx, guint n)
{
    g_autofree char *name = g_strdup_printf("%s+%s_%u", AQR_DEBCI_ARCH, gfx, n);
    g_autofree char *instance = aqr_unit_name_escape(name);

    return g_strconcat(AQR_DEBCI_UNIT_PREFIX, instance, AQR_DEBCI_UNIT_SUFFIX, NULL);
}

char *
aqr_debci_units_arch(const char *unit)
{
    g_autofree char *gfx = NULL;
    const char *end;

    if (!g_str_has_prefix(unit, HEAD))
        return NULL;
    unit += strlen(HEAD);
    end = strchr(unit, '_');
    gfx = end == NULL ? NULL : g_strndup(unit, end - unit);
    return gfx == NULL ? NULL : g_strdup_printf("%s+%s", AQR_DEBCI_ARCH, gfx);
}

static void
add_arch(GPtrArray *archs, char *arch)
{
    if (arch == NULL || g_ptr_array_find_with_equal_func(archs, arch, g_str_equal, NULL))
        g_free(arch);
    else
        g_ptr_array_add(archs, arch);
}

char *
aqr_debci_units_archs(const AqrDebciPlan *plan, const AqrDebciFacts *debci)
{
    g_autoptr(GPtrArray) archs = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);

        add_arch(archs, g_strdup(worker->arch));
    }
    for (guint i = 0; debci->units != NULL && i < debci->units->len; i++)
        add_arch(archs, aqr_debci_units_arch(g_ptr_array_index(debci->units, i)));
    g_ptr_array_add(archs, NULL);
    return g_strjoinv(" ", (char **)archs->pdata);
}

gboolean
aqr_debci_units_expect(const AqrHostFacts *facts, const char *unit)
{
    for (guint i = 0; i < facts->gpus->len; i++) {
        const AqrHostGpu *gpu = g_ptr_array_index(facts->gpus, i);
        guint n = 0;

        for (guint j = 0; j <= i; j++) {
            const AqrHostGpu *other = g_ptr_array_index(facts->gpus, j);

            n += g_strcmp0(gpu->gpu->gfx, other->gpu->gfx) == 0;
        }
        if (gpu->gpu->gfx != NULL) {
            g_autofree char *name = aqr_debci_units_name(gpu->gpu->gfx, n);

            if (g_str_equal(name, unit))
                return TRUE;
        }
    }
    return FALSE;
}

static char *
list_left_over(const AqrHostFacts *facts, const AqrDebciFacts *debci)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_auto(GStrv) list = NULL;

    for (guint i = 0; i < debci->units->len; i++) {
        if (!aqr_debci_units_expect(facts, g_ptr_array_index(debci->units, i)))
            g_strv_builder_add(names, g_ptr_array_index(debci->units, i));
    }
    list = g_strv_builder_end(names);
    return g_strjoinv(", ", list);
}

static char *
list_not_made(const AqrDebciPlan *plan, const AqrDebciFacts *debci)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_auto(GStrv) list = NULL;

    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);

        if (!g_ptr_array_find_with_equal_func(debci->units, worker->unit, g_str_equal, NULL))
            g_strv_builder_add(names, worker->unit);
    }
    list = g_strv_builder_end(names);
    return g_strjoinv(", ", list);
}

AqrFinding *
aqr_debci_units_judge(const AqrDebciPlan *plan, const AqrHostFacts *facts,
                      const AqrDebciFacts *debci)
{
    g_autofree char *left_over = NULL, *not_made = NULL;
    AqrFinding *finding;

    if (debci->units == NULL || debci->units->len == 0)
        return NULL;
    finding = aqr_finding_new("debci.workers", NULL);
    left_over = list_left_over(facts, debci);
    not_made = list_not_made(plan, debci);
    if (*left_over != '\0')
        aqr_finding_set(finding, AQR_WARN, "rocm-qemu-setup --debci-worker says how to remove it",
                        "workers of debci for GPUs that are not there: %s", left_over);
    else if (*not_made != '\0')
        aqr_finding_set(finding, AQR_WARN, "rocm-qemu-setup --debci-worker --apply",
                        "GPUs without a worker of debci, which would be %s", not_made);
    else
        aqr_finding_pass(finding, "the workers of debci fit the GPUs");
    return finding;
}
