/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "selftest.h"

#include <string.h>
#include <sys/utsname.h>

#include <libvirt/libvirt.h>

#include "aqr-config.h"
#include "base/error.h"
#include "cli/program.h"
#include "cli/with-testbed.h"
#include "core/selftest-report.h"
#include "host/gpu-status.h"
#include "host/kernel-log.h"
#include "host/recorded-world.h"
#include "timed-world.h"

#define COMMAND_TIMEOUT (100 * G_TIME_SPAN_SECOND)
#define COPY_TIMEOUT (300 * G_TIME_SPAN_SECOND)

/* At the host's GPUs, as they are at a moment. */
typedef struct {
    AqrGpuInventory *inventory;
    GPtrArray *statuses;
} Look;

typedef struct {
    const AqrVmOptions *options;
    guint rounds;
    guint round;
    GPtrArray *steps; /* AqrSelftestStep */
    Look before;
    char *guest;
    const AqrVmGpus *used;
    AqrLiveWorld *world;
} Selftest;

static void
note_step(const char *name, gint64 duration, const GError *error, gpointer data)
{
    Selftest *test = data;
    AqrSelftestStep *step = g_new0(AqrSelftestStep, 1);

    step->round = test->round;
    step->name = name;
    step->duration = duration;
    step->error = error == NULL ? NULL : g_strdup(error->message);
    g_ptr_array_add(test->steps, step);
    aqr_program_say("round %u of %u: %s: %s", test->round, test->rounds, name,
                    error == NULL ? "ok" : error->message);
}

static gboolean
take_look(Look *look, GError **error)
{
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");

    look->inventory = aqr_gpu_inventory_new(table, error);
    if (look->inventory == NULL)
        return FALSE;
    look->statuses = aqr_gpu_status_list(look->inventory);
    return TRUE;
}

static void
look_clear(Look *look)
{
    g_clear_pointer(&look->statuses, g_ptr_array_unref);
    g_clear_pointer(&look->inventory, aqr_gpu_inventory_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Look, look_clear)

/* How a GPU is: "free, driver amdgpu". */
static char *
describe(const Look *look, const AqrPciAddress *address)
{
    for (guint i = 0; i < look->statuses->len; i++) {
        const AqrGpuStatus *status = g_ptr_array_index(look->statuses, i);
        const AqrPciDevice *device = status->gpu->device;

        if (aqr_pci_address_equal(&device->address, address))
            return g_strdup_printf("%s, driver %s", aqr_gpu_state_name(status->state),
                                   device->driver == NULL ? "none" : device->driver);
    }
    return g_strdup("not there");
}

/* --- the steps --------------------------------------------------------- */

/* What the report shows of the guest: its kernel, its GPUs, and what its driver said. */
static const char *const look[] = {
    "sh",
    "-c",
    "uname -a\n"
    "for d in /sys/bus/pci/devices/*; do\n"
    "  [ \"$(cat $d/vendor)\" = 0x1002 ] || continue\n"
    "  echo \"$(readlink -f $d) $(cat $d/device) $(readlink $d/driver)\"\n"
    "done\n"
    "for n in /sys/class/kfd/kfd/topology/nodes/*; do\n"
    "  [ -r $n/properties ] && grep -E '^(simd_count|gfx_target_version|device_id) '"
    " $n/properties\n"
    "  grep -hs '^flags' $n/io_links/*/properties\n"
    "done\n"
    "cat /sys/kernel/debug/dri/*/amdgpu_firmware_info 2>/dev/null\n"
    "dmesg 2>/dev/null | grep -E 'amdgpu|kfd|drm' | tail -n 40\n"
    ":\n",
    NULL,
};

static gboolean
run_command(Selftest *test, GError **error)
{
    g_autofree char *output = NULL;
    int status;

    if (!aqr_live_world.run(test->world, look, COMMAND_TIMEOUT, &output, &status, error))
        return FALSE;
    g_free(test->guest);
    test->guest = g_steal_pointer(&output);
    if (status == 0)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "the command ended with status %d", status);
    return FALSE;
}

static gboolean
look_at_guest(Selftest *test)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) failed = NULL;
    gboolean done = run_command(test, &failed);

    note_step("command", g_get_monotonic_time() - start, failed, test);
    return done;
}

/* Each GPU that was used has the driver that it had, is free and in no quarantine. Others
 * may be used by others meanwhile. */
static gboolean
is_as_before(const Selftest *test, GError **error)
{
    g_auto(Look) after = { 0 };

    if (!take_look(&after, error))
        return FALSE;
    for (guint i = 0; i < test->used->gpus->len; i++) {
        const AqrPciAddress *gpu = &g_array_index(test->used->gpus, AqrPciAddress, i);
        g_autofree char *address = aqr_pci_address_to_string(gpu);
        g_autofree char *was = describe(&test->before, gpu);
        g_autofree char *is = describe(&after, gpu);

        if (!g_str_equal(was, is)) {
            g_set_error(error, AQR_ERROR, AQR_ERROR_GPU, "GPU %s was %s, and is %s", address, was,
                        is);
            return FALSE;
        }
    }
    return TRUE;
}

static void
check_after(Selftest *test)
{
    gint64 start = g_get_monotonic_time();
    g_autoptr(GError) failed = NULL;

    is_as_before(test, &failed);
    note_step("as before", g_get_monotonic_time() - start, failed, test);
}

static gboolean
is_good(const Selftest *test)
{
    const AqrSelftestReport report = { .steps = test->steps };

    return aqr_selftest_report_is_good(&report);
}

/* What fails is noted by its step; some of what a testbed does is none. */
static void
use_it(Selftest *test, AqrTestbed *testbed)
{
    g_autoptr(GError) failed = NULL;
    const char *scratch;
    gboolean done = aqr_testbed_open(testbed, &scratch, &failed) && look_at_guest(test) &&
                    aqr_testbed_revert(testbed, &scratch, &failed) && look_at_guest(test) &&
                    aqr_testbed_reboot(testbed, FALSE, &failed) && look_at_guest(test);

    if (!done && is_good(test))
        note_step("testbed", 0, failed, test);
    aqr_testbed_close(testbed);
}

static void
run_round(Selftest *test, AqrStart most)
{
    const AqrWorld recorded = aqr_recorded_world();
    AqrWorld timed = aqr_timed_world(&recorded, most, note_step, test);
    g_autoptr(AqrTestbed) testbed = aqr_testbed_new(&timed, test->world, COPY_TIMEOUT);

    aqr_testbed_set_gpus(testbed);
    test->round++;
    use_it(test, testbed);
    check_after(test);
}

/* Several with a VM that boots with its GPU, and one with a VM that gets it when it is restored. */
static gboolean
run_rounds(G_GNUC_UNUSED AqrTestbed *unused, AqrLiveWorld *world,
           G_GNUC_UNUSED const AqrLiveConfig *config, gpointer data, G_GNUC_UNUSED GError **error)
{
    Selftest *test = data;
    guint cold = test->rounds;

    if (test->options->warm != AQR_WARM_OFF)
        test->rounds++;
    test->used = aqr_live_world_get_gpus(world);
    test->world = world;
    do
        run_round(test, test->round < cold ? AQR_START_COLD : AQR_START_TO_SAVE);
    while (is_good(test) && test->round < test->rounds);
    return TRUE;
}

/* --- the report -------------------------------------------------------- */

static char *
first_line_of(const char *command)
{
    g_autofree char *output = NULL;

    if (!g_spawn_command_line_sync(command, &output, NULL, NULL, NULL))
        return g_strdup("unknown");
    output[strcspn(output, "\n")] = '\0';
    return g_steal_pointer(&output);
}

static char *
name_processor(void)
{
    g_autofree char *text = NULL;
    const char *found;

    if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
        return g_strdup("unknown");
    found = strstr(text, "model name\t: ");
    found = found == NULL ? "unknown" : found + strlen("model name\t: ");
    return g_strndup(found, strcspn(found, "\n"));
}

static GPtrArray *
list_facts(const Selftest *test)
{
    GPtrArray *facts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *processor = name_processor();
    g_autofree char *qemu = first_line_of("qemu-system-x86_64 --version");
    g_autofree char *image = g_path_get_basename(test->options->images[0]);
    unsigned long version = 0;
    struct utsname name;

    uname(&name);
    virGetVersion(&version, NULL, NULL);
    g_ptr_array_add(facts, g_strdup_printf("kernel: %s %s", name.release, name.version));
    g_ptr_array_add(facts, g_strdup_printf("processor: %s", processor));
    g_ptr_array_add(facts, g_strdup_printf("QEMU: %s", qemu));
    g_ptr_array_add(facts, g_strdup_printf("libvirt: %lu.%lu.%lu", version / 1000000,
                                           version / 1000 % 1000, version % 1000));
    g_ptr_array_add(facts, g_strdup_printf("image: %s", image));
    return facts;
}

static void
print_report(const Selftest *test, AqrKernelLog *log)
{
    g_autoptr(GPtrArray) facts = list_facts(test);
    g_autofree char *gpus = aqr_gpu_report_json(test->before.statuses);
    g_autofree char *host_log = log == NULL ? NULL : aqr_kernel_log_read(log);
    const AqrSelftestReport report = {
        .version = AQR_VERSION,
        .facts = facts,
        .steps = test->steps,
        .gpus = gpus,
        .guest = test->guest,
        .host_log = host_log,
    };
    g_autofree char *text = aqr_selftest_report_text(&report);

    g_print("%s", text);
}

gboolean
setup_selftest(const AqrVmOptions *options, guint rounds, AqrStop *stop, GError **error)
{
    g_autoptr(AqrKernelLog) log = aqr_kernel_log_new();
    g_autoptr(GPtrArray) steps =
        g_ptr_array_new_with_free_func((GDestroyNotify)aqr_selftest_step_free);
    Selftest test = { .options = options, .rounds = rounds, .steps = steps };
    gboolean good = FALSE;

    if (take_look(&test.before, error) &&
        aqr_with_testbed(options, stop, run_rounds, &test, error)) {
        print_report(&test, log);
        good = is_good(&test);
    }
    look_clear(&test.before);
    g_free(test.guest);
    return good;
}
