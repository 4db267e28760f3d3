/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-bind.h"

#include <string.h>

#include "base/error.h"
#include "host/bounded.h"
#include "host/device-users.h"
#include "host/sysfs.h"

#define DEVICES "/sys/bus/pci/devices"
#define DRIVERS "/sys/bus/pci/drivers"

/* A big GPU's driver takes its time to come and to go. */
#define STEP_TIMEOUT (60 * G_TIME_SPAN_SECOND)

typedef struct {
    char *address;
    char *driver;   /* NULL: none */
    char *override; /* driver_override; NULL: none */
} Function;

struct AqrGpuDrivers {
    GPtrArray *functions; /* Function */
};

static void
free_function(gpointer data)
{
    Function *function = data;

    g_free(function->address);
    g_free(function->driver);
    g_free(function->override);
    g_free(function);
}

static AqrGpuDrivers *
make(void)
{
    AqrGpuDrivers *drivers = g_new0(AqrGpuDrivers, 1);

    drivers->functions = g_ptr_array_new_with_free_func(free_function);
    return drivers;
}

void
aqr_gpu_drivers_free(AqrGpuDrivers *drivers)
{
    if (drivers == NULL)
        return;
    g_ptr_array_unref(drivers->functions);
    g_free(drivers);
}

/* --- what they have ------------------------------------------------------ */

static char *
read_driver(const char *address)
{
    g_autofree char *dir = g_build_filename(DEVICES, address, NULL);

    return aqr_sysfs_read_link(dir, "driver");
}

/* The kernel shows none as "(null)". */
static char *
read_override(const char *address)
{
    g_autofree char *dir = g_build_filename(DEVICES, address, NULL);
    g_autofree char *name = aqr_sysfs_read(dir, "driver_override");

    return name == NULL || *name == '\0' || *name == '(' ? NULL : g_steal_pointer(&name);
}

static gboolean
has_address(gconstpointer function, gconstpointer address)
{
    return g_str_equal(((const Function *)function)->address, address);
}

static void
add_gpu(AqrGpuDrivers *drivers, const AqrGpu *gpu)
{
    for (guint i = 0; i < gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);
        Function *function;

        if (g_ptr_array_find_with_equal_func(drivers->functions, address, has_address, NULL))
            continue;
        function = g_new0(Function, 1);
        function->driver = read_driver(address);
        function->override = read_override(address);
        function->address = g_steal_pointer(&address);
        g_ptr_array_add(drivers->functions, function);
    }
}

AqrGpuDrivers *
aqr_gpu_drivers_of(const GPtrArray *gpus)
{
    AqrGpuDrivers *drivers = make();

    for (guint i = 0; i < gpus->len; i++)
        add_gpu(drivers, g_ptr_array_index(gpus, i));
    return drivers;
}

GPtrArray *
aqr_gpu_drivers_addresses(const AqrGpuDrivers *drivers)
{
    GPtrArray *addresses = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < drivers->functions->len; i++)
        g_ptr_array_add(addresses, g_strdup(((Function *)drivers->functions->pdata[i])->address));
    return addresses;
}

/* --- as text ------------------------------------------------------------- */

/* sysfs allows whatever a driver's author likes in its name, blanks too. */
static void
append_name(GString *text, const char *divider, const char *name)
{
    g_autofree char *escaped = name == NULL ? NULL : g_uri_escape_string(name, NULL, FALSE);

    if (escaped != NULL)
        g_string_append_printf(text, "%s%s", divider, escaped);
}

char *
aqr_gpu_drivers_to_string(const AqrGpuDrivers *drivers)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < drivers->functions->len; i++) {
        const Function *function = drivers->functions->pdata[i];

        g_string_append_printf(text, "%s%s=", i == 0 ? "" : " ", function->address);
        append_name(text, "", function->driver);
        append_name(text, ":", function->override);
    }
    return g_strdup(text->str);
}

static gboolean
is_name(const char *name)
{
    for (const char *c = name; *c != '\0'; c++) {
        if (*c == '/' || g_ascii_iscntrl(*c))
            return FALSE;
    }
    return !g_str_equal(name, ".") && !g_str_equal(name, "..");
}

/* It becomes part of a path. NULL: @text is no name. (transfer full) */
static char *
parse_name(const char *text)
{
    g_autofree char *name = g_uri_unescape_string(text == NULL ? "" : text, NULL);

    return name != NULL && is_name(name) ? g_steal_pointer(&name) : NULL;
}

static char *
null_if_empty(char **name)
{
    return **name == '\0' ? NULL : g_steal_pointer(name);
}

static Function *
parse_function(const char *word, GError **error)
{
    g_auto(GStrv) sides = g_strsplit(word, "=", 2);
    g_auto(GStrv) names = g_strsplit(sides[0] == NULL || sides[1] == NULL ? "" : sides[1], ":", 2);
    g_autofree char *driver = parse_name(names[0]);
    g_autofree char *override = parse_name(names[0] == NULL ? NULL : names[1]);
    AqrPciAddress address;
    Function *function;

    if (strchr(word, '=') == NULL || !aqr_pci_address_parse(sides[0], &address, NULL) ||
        driver == NULL || override == NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                    "\"%s\" is not a function with its driver, as \"0000:03:00.0=amdgpu\" is",
                    word);
        return NULL;
    }
    function = g_new0(Function, 1);
    function->address = aqr_pci_address_to_string(&address);
    function->driver = null_if_empty(&driver);
    function->override = null_if_empty(&override);
    return function;
}

AqrGpuDrivers *
aqr_gpu_drivers_parse(const char *text, GError **error)
{
    g_autoptr(AqrGpuDrivers) drivers = make();
    g_auto(GStrv) words = g_strsplit(text, " ", -1);

    for (char **word = words; *word != NULL; word++) {
        Function *function;

        if (**word == '\0')
            continue;
        function = parse_function(*word, error);
        if (function == NULL)
            return NULL;
        g_ptr_array_add(drivers->functions, function);
    }
    return g_steal_pointer(&drivers);
}

/* --- giving back --------------------------------------------------------- */

static gboolean
is_there(const Function *function)
{
    g_autofree char *dir = g_build_filename(DEVICES, function->address, NULL);

    return g_file_test(dir, G_FILE_TEST_IS_DIR);
}

static gboolean
has_driver(const Function *function)
{
    g_autofree char *driver = read_driver(function->address);

    return g_strcmp0(driver, function->driver) == 0;
}

gboolean
aqr_gpu_drivers_are_back(const AqrGpuDrivers *drivers)
{
    return aqr_gpu_drivers_are_back_in(drivers, NULL);
}

gboolean
aqr_gpu_drivers_are_back_in(const AqrGpuDrivers *drivers, const char *slot)
{
    for (guint i = 0; i < drivers->functions->len; i++) {
        const Function *function = drivers->functions->pdata[i];

        if ((slot == NULL || aqr_gpu_drivers_is_in(function->address, slot)) &&
            is_there(function) && !has_driver(function))
            return FALSE;
    }
    return TRUE;
}

gboolean
aqr_gpu_drivers_is_in(const char *address, const char *slot)
{
    gsize length = strlen(slot);

    return strncmp(address, slot, length) == 0 &&
           (address[length] == '.' || address[length] == '\0');
}

static gboolean
write_attribute(const char *dir, const char *name, const char *text, GError **error)
{
    AqrPatience patience = aqr_patience(STEP_TIMEOUT, NULL);
    g_autofree char *path = g_build_filename(dir, name, NULL);

    return aqr_bounded_write(path, text, &patience, error);
}

/* An end of line clears it. */
static gboolean
set_override(const Function *function, const char *driver, GError **error)
{
    g_autofree char *dir = g_build_filename(DEVICES, function->address, NULL);
    g_autofree char *now = read_override(function->address);

    return g_strcmp0(now, driver) == 0 ||
           write_attribute(dir, "driver_override", driver == NULL ? "\n" : driver, error);
}

/* To unbind what somebody has open takes it from him, or waits for him. */
static gboolean
check_unused(const Function *function, GError **error)
{
    g_autoptr(GPtrArray) addresses = g_ptr_array_new();
    g_auto(AqrDeviceUser) user = { 0 };
    g_autofree char *who = NULL;

    g_ptr_array_add(addresses, function->address);
    if (!aqr_device_users_find(addresses, "/dev/", &user))
        return TRUE;
    who = aqr_device_user_describe(&user);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "it is used by %s", who);
    return FALSE;
}

static gboolean
unbind(const Function *function, GError **error)
{
    g_autofree char *driver = read_driver(function->address);
    g_autofree char *dir = driver == NULL ? NULL : g_build_filename(DRIVERS, driver, NULL);

    return driver == NULL || (check_unused(function, error) &&
                              write_attribute(dir, "unbind", function->address, error));
}

static gboolean
check_back(const Function *function, GError **error)
{
    g_autofree char *now = read_driver(function->address);

    if (g_strcmp0(now, function->driver) == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GPU,
                "%s does not take it back; see the kernel's messages",
                function->driver == NULL ? "the kernel" : function->driver);
    return FALSE;
}

/* Only the driver that it had may take it: with its override that one is sure to be asked. */
static gboolean
bind(const Function *function, GError **error)
{
    return function->driver == NULL ||
           (set_override(function, function->driver, error) &&
            write_attribute("/sys/bus/pci", "drivers_probe", function->address, error));
}

static gboolean
restore(const Function *function, GError **error)
{
    gboolean bound;

    if (!is_there(function))
        return TRUE;
    if (has_driver(function))
        return set_override(function, function->override, error);
    bound = unbind(function, error) && bind(function, error);
    return set_override(function, function->override, bound ? error : NULL) && bound &&
           check_back(function, error);
}

gboolean
aqr_gpu_drivers_restore(const AqrGpuDrivers *drivers, GError **error)
{
    g_autoptr(GError) first = NULL;

    for (guint i = 0; i < drivers->functions->len; i++) {
        const Function *function = drivers->functions->pdata[i];
        g_autoptr(GError) failed = NULL;

        if (restore(function, &failed))
            continue;
        g_prefix_error(&failed, "cannot give %s back to %s: ", function->address,
                       function->driver == NULL ? "no driver" : function->driver);
        if (first == NULL)
            first = g_steal_pointer(&failed);
    }
    if (first == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&first));
    return FALSE;
}
