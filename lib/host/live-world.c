/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/live-world.h"

#include "core/access-hint.h"
#include "host/base-image.h"
#include "host/connection.h"
#include "host/guest-copy.h"
#include "host/guest-run.h"
#include "host/guest-terminal.h"
#include "host/power-off.h"
#include "host/shared-mounts.h"
#include "host/ssh-forward.h"
#include "host/vm.h"

struct AqrLiveWorld {
    const AqrLiveConfig *config;
    AqrVmSpec *spec;
    AqrConnection *connection;
    GBytes *agent;
    AqrVmConfig vm_config;
    AqrGpuHold *gpus;  /* NULL: it has none, and needs none yet */
    AqrVm *vm;         /* NULL: none runs */
    unsigned ssh_port; /* on the host, to the guest; 0: none */
};

static void
note(AqrLiveWorld *world, const char *text)
{
    world->config->note(text, world->config->data);
}

static gboolean
check_alive(const AqrLiveWorld *world, GError **error)
{
    if (world->vm != NULL)
        return aqr_vm_check_alive(world->vm, error);
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_GUEST, "no VM is running");
    return FALSE;
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
wait_gpus(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    const AqrLiveConfig *config = world->config;
    AqrPatience patience = aqr_patience(config->boot_timeout, config->stop);
    g_autoptr(GPtrArray) expected = aqr_gpu_hold_expect(world->gpus);
    const AqrGpuDemand demand = { .expected = expected, .ready = config->gpu_ready };

    return expected->len == 0 || aqr_gpu_wait(aqr_vm_get_link(world->vm), &demand, &patience,
                                              config->note, config->data, error);
}

/* --- start and reboot -------------------------------------------------- */

/* A GPU that is not well does not get into a VM. */
static gboolean
start(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    const char *name = world->spec->name;

    if (!aqr_gpu_hold_check(world->gpus, error))
        return FALSE;
    aqr_gpu_hold_tell_domain(world->gpus, name, aqr_connection_is_daemon(world->connection));
    world->vm = aqr_vm_start(&world->vm_config, error);
    if (world->vm == NULL) {
        aqr_gpu_hold_restore(world->gpus);
        return FALSE;
    }
    aqr_gpu_hold_tell_qemu(world->gpus, aqr_connection_find_qemu(world->connection, name));
    world->ssh_port = aqr_ssh_forward_open(aqr_vm_get_domain(world->vm));
    aqr_connection_share_capabilities(world->connection);
    return TRUE;
}

/* Debian's units are all started a while after the root shells are there: what
 * a test finds must not depend on how quick we were. A guest that never gets
 * there is used as it is. */
static gboolean
wait_system(AqrLiveWorld *world, const AqrPatience *patience, GError **error)
{
    static const char *const argv[] = {
        "sh", "-c",
        "[ ! -d /run/systemd/system ] || systemctl is-system-running --wait >/dev/null 2>&1", NULL
    };
    g_autoptr(GError) failed = NULL;
    int status;

    if (aqr_guest_run(aqr_vm_get_link(world->vm), argv, patience, NULL, &status, &failed))
        return TRUE;
    if (check_alive(world, NULL) && aqr_stop_reason(patience->stop) == NULL) {
        note(world, "the guest's units are not all started yet; going on without them");
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* What the user wants to see in it, besides the disks. The units that are not started
 * yet may have used up all the time to boot. */
static gboolean
furnish_guest(AqrLiveWorld *world, GError **error)
{
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);
    AqrGuestLink *link = aqr_vm_get_link(world->vm);

    return aqr_shared_mounts_add(link, world->spec, &patience, error) &&
           (!world->spec->base_image ||
            aqr_base_image_plug(aqr_vm_get_domain(world->vm), link, world->spec, &patience, error));
}

static gboolean
wait_guest(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    return aqr_vm_reach_guest(world->vm, &patience, error) &&
           wait_system(world, &patience, error) && furnish_guest(world, error);
}

static gboolean
expect_reboot(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    if (!check_alive(world, error) ||
        !aqr_base_image_unplug(aqr_vm_get_domain(world->vm), &patience, error))
        return FALSE;
    aqr_vm_expect_reset(world->vm);
    return TRUE;
}

static gboolean
wait_reboot(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    return aqr_vm_wait_reset(world->vm, &patience, error);
}

/* --- in the guest ------------------------------------------------------ */

static gboolean
run(gpointer data, const char *const *argv, gint64 timeout, char **output, int *status,
    GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(timeout, world->config->stop);

    return check_alive(world, error) &&
           aqr_guest_run(aqr_vm_get_link(world->vm), argv, &patience, output, status, error);
}

static gboolean
copy(gpointer data, const AqrCopy *what, gint64 timeout, AqrCopyResult *result, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(timeout, world->config->stop);
    g_autofree char *complaint = NULL;
    gboolean done;

    if (!check_alive(world, error))
        return FALSE;
    done = aqr_guest_copy(aqr_vm_get_link(world->vm), what, &patience, result, &complaint, error);
    if (complaint != NULL)
        note(world, complaint);
    return done;
}

static const char *const *
exec_argv(gpointer data)
{
    const AqrLiveWorld *world = data;

    return world->config->exec_argv;
}

static void
tell_access(gpointer data, const char *user)
{
    AqrLiveWorld *world = data;
    g_autofree char *hint = aqr_access_hint(world->ssh_port, user, world->config->exec_argv);

    note(world, hint);
}

static void
note_text(gpointer data, const char *text)
{
    note(data, text);
}

/* A shell that could not be had is no reason to lose the testbed. */
static gboolean
shell(gpointer data, const char *const *argv, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(0, world->config->stop);
    g_autoptr(GError) failed = NULL;

    if (!check_alive(world, error))
        return FALSE;
    if (aqr_guest_terminal_run(aqr_vm_get_link(world->vm), argv, &patience, &failed))
        return TRUE;
    if (g_error_matches(failed, AQR_ERROR, AQR_ERROR_HOST)) {
        note(world, failed->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

static void
explain(gpointer data)
{
    AqrLiveWorld *world = data;
    g_autofree char *tail = world->vm == NULL ? NULL : aqr_vm_console_tail(world->vm);

    if (tail != NULL && *tail != '\0') {
        g_autofree char *text = g_strdup_printf("the console's last lines:\n%s", g_strchomp(tail));

        note(world, text);
    }
}

/* --- the end ----------------------------------------------------------- */

/* What has not ended has its GPUs still: they are the keeper's business from here on. */
static void
end_vm(AqrLiveWorld *world)
{
    gboolean ended = aqr_vm_end(world->vm);

    g_clear_pointer(&world->vm, aqr_vm_free);
    if (!ended) {
        aqr_gpu_hold_abandon(world->gpus);
        return;
    }
    aqr_gpu_hold_tell_qemu(world->gpus, 0);
    aqr_gpu_hold_restore(world->gpus);
}

static void
stop(gpointer data, gboolean orderly)
{
    AqrLiveWorld *world = data;

    if (world->vm == NULL)
        return;
    if (orderly && world->config->poweroff_timeout > 0) {
        const char *done = aqr_power_off(world->vm, world->spec->gpus.gpus->len > 0,
                                         world->config->poweroff_timeout);

        if (done != NULL)
            note(world, done);
    }
    end_vm(world);
}

const AqrWorld aqr_live_world = {
    .take_gpus = take_gpus,
    .give_gpus_back = give_gpus_back,
    .start = start,
    .wait_guest = wait_guest,
    .wait_gpus = wait_gpus,
    .run = run,
    .copy = copy,
    .expect_reboot = expect_reboot,
    .wait_reboot = wait_reboot,
    .exec_argv = exec_argv,
    .tell_access = tell_access,
    .note = note_text,
    .shell = shell,
    .explain = explain,
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
            .data = config->data,
        },
        .stop = config->stop,
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
    return g_steal_pointer(&world);
}

void
aqr_live_world_free(AqrLiveWorld *world)
{
    if (world == NULL)
        return;
    stop(world, FALSE);
    give_gpus_back(world);
    aqr_connection_close(world->connection);
    g_clear_pointer(&world->agent, g_bytes_unref);
    g_free(world);
}

AqrGuestLink *
aqr_live_world_get_link(AqrLiveWorld *world)
{
    return world->vm == NULL ? NULL : aqr_vm_get_link(world->vm);
}

const AqrVmGpus *
aqr_live_world_get_gpus(const AqrLiveWorld *world)
{
    return &world->spec->gpus;
}
