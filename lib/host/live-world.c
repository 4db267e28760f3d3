/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/live-world.h"

#include "host/gpu-plug.h"
#include "host/guest-run.h"
#include "host/live-guest.h"
#include "host/live-state.h"
#include "host/power-off.h"
#include "host/ssh-forward.h"

static void
note(AqrLiveWorld *world, const char *text)
{
    world->config->note(text, world->config->data);
}

/* --- GPUs -------------------------------------------------------------- */

static gboolean
take_gpus(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;

    world->gpus = aqr_gpu_hold_take(world->config->gpus, error);
    if (world->gpus == NULL)
        return FALSE;
    aqr_gpu_request_describe(aqr_gpu_hold_get_gpus(world->gpus), &world->spec->gpus);
    return TRUE;
}

static void
give_gpus_back(gpointer data)
{
    AqrLiveWorld *world = data;

    g_clear_pointer(&world->gpus, aqr_gpu_hold_free);
}

static gboolean
plug_gpus(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;

    world->plugged = TRUE;
    return aqr_gpu_plug(aqr_vm_get_domain(world->vm), world->spec, error);
}

/* (transfer full): what is to be said of those that are in quarantine now; NULL: nothing. */
static char *
count_failures(AqrLiveWorld *world)
{
    g_autoptr(GPtrArray) failures = g_steal_pointer(&world->failures);

    return failures == NULL ? NULL : aqr_gpu_hold_count(world->gpus, failures);
}

/* A guest that does not finish its start would not do so the next time; a VM that has ended
 * may have lacked the room for what was to be saved. */
static gboolean
may_boot_instead(gpointer data, gboolean gpus_only, const GError *why)
{
    AqrLiveWorld *world = data;
    gboolean ended = world->vm == NULL || aqr_domain_end(aqr_vm_get_domain(world->vm)) != NULL;
    g_autofree char *out = NULL;

    if (g_error_matches(why, AQR_ERROR, AQR_ERROR_STOPPED) ||
        (world->spec->warm.use == AQR_WARM_SAVE && !ended))
        return FALSE;
    if (aqr_launch_may_boot(&world->launch, gpus_only, why))
        return TRUE;
    out = count_failures(world);
    if (out != NULL)
        note(world, out);
    return FALSE;
}

static void
had_to_boot(gpointer data, const GError *why)
{
    AqrLiveWorld *world = data;

    aqr_launch_distrust_gpus(&world->launch, why->message);
}

/* Those of a restored guest count if no other one is to show whether the plugging is to blame:
 * see may_boot_instead(). */
static void
judge_gpus(AqrLiveWorld *world, gboolean ready, GError **error)
{
    g_autofree char *out = NULL;

    if (ready && world->config->gpu_ready != AQR_GPU_READY_NONE)
        aqr_gpu_hold_forgive(world->gpus);
    out = ready || world->plugged ? NULL : count_failures(world);
    if (out != NULL && error != NULL) {
        g_autofree char *message = (*error)->message;

        (*error)->message = g_strconcat(message, "\n", out, NULL);
    }
}

static gboolean
wait_gpus(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    const AqrLiveConfig *config = world->config;
    AqrPatience patience = aqr_patience(config->boot_timeout, config->stop);
    g_autoptr(GPtrArray) expected = aqr_gpu_hold_expect(world->gpus);
    const AqrGpuDemand demand = {
        .expected = expected,
        .ready = config->gpu_ready,
        .plugged = world->plugged,
    };
    AqrGpuNews news = { config->note, config->data, NULL, NULL };
    gboolean ready = expected->len == 0 ||
                     aqr_gpu_wait(aqr_vm_get_link(world->vm), &demand, &patience, &news, error);

    g_free(world->gpu_facts);
    world->gpu_facts = news.facts;
    g_clear_pointer(&world->failures, g_ptr_array_unref);
    world->failures = news.failures;
    judge_gpus(world, ready, error);
    return ready;
}

/* host/recorded-world does. */
static void
record(G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED AqrStep step, G_GNUC_UNUSED gboolean begins,
       G_GNUC_UNUSED const GError *error)
{
}

/* --- start and reboot -------------------------------------------------- */

static gboolean
forward_ssh(AqrLiveWorld *world, GError **error)
{
    AqrDomain *domain = aqr_vm_get_domain(world->vm);

    world->ssh_port = world->config->ssh_port;
    if (world->ssh_port > 0)
        return aqr_ssh_forward_open_port(domain, world->ssh_port, error);
    if (!world->config->by_hand)
        world->ssh_port = aqr_ssh_forward_open(domain);
    return TRUE;
}

static gboolean
start(gpointer data, AqrStart most, AqrStart *how, GError **error)
{
    static const AqrWarmUse uses[] = {
        [AQR_START_COLD] = AQR_WARM_NONE,
        [AQR_START_RESTORED] = AQR_WARM_RESTORE,
        [AQR_START_TO_SAVE] = AQR_WARM_SAVE,
    };
    static const AqrStart starts[] = {
        [AQR_WARM_NONE] = AQR_START_COLD,
        [AQR_WARM_RESTORE] = AQR_START_RESTORED,
        [AQR_WARM_SAVE] = AQR_START_TO_SAVE,
    };
    AqrLiveWorld *world = data;

    world->plugged = world->unfinished = FALSE;
    g_clear_pointer(&world->failures, g_ptr_array_unref);
    world->vm = aqr_launch_vm(&world->launch, world->gpus, uses[most], error);
    if (world->vm == NULL)
        return FALSE;
    *how = starts[world->spec->warm.use];
    if (!forward_ssh(world, error)) {
        aqr_launch_end(&world->vm, world->gpus);
        return FALSE;
    }
    aqr_connection_share_capabilities(world->connection);
    return TRUE;
}

static gboolean
save(gpointer data, gboolean *ended, GError **error)
{
    AqrLiveWorld *world = data;
    gboolean done = aqr_launch_save(&world->launch, &world->vm, !world->unfinished, error);

    *ended = world->vm == NULL;
    return done;
}

/* --- the end ----------------------------------------------------------- */

/* A guest that has yet to boot has written nothing that anybody would miss, and may not know
 * the power button either. */
#define POWEROFF_EARLY (10 * G_TIME_SPAN_SECOND)

static gint64
poweroff_timeout(const AqrLiveWorld *world)
{
    gint64 timeout = world->config->poweroff_timeout;

    return world->spec->gpus.gpus->len > 0 || aqr_vm_is_reached(world->vm)
               ? timeout
               : MIN(timeout, POWEROFF_EARLY);
}

static void
stop(gpointer data, gboolean orderly)
{
    AqrLiveWorld *world = data;

    if (world->vm == NULL)
        return;
    if (orderly && world->config->poweroff_timeout > 0) {
        gboolean by_button = world->spec->gpus.gpus->len > 0 || world->spec->overlay == NULL;
        const char *done = aqr_power_off(world->vm, by_button, poweroff_timeout(world));

        if (done != NULL)
            note(world, done);
    }
    aqr_launch_end(&world->vm, world->gpus);
}

gboolean
aqr_live_world_power_off(AqrLiveWorld *world, GError **error)
{
    static const char *const argv[] = { "poweroff", NULL };
    AqrPatience patience = aqr_patience(world->config->poweroff_timeout, world->config->stop);
    int status;

    if (!aqr_vm_check_alive(world->vm, error))
        return FALSE;
    aqr_vm_expect_end(world->vm);
    aqr_guest_run(aqr_vm_get_link(world->vm), argv, &patience, NULL, &status, NULL);
    return aqr_vm_wait_end(world->vm, &patience, error);
}

const AqrWorld aqr_live_world = {
    .take_gpus = take_gpus,
    .give_gpus_back = give_gpus_back,
    .start = start,
    .wait_guest = aqr_live_guest_wait,
    .save = save,
    .furnish = aqr_live_guest_furnish,
    .plug_gpus = plug_gpus,
    .wait_gpus = wait_gpus,
    .may_boot_instead = may_boot_instead,
    .had_to_boot = had_to_boot,
    .run = aqr_live_guest_run,
    .copy = aqr_live_guest_copy,
    .expect_reboot = aqr_live_guest_expect_reboot,
    .wait_reboot = aqr_live_guest_wait_reboot,
    .exec_argv = aqr_live_guest_exec_argv,
    .tell_access = aqr_live_guest_tell_access,
    .note = aqr_live_guest_note,
    .record = record,
    .shell = aqr_live_guest_shell,
    .explain = aqr_live_guest_explain,
    .stop = stop,
};

/* --- life -------------------------------------------------------------- */

static gboolean
load_agent(AqrLiveWorld *world, GError **error)
{
    g_autoptr(GError) failed = NULL;
    char *contents;
    gsize length;

    if (!g_file_get_contents(world->config->agent_file, &contents, &length, &failed)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "the guest's agent: %s", failed->message);
        return FALSE;
    }
    world->agent = g_bytes_new_take(contents, length);
    return TRUE;
}

static void
describe_vm(AqrLiveWorld *world)
{
    const AqrLiveConfig *config = world->config;

    world->vm_config = (AqrVmConfig){
        .connection = aqr_connection_get_handle(world->connection),
        .spec = world->spec,
        .guest = {
            .socket_dir = world->spec->socket_dir,
            .user = config->user,
            .password = config->password,
            .agent = world->agent,
            .boot_text = config->boot_text,
            .console_text = config->console_text,
            .data = config->data,
        },
        .stop = config->stop,
        .by_hand = config->by_hand,
        .note = config->note,
        .data = config->data,
    };
}

AqrLiveWorld *
aqr_live_world_new(const AqrLiveConfig *config, AqrVmSpec *spec, GError **error)
{
    g_autoptr(AqrLiveWorld) world = g_new0(AqrLiveWorld, 1);

    world->config = config;
    world->spec = spec;
    if (!load_agent(world, error))
        return NULL;
    world->connection =
        aqr_connection_open(config->uri, config->work_dir, spec, config->stop, error);
    if (world->connection == NULL)
        return NULL;
    describe_vm(world);
    world->warm = aqr_warm_start_new(config->warm, spec,
                                     aqr_connection_get_handle(world->connection), world->agent);
    world->launch = (AqrLaunch){ &world->vm_config, world->connection, world->warm };
    return g_steal_pointer(&world);
}

void
aqr_live_world_free(AqrLiveWorld *world)
{
    if (world == NULL)
        return;
    stop(world, FALSE);
    give_gpus_back(world);
    aqr_warm_start_free(world->warm);
    aqr_connection_close(world->connection);
    g_clear_pointer(&world->agent, g_bytes_unref);
    g_clear_pointer(&world->failures, g_ptr_array_unref);
    g_free(world->gpu_facts);
    g_free(world);
}

AqrGuestLink *
aqr_live_world_get_link(AqrLiveWorld *world)
{
    return world->vm == NULL ? NULL : aqr_vm_get_link(world->vm);
}

AqrFate
aqr_live_world_get_fate(const AqrLiveWorld *world)
{
    const AqrDomain *domain = world->vm == NULL ? NULL : aqr_vm_get_domain(world->vm);

    if (domain == NULL)
        return AQR_FATE_LOST;
    if (aqr_domain_end(domain) != NULL)
        return aqr_domain_is_off(domain) ? AQR_FATE_OFF : AQR_FATE_LOST;
    return aqr_vm_is_reached(world->vm) ? AQR_FATE_RUNS : AQR_FATE_RESTARTS;
}

const AqrVmGpus *
aqr_live_world_get_gpus(const AqrLiveWorld *world)
{
    return &world->spec->gpus;
}
