/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/with-testbed.h"

#include <string.h>

#include "cli/program.h"
#include "cli/vm-libvirt.h"
#include "cli/vm-plan.h"
#include "core/domain-disks.h"
#include "core/domain-xml.h"
#include "core/image-info.h"
#include "core/time-zone.h"
#include "host/libvirt.h"
#include "host/recorded-world.h"

#define DEFAULT_WARM_LIMIT_MIB 16384
#define DEFAULT_COPY_TIMEOUT_S 300 /* autopkgtest's */

/* What all of this is for. */
typedef struct {
    const AqrVmOptions *options;
    AqrStop *stop;
    AqrTestbedUse use;
    gpointer data;
    AqrEvidence *evidence;
} Use;

static gint64
copy_timeout(void)
{
    const char *text = g_getenv("AUTOPKGTEST_VIRT_COPY_TIMEOUT");
    guint64 seconds;

    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT32, &seconds, NULL))
        seconds = DEFAULT_COPY_TIMEOUT_S;
    return (gint64)seconds * G_TIME_SPAN_SECOND;
}

static void
say(const char *text, G_GNUC_UNUSED gpointer data)
{
    aqr_program_say("%s", text);
}

static void
note(const char *text, gpointer evidence)
{
    const AqrEvent event = { .name = "note", .message = text };

    aqr_program_say("%s", text);
    aqr_evidence_tell(evidence, &event);
}

static void
keep_console(const char *bytes, gsize length, gpointer evidence)
{
    aqr_evidence_log(evidence, AQR_EVIDENCE_CONSOLE, bytes, length);
}

static void
show_boot(const char *bytes, gsize length, G_GNUC_UNUSED gpointer data)
{
    g_autofree char *text = g_strndup(bytes, length);

    g_printerr("%s", text);
}

static char *
host_time_zone(void)
{
    g_autofree char *target = g_file_read_link("/etc/localtime", NULL);
    g_autofree char *text = NULL;

    g_file_get_contents("/etc/timezone", &text, NULL, NULL);
    return aqr_time_zone_name(g_getenv("TZ"), target, text);
}

/* The testbed is closed before the world that it lives in goes. */
static gboolean
use_testbed(const Use *use, const AqrLiveConfig *config, AqrVmSpec *spec, const char *time_zone,
            GError **error)
{
    const AqrWorld functions = aqr_recorded_world();
    g_autoptr(AqrLiveWorld) world = aqr_live_world_new(config, spec, error);
    g_autoptr(AqrTestbed) testbed = NULL;
    gboolean done;

    if (world == NULL)
        return FALSE;
    testbed = aqr_testbed_new(&functions, world, copy_timeout());
    if (g_strcmp0(config->user, "root") != 0)
        aqr_testbed_suggest_user(testbed, config->user);
    aqr_testbed_set_time_zone(testbed, time_zone);
    if (config->gpus->request.selectors->len > 0)
        aqr_testbed_set_gpus(testbed);
    done = use->use(testbed, world, config, use->data, error);
    aqr_testbed_close(testbed);
    return done;
}

static void
print_plan(const AqrVmSpec *spec)
{
    const AqrDisk *base = g_ptr_array_index(spec->disks, 0);
    g_auto(GStrv) argv = NULL;
    g_autofree char *command = NULL, *xml = NULL, *base_image = NULL;

    if (spec->overlay != NULL)
        argv = aqr_image_overlay_argv(spec->overlay, base->file, base->format);
    command = argv == NULL ? g_strdup("") : g_strjoinv(" ", argv);
    xml = aqr_domain_xml(spec);
    base_image = spec->base_image ? aqr_domain_disks_base_image(spec) : g_strdup("");
    g_print("%s%s%s%s", command, argv == NULL ? "" : "\n", xml, base_image);
}

static AqrGpuHoldConfig
plan_gpus(const Use *use, const AqrVmSpec *spec, const char *table)
{
    return (AqrGpuHoldConfig){
        .request = aqr_vm_plan_gpu_request(use->options, spec->ram_mib, table),
        .wait = use->options->gpu_wait * G_TIME_SPAN_SECOND,
        .stop = use->stop,
        .note = note,
        .data = use->evidence,
    };
}

static AqrWarmConfig
plan_warm(const Use *use, const AqrVmSpec *spec, const char *time_zone)
{
    const AqrVmOptions *options = use->options;
    gint64 limit = options->warm_limit_mib > 0 ? options->warm_limit_mib : DEFAULT_WARM_LIMIT_MIB;

    return (AqrWarmConfig){
        .mode = options->write ? AQR_WARM_OFF : options->warm,
        .dir = options->warm_dir != NULL ? options->warm_dir : g_getenv("AQR_WARM_DIR"),
        .limit = (guint64)limit << 20,
        .guest = time_zone,
        .wait = aqr_vm_plan_boot_seconds(options, spec) * G_TIME_SPAN_SECOND,
        .stop = use->stop,
        .note = note,
        .data = use->evidence,
    };
}

static gboolean
make_world(const Use *use, AqrVmSpec *spec, const AqrVmPlace *place, GError **error)
{
    const AqrVmOptions *options = use->options;
    g_autofree char *agent = aqr_program_libexec("rocm-testbed-agent");
    g_autofree char *exec = aqr_program_libexec("rocm-testbed-exec");
    g_autofree char *socket = g_build_filename(aqr_vm_place_get_work(place), "exec", NULL);
    const char *exec_argv[] = { exec, socket, NULL };
    g_autofree char *keeper = aqr_program_libexec("rocm-gpu-keeper");
    g_autofree char *table = aqr_program_data("amdgpu-gfx.tsv");
    g_autofree char *purpose = g_path_get_basename(options->images[0]);
    g_autofree char *time_zone = options->write ? NULL : host_time_zone(); /* it would stay */
    /* Who sweeps up lets a QEMU alone that the keeper is about to end in order. */
    const int *keep_open = aqr_vm_place_get_locks(place);
    AqrGpuHoldConfig gpus = plan_gpus(use, spec, table);
    const AqrWarmConfig warm = plan_warm(use, spec, time_zone);
    const AqrLiveConfig config = {
        .uri = options->connect,
        .work_dir = aqr_vm_place_get_work(place),
        .agent_file = agent,
        .exec_argv = exec_argv,
        .user = options->user,
        .password = options->password,
        .gpus = &gpus,
        .gpu_ready = options->gpu_ready,
        .warm = &warm,
        .boot_timeout = aqr_vm_plan_boot_seconds(options, spec) * G_TIME_SPAN_SECOND,
        .poweroff_timeout = aqr_vm_plan_poweroff_seconds(options, spec) * G_TIME_SPAN_SECOND,
        .by_hand = options->by_hand,
        .ssh_port = options->ssh_port,
        .stop = use->stop,
        .note = note,
        .boot_text = options->show_boot ? show_boot : NULL,
        .console_text = keep_console,
        .data = use->evidence,
        .evidence = use->evidence,
    };

    gpus.purpose = purpose;
    gpus.keeper = keeper;
    gpus.keep_open = keep_open;
    return use_testbed(use, &config, spec, time_zone, error);
}

/* The libvirt is chosen by now. */
static gboolean
use_planned(const Use *use, const AqrVmPlace *place, GError **error)
{
    g_autoptr(AqrVmSpec) spec = aqr_vm_plan_make(use->options, aqr_vm_place_get_work(place),
                                                 aqr_vm_place_get_store(place), use->stop, error);

    if (spec == NULL)
        return FALSE;
    if (use->options->dry_run) {
        print_plan(spec);
        return TRUE;
    }
    return make_world(use, spec, place, error);
}

static gboolean
use_in(const Use *use, const AqrVmPlace *place, GError **error)
{
    g_autofree char *log = g_build_filename(aqr_vm_place_get_work(place), "libvirt.log", NULL);
    AqrVmOptions options = *use->options; /* all of it borrowed */
    Use chosen = *use;
    g_autofree char *uri = NULL;

    aqr_libvirt_init(log);
    uri = aqr_vm_libvirt_choose(&options, use->stop, error);
    if (uri == NULL)
        return FALSE;
    options.connect = uri;
    chosen.options = &options;
    return use_planned(&chosen, place, error);
}

/* What is left to do for a process that a second signal ends: libvirt inside of it
 * will not end its QEMU any more. */
static const char *const last_resort[] = {
    "/bin/sh",
    "-c",
    "for file in \"$1\"/libvirt/run/qemu/*.pid \"$1\"/libvirt/lib/qemu/*/qmp.pid; do\n"
    "  pid=$(cat \"$file\") && grep -qF \"$1/\" \"/proc/$pid/cmdline\" && kill -s KILL \"$pid\"\n"
    "done 2>/dev/null\n"
    "rm -rf -- \"$@\"\n",
    "sh",
};

static gboolean
use_with_last_resort(const Use *use, const AqrVmPlace *place, GError **error)
{
    const char *argv[G_N_ELEMENTS(last_resort) + 3] = { NULL };
    gboolean done;

    memcpy(argv, last_resort, sizeof last_resort);
    argv[G_N_ELEMENTS(last_resort)] = aqr_vm_place_get_work(place);
    argv[G_N_ELEMENTS(last_resort) + 1] = aqr_vm_place_get_store(place);
    aqr_stop_set_last_resort(argv);
    done = use_in(use, place, error);
    aqr_stop_set_last_resort(NULL);
    return done;
}

/* debci's tests write all that is to be kept of them to its directory. */
static const char *
choose_artifacts(const AqrVmOptions *options)
{
    static const char *const variables[] = { "AQR_ARTIFACTS", "debci_test_outputdir" };
    const char *dir = options->artifacts;

    for (gsize i = 0; dir == NULL && i < G_N_ELEMENTS(variables); i++) {
        dir = g_getenv(variables[i]);
        if (dir != NULL && *dir == '\0')
            dir = NULL;
    }
    return dir == NULL || *dir == '\0' ? NULL : dir;
}

gboolean
aqr_with_testbed_in(AqrVmPlace *place, const AqrVmOptions *options, AqrStop *stop,
                    AqrTestbedUse use, gpointer data, GError **error)
{
    g_autoptr(AqrEvidence) evidence = aqr_evidence_new(choose_artifacts(options), say, NULL);
    const Use what = { options, stop, use, data, evidence };
    const char *store = options->overlay_dir != NULL ? options->overlay_dir : g_get_tmp_dir();

    return aqr_vm_place_make(place, store, !options->dry_run, error) &&
           use_with_last_resort(&what, place, error);
}

gboolean
aqr_with_testbed(const AqrVmOptions *options, AqrStop *stop, AqrTestbedUse use, gpointer data,
                 GError **error)
{
    g_autoptr(AqrVmPlace) place = aqr_vm_place_new();

    return aqr_with_testbed_in(place, options, stop, use, data, error);
}
