/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-health.h"

#include <string.h>

#include "base/error.h"
#include "core/pci-config.h"
#include "host/bounded.h"
#include "host/sysfs.h"
#include "host/udev-wake.h"
#include "host/vfio.h"

#define DEVICES "/sys/bus/pci/devices"

/* Who reads a function's configuration space wakes it, and its ports. The kernel gives a
 * device that does not come back a minute (drivers/pci/pci.c, PCI_RESET_WAIT). */
#define LOOK_TIMEOUT (70 * G_TIME_SPAN_SECOND)
#define CONFIG_SIZE 64

/* Of each step of the ladder: a reset may take that minute too, and a driver that finds its
 * device by a rescan takes its time. */
#define STEP_TIMEOUT (120 * G_TIME_SPAN_SECOND)

static char *
path_of(const char *address, const char *name)
{
    return g_build_filename(DEVICES, address, name, NULL);
}

static gboolean
is_there(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* --- a look -------------------------------------------------------------- */

/* An idle device may well be in D3cold: whether it is stuck there shows when it is woken. */
static gboolean
set_lost(const char *address, GError **error)
{
    g_autofree char *dir = path_of(address, NULL);
    g_autofree char *state = aqr_sysfs_read(dir, "power_state");

    if (g_strcmp0(state, "D3cold") == 0)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "%s is stuck in D3cold: it does not wake up; restart the host", address);
    else
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "%s has fallen off the bus: its configuration space reads as all ones; "
                    "restart the host",
                    address);
    return FALSE;
}

static gboolean
check_function(const char *address, GError **error)
{
    AqrPatience patience = aqr_patience(LOOK_TIMEOUT, NULL);
    g_autofree char *dir = path_of(address, NULL);
    g_autofree char *path = path_of(address, "config");
    g_autoptr(GBytes) config = NULL;

    if (!is_there(dir)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                    "%s has gone: rescan the bus, or restart the "
                    "host",
                    address);
        return FALSE;
    }
    config = aqr_bounded_read(path, CONFIG_SIZE, &patience, error);
    return config != NULL && (!aqr_pci_config_is_lost(config) || set_lost(address, error));
}

static gboolean
check_functions(const GPtrArray *addresses, GError **error)
{
    for (guint i = 0; i < addresses->len; i++) {
        if (!check_function(addresses->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

static GPtrArray *
list_functions(const AqrGpu *gpu)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(gpu->together, i);

        g_ptr_array_add(addresses, aqr_pci_address_to_string(&device->address));
    }
    return addresses;
}

gboolean
aqr_gpu_health_check(const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) addresses = list_functions(gpu);

    return check_functions(addresses, error);
}

/* --- what a reset would hit ---------------------------------------------- */

/* What is kept awake, reset or removed with it shall be the GPU's own. */
static gboolean
check_own(const AqrGpu *gpu, GError **error)
{
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autofree char *other = NULL;

    if (gpu->foreign->len == 0)
        return TRUE;
    other = aqr_pci_address_to_string(&((AqrPciDevice *)gpu->foreign->pdata[0])->address);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "GPU %s is not reset: %s shares its IOMMU group, and is not of it", address, other);
    return FALSE;
}

static gboolean
check_driver(const char *address, GError **error)
{
    g_autofree char *dir = path_of(address, NULL);
    g_autofree char *driver = aqr_sysfs_read_link(dir, "driver");
    g_autofree char *name = g_strdup_printf("pci_%s", address);

    if (driver == NULL || g_str_has_prefix(driver, "vfio") || g_str_has_suffix(driver, "vfio_pci"))
        return TRUE;
    g_strdelimit(name, ":.", '_');
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "%s has the driver %s, and a reset would take the device away under it; detach "
                "it first (virsh nodedev-detach %s), and give it back afterwards (virsh "
                "nodedev-reattach)",
                address, driver, name);
    return FALSE;
}

gboolean
aqr_gpu_health_check_reset(const AqrGpu *gpu, GError **error)
{
    g_autoptr(GPtrArray) addresses = list_functions(gpu);

    if (!check_own(gpu, error))
        return FALSE;
    for (guint i = 0; i < addresses->len; i++) {
        if (!check_driver(addresses->pdata[i], error))
            return FALSE;
    }
    return TRUE;
}

/* --- the ladder ---------------------------------------------------------- */

typedef struct {
    const char *address; /* the GPU's */
    const char *bridge;  /* the port above; NULL: none */
    const GPtrArray *functions;
    AqrPatience patience; /* of the step */
    gboolean is_vf;
} Ladder;

/* What fails is told by the look that follows. */
static void
write_it(const Ladder *ladder, const char *path, const char *text)
{
    if (is_there(path))
        aqr_bounded_write(path, text, &ladder->patience, NULL);
}

static void
write_all(const Ladder *ladder, const char *name, const char *text)
{
    for (guint i = 0; i < ladder->functions->len; i++) {
        g_autofree char *path = path_of(ladder->functions->pdata[i], name);

        write_it(ladder, path, text);
    }
}

static void
keep_awake(const Ladder *ladder)
{
    write_all(ladder, "d3cold_allowed", "0");
    write_all(ladder, "power/control", "on");
}

static gboolean
has_reset(const Ladder *ladder)
{
    g_autofree char *path = path_of(ladder->address, "reset");

    return is_there(path);
}

static void
reset(const Ladder *ladder)
{
    g_autofree char *path = path_of(ladder->address, "reset");

    write_it(ladder, path, "1");
}

static gboolean
is_one(const GPtrArray *addresses, const char *address)
{
    return g_ptr_array_find_with_equal_func((GPtrArray *)addresses, address, g_str_equal, NULL);
}

/* Nothing else may be below the port: it would be reset, too. */
static gboolean
has_port_reset(const Ladder *ladder)
{
    g_autofree char *dir = ladder->bridge == NULL ? NULL : path_of(ladder->bridge, NULL);
    g_autofree char *path = dir == NULL ? NULL : g_build_filename(dir, "reset_subordinate", NULL);
    g_auto(GStrv) names = NULL;

    if (dir == NULL || !is_there(path))
        return FALSE;
    names = aqr_sysfs_list(dir, NULL);
    for (char **name = names; *name != NULL; name++) {
        if (aqr_pci_address_is(*name) && !is_one(ladder->functions, *name))
            return FALSE;
    }
    return TRUE;
}

static void
reset_port(const Ladder *ladder)
{
    g_autofree char *path = path_of(ladder->bridge, "reset_subordinate");

    write_it(ladder, path, "1");
}

/* No rescan finds a virtual function: its physical one makes it. */
static gboolean
can_rescan(const Ladder *ladder)
{
    g_autofree char *path = path_of(ladder->address, "remove");

    return !ladder->is_vf && (is_there(path) || ladder->bridge != NULL);
}

static gboolean
are_all_there(gpointer data)
{
    const Ladder *ladder = data;

    for (guint i = 0; i < ladder->functions->len; i++) {
        g_autofree char *dir = path_of(ladder->functions->pdata[i], NULL);

        if (!is_there(dir))
            return FALSE;
    }
    return TRUE;
}

/* The slot's functions only: what shares their group may be elsewhere on the bus. */
static void
remove_slot(const Ladder *ladder)
{
    gsize slot = strlen(ladder->address) - 1; /* all but the function's number */

    for (guint i = 0; i < ladder->functions->len; i++) {
        const char *address = ladder->functions->pdata[i];
        g_autofree char *path = path_of(address, "remove");

        if (strncmp(address, ladder->address, slot) == 0)
            write_it(ladder, path, "1");
    }
}

static void
rescan(const Ladder *ladder)
{
    g_autofree char *path = ladder->bridge == NULL ? g_strdup("/sys/bus/pci/rescan")
                                                   : path_of(ladder->bridge, "rescan");
    g_autoptr(AqrUdevWake) wake = aqr_udev_wake_new("pci");

    remove_slot(ladder);
    write_it(ladder, path, "1");
    aqr_wait_until(are_all_there, (gpointer)ladder, "the functions", &ladder->patience, NULL);
}

/* In the order of how much each disturbs. The first is no reset, but what the others need. */
static const struct {
    const char *name;
    gboolean (*is_possible)(const Ladder *ladder); /* NULL: always */
    void (*climb)(const Ladder *ladder);
} steps[] = {
    { "keeping it awake", NULL, keep_awake },
    { "its own reset", has_reset, reset },
    { "a reset of the port above", has_port_reset, reset_port },
    { "removal and a rescan", can_rescan, rescan },
};

typedef struct {
    void (*note)(const char *text, gpointer data);
    gpointer data;
} Notes;

static void
tell(const Notes *notes, const char *address, const char *step)
{
    g_autofree char *text = g_strdup_printf("GPU %s: trying %s", address, step);

    notes->note(text, notes->data);
}

static AqrPatience
step_patience(const AqrPatience *all)
{
    AqrPatience step = aqr_patience(STEP_TIMEOUT, all == NULL ? NULL : all->stop);

    if (all != NULL && all->until != 0)
        step.until = MIN(step.until, all->until);
    return step;
}

/* TRUE: it is well at the last look. What is well is reset all the same: somebody has asked
 * for it. A look may take a minute: there is one at first, and one after each step. */
static gboolean
climb(Ladder *ladder, const AqrPatience *patience, const Notes *notes, GString *tried,
      GError **error)
{
    g_autoptr(GError) sick = NULL;
    gboolean well = check_functions(ladder->functions, &sick), settled = FALSE;

    for (gsize i = 0; i < G_N_ELEMENTS(steps) && !settled; i++) {
        if ((patience != NULL && aqr_patience_is_over(patience)) ||
            (steps[i].is_possible != NULL && !steps[i].is_possible(ladder)))
            continue;
        tell(notes, ladder->address, steps[i].name);
        g_string_append_printf(tried, "%s%s", tried->len == 0 ? "" : ", ", steps[i].name);
        ladder->patience = step_patience(patience);
        steps[i].climb(ladder);
        if (well && i == 0)
            continue;
        g_clear_error(&sick);
        well = settled = check_functions(ladder->functions, &sick);
    }
    if (!well)
        g_propagate_error(error, g_steal_pointer(&sick));
    return well;
}

gboolean
aqr_gpu_health_recover(const AqrGpu *gpu, const AqrPatience *patience,
                       void (*note)(const char *text, gpointer data), gpointer data, GError **error)
{
    g_autoptr(GPtrArray) functions = list_functions(gpu);
    g_autofree char *address = aqr_gpu_address(gpu);
    g_autofree char *bridge =
        gpu->device->has_parent ? aqr_pci_address_to_string(&gpu->device->parent) : NULL;
    Ladder ladder = {
        .address = address, .bridge = bridge, .functions = functions, .is_vf = gpu->device->is_vf
    };
    const Notes notes = { note, data };
    g_autoptr(GString) tried = g_string_new(NULL);

    if (!check_own(gpu, error) || !aqr_vfio_check_unused(gpu, error))
        return FALSE;
    if (climb(&ladder, patience, &notes, tried, error))
        return TRUE;
    g_prefix_error(error, "GPU %s stays sick after %s: ", address,
                   tried->len == 0 ? "nothing" : tried->str);
    return FALSE;
}
