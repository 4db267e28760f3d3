/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-choice.h"

#include "base/error.h"

typedef struct {
    const GPtrArray *gpus; /* all of the host's */
    gboolean forced;
    gboolean (*is_free)(const AqrGpu *gpu, gpointer data);
    gpointer data;
} Host;

/* --- who goes with whom ---------------------------------------------------- */

static gboolean
share_a_hive(const AqrGpu *one, const AqrGpu *other)
{
    return one->device->hive != 0 && one->device->hive == other->device->hive;
}

/* Taking one for a guest takes something of the other from everybody else. */
static gboolean
share_a_function(const AqrGpu *one, const AqrGpu *other)
{
    for (guint i = 0; i < one->together->len; i++) {
        if (g_ptr_array_find((GPtrArray *)other->together, one->together->pdata[i], NULL))
            return TRUE;
    }
    return FALSE;
}

static gboolean
can_be_had(const Host *host, const AqrGpu *gpu)
{
    for (guint i = 0; i < host->gpus->len; i++) {
        const AqrGpu *other = host->gpus->pdata[i];

        if (share_a_function(gpu, other) && !host->is_free(other, host->data))
            return FALSE;
    }
    return TRUE;
}

static guint
count_hive(const GPtrArray *gpus, const AqrGpu *member)
{
    guint n = 0;

    for (guint i = 0; i < gpus->len; i++)
        n += gpus->pdata[i] != NULL && share_a_hive(gpus->pdata[i], member);
    return n;
}

/* --- what a selector asks for ---------------------------------------------- */

static gboolean
is_asked_for(const AqrGpuSelector *selector, const AqrGpu *gpu)
{
    switch (selector->wish) {
    case AQR_GPU_ADDRESS:
        return aqr_pci_address_equal(&gpu->device->address, &selector->address);
    case AQR_GPU_GFX:
        return g_strcmp0(gpu->gfx, selector->gfx) == 0;
    case AQR_GPU_ANY:
    case AQR_GPU_ALL:
        break;
    }
    return TRUE;
}

static gint
compare_candidates(gconstpointer a, gconstpointer b)
{
    const AqrPciDevice *one = (*(const AqrGpu *const *)a)->device;
    const AqrPciDevice *other = (*(const AqrGpu *const *)b)->device;
    gboolean one_waits = aqr_pci_device_is_on_vfio(one);

    if (one_waits != aqr_pci_device_is_on_vfio(other))
        return one_waits ? -1 : 1;
    return aqr_pci_address_compare(&one->address, &other->address);
}

GPtrArray *
aqr_gpu_candidates(const AqrGpuSelector *selector, const GPtrArray *gpus)
{
    GPtrArray *candidates = g_ptr_array_new();

    for (guint i = 0; i < gpus->len; i++) {
        if (is_asked_for(selector, gpus->pdata[i]))
            g_ptr_array_add(candidates, gpus->pdata[i]);
    }
    g_ptr_array_sort(candidates, compare_candidates);
    return candidates;
}

/* --- why not --------------------------------------------------------------- */

static void
say_none_is(const AqrGpuSelector *selector, const GPtrArray *gpus, GError **error)
{
    g_autofree char *has = aqr_gpu_names(gpus);
    g_autofree char *address = aqr_pci_address_to_string(&selector->address);

    if (selector->wish == AQR_GPU_ADDRESS)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "there is no AMD GPU at %s; the GPUs of this host: %s", address, has);
    else if (selector->wish == AQR_GPU_GFX)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "no GPU of this host is a %s; there are: %s",
                    selector->gfx, has);
    else
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                            "this host has no AMD GPU; --gpu=none does without");
}

/* All reasons: which one the user can do something about only he knows. */
static void
say_none_is_passable(const AqrGpuSelector *selector, const GPtrArray *asked, gboolean forced,
                     GError **error)
{
    gboolean is_host = selector->wish == AQR_GPU_ANY || selector->wish == AQR_GPU_ALL;
    GString *reasons = g_string_new(NULL);

    for (guint i = 0; i < asked->len; i++) {
        g_autoptr(GError) reason = NULL;

        if (!aqr_gpu_check_passable(asked->pdata[i], forced, &reason))
            g_string_append_printf(reasons, "%s%s", i == 0 ? "" : ". ", reason->message);
    }
    g_set_error_literal(error, AQR_ERROR, is_host ? AQR_ERROR_HOST : AQR_ERROR_GPU, reasons->str);
    g_string_free(reasons, TRUE);
}

/* @left: those that fulfil the selector, but would begin a hive that is not asked for. */
static void
say_too_few(const AqrGpuSelector *selector, const GPtrArray *passable, const GPtrArray *left,
            GError **error)
{
    g_autofree char *names = aqr_gpu_names(left->len > 0 ? left : passable);

    if (left->len > 0)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "what is left is of XGMI hives, which go to a guest whole: %s; ask for all of "
                    "a hive, or use --gpu-force",
                    names);
    else
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "more GPUs%s%s are asked for than can be passed; there are: %s",
                    selector->gfx != NULL ? " of " : "", selector->gfx != NULL ? selector->gfx : "",
                    names);
}

/* Why no GPU was found for @selector among the passable ones. */
static void
say_why(const Host *host, const AqrGpuSelector *selector, const GPtrArray *passable,
        const GPtrArray *chosen, GError **error)
{
    g_autoptr(GPtrArray) asked = aqr_gpu_candidates(selector, host->gpus);
    g_autoptr(GPtrArray) fit = aqr_gpu_candidates(selector, passable);
    g_autoptr(GPtrArray) left = g_ptr_array_new();

    if (asked->len == 0) {
        say_none_is(selector, host->gpus, error);
        return;
    }
    if (fit->len == 0) {
        say_none_is_passable(selector, asked, host->forced, error);
        return;
    }
    for (guint i = 0; i < fit->len; i++) {
        if (!g_ptr_array_find((GPtrArray *)chosen, fit->pdata[i], NULL))
            g_ptr_array_add(left, fit->pdata[i]);
    }
    say_too_few(selector, fit, left, error);
}

/* --- choosing -------------------------------------------------------------- */

/* Whether all of the hive that @gpu is of, if any, can be chosen. */
static gboolean
can_be_finished(const Host *host, const AqrGpu *gpu, const GPtrArray *usable, guint n_left)
{
    guint n = count_hive(host->gpus, gpu);

    return n <= n_left && count_hive(usable, gpu) == n;
}

/* @n_left: of the selectors, this one among them. A hive that is begun comes first. */
static AqrGpu *
pick_one(const Host *host, const AqrGpuSelector *selector, const GPtrArray *usable,
         const GPtrArray *chosen, guint n_left)
{
    g_autoptr(GPtrArray) candidates = aqr_gpu_candidates(selector, usable);
    AqrGpu *fits = NULL;

    for (guint i = 0; i < candidates->len; i++) {
        AqrGpu *gpu = candidates->pdata[i];
        gboolean may_begin = host->forced || selector->wish == AQR_GPU_ADDRESS ||
                             can_be_finished(host, gpu, usable, n_left);

        if (g_ptr_array_find((GPtrArray *)chosen, gpu, NULL))
            continue;
        if (count_hive(chosen, gpu) > 0)
            return gpu;
        if (fits == NULL && may_begin)
            fits = gpu;
    }
    return fits;
}

static gboolean
check_hive(const Host *host, const GPtrArray *chosen, const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) missing = g_ptr_array_new();
    g_autofree char *address = NULL;
    g_autofree char *names = NULL;

    for (guint i = 0; i < host->gpus->len; i++) {
        AqrGpu *other = host->gpus->pdata[i];

        if (share_a_hive(gpu, other) && !g_ptr_array_find((GPtrArray *)chosen, other, NULL))
            g_ptr_array_add(missing, other);
    }
    if (missing->len == 0)
        return TRUE;
    address = aqr_gpu_address(gpu);
    names = aqr_gpu_names(missing);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "GPU %s: it is of an XGMI hive, which goes to a guest whole, and these are not "
                "chosen with it: %s; ask for them too, or use --gpu-force",
                address, names);
    return FALSE;
}

static GPtrArray *
check_hives(const Host *host, GPtrArray *chosen, GError **error)
{
    for (guint i = 0; i < chosen->len && !host->forced; i++) {
        if (!check_hive(host, chosen, chosen->pdata[i], error)) {
            g_ptr_array_unref(chosen);
            return NULL;
        }
    }
    return chosen;
}

static gboolean
is_all(const GPtrArray *selectors)
{
    const AqrGpuSelector *first = selectors->pdata[0];

    return first->wish == AQR_GPU_ALL;
}

/* One of @usable for each selector. */
static GPtrArray *
pick(const Host *host, const GPtrArray *selectors, const GPtrArray *usable, GError **error)
{
    static const AqrGpuWish order[] = { AQR_GPU_ADDRESS, AQR_GPU_GFX, AQR_GPU_ANY };
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    guint n_left = selectors->len;

    g_ptr_array_set_size(chosen, (gint)selectors->len);
    for (guint i = 0; i < G_N_ELEMENTS(order) * selectors->len; i++) {
        const AqrGpuSelector *selector = selectors->pdata[i % selectors->len];
        gpointer *place = &chosen->pdata[i % selectors->len];

        if (selector->wish != order[i / selectors->len])
            continue;
        *place = pick_one(host, selector, usable, chosen, n_left--);
        if (*place == NULL) {
            say_why(host, selector, usable, chosen, error);
            return NULL;
        }
    }
    return check_hives(host, g_steal_pointer(&chosen), error);
}

/* An error only where it would not help if all were free. */
static void
say_if_never(const Host *host, const GPtrArray *selectors, const GPtrArray *passable,
             GError **error)
{
    GPtrArray *later = pick(host, selectors, passable, error);

    g_clear_pointer(&later, g_ptr_array_unref);
}

/* All that are passable, or none. */
static GPtrArray *
pick_all(const Host *host, const AqrGpuSelector *selector, const GPtrArray *passable,
         GError **error)
{
    if (passable->len == 0) {
        g_autoptr(GPtrArray) none = g_ptr_array_new();

        say_why(host, selector, passable, none, error);
        return NULL;
    }
    return check_hives(host, g_ptr_array_copy((GPtrArray *)passable, NULL, NULL), error);
}

static GPtrArray *
choose_all(const Host *host, const GPtrArray *selectors, const GPtrArray *passable, guint n_free,
           GError **error)
{
    g_autoptr(GPtrArray) chosen = pick_all(host, selectors->pdata[0], passable, error);

    return chosen != NULL && n_free == passable->len ? g_steal_pointer(&chosen) : NULL;
}

GPtrArray *
aqr_gpu_choose(const GPtrArray *selectors, const GPtrArray *gpus, gboolean forced,
               gboolean (*is_free)(const AqrGpu *gpu, gpointer data), gpointer data, GError **error)
{
    const Host host = { gpus, forced, is_free, data };
    g_autoptr(GPtrArray) passable = g_ptr_array_new();
    g_autoptr(GPtrArray) usable = g_ptr_array_new();
    GPtrArray *chosen;

    if (selectors->len == 0)
        return g_ptr_array_new();
    for (guint i = 0; i < gpus->len; i++) {
        if (!aqr_gpu_check_passable(gpus->pdata[i], forced, NULL))
            continue;
        g_ptr_array_add(passable, gpus->pdata[i]);
        if (can_be_had(&host, gpus->pdata[i]))
            g_ptr_array_add(usable, gpus->pdata[i]);
    }
    if (is_all(selectors))
        return choose_all(&host, selectors, passable, usable->len, error);
    chosen = pick(&host, selectors, usable, NULL);
    if (chosen == NULL)
        say_if_never(&host, selectors, passable, error);
    return chosen;
}
