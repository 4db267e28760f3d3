/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/live-world.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/undo.h"
#include "core/domain-xml.h"
#include "host/embed.h"
#include "host/firmware.h"
#include "host/guest-copy.h"
#include "host/guest-run.h"
#include "host/guest-terminal.h"
#include "host/guest.h"
#include "host/image.h"

/* qemu-img makes an overlay in milliseconds; a full or dead disk is another matter. */
#define OVERLAY_TIMEOUT (60 * G_TIME_SPAN_SECOND)

struct AqrLiveWorld {
    const AqrLiveConfig *config;
    AqrVmSpec *spec;
    char *embed_root; /* NULL with a daemon */
    virConnectPtr connection;
    GBytes *agent;
    AqrUndo *undo;     /* what of the VM's files must go */
    AqrGuest *guest;   /* NULL: no VM */
    AqrDomain *domain; /* NULL: no VM */
    unsigned resets;   /* of the domain's, those that are accounted for */
    gboolean reboot_expected;
};

/* --- what happens to the VM -------------------------------------------- */

static void
note(AqrLiveWorld *world, const char *text)
{
    world->config->note(text, world->config->data);
}

/* A domain that ends and a guest that restarts both take every command with
 * them, the moment it happens. */
static void
handle_change(gpointer data)
{
    AqrLiveWorld *world = data;

    if (world->domain == NULL || world->guest == NULL)
        return;
    if (aqr_domain_end(world->domain) != NULL) {
        g_autofree char *text = g_strdup_printf("the VM %s", aqr_domain_end(world->domain));

        note(world, text);
        aqr_guest_lose(world->guest);
    } else if (aqr_domain_resets(world->domain) != world->resets) {
        if (!world->reboot_expected)
            note(world, "the guest restarts although nobody asked for it");
        world->resets = aqr_domain_resets(world->domain);
        aqr_guest_reset(world->guest);
    }
}

static gboolean
check_alive(const AqrLiveWorld *world, GError **error)
{
    const char *end = world->domain == NULL ? "does not run" : aqr_domain_end(world->domain);

    if (end == NULL && aqr_guest_link_is_up(aqr_guest_get_link(world->guest)))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "the testbed is lost: the VM %s",
                end != NULL ? end : "has no agent that answers");
    return FALSE;
}

/* --- start ------------------------------------------------------------- */

static void
unlink_and_free(gpointer path)
{
    g_unlink(path);
    g_free(path);
}

static gboolean
make_overlay(AqrLiveWorld *world, GError **error)
{
    const AqrDisk *base = g_ptr_array_index(world->spec->disks, 0);
    AqrPatience patience = aqr_patience(OVERLAY_TIMEOUT, world->config->stop);
    g_autofree char *name = g_strdup_printf("%s.overlay.qcow2", world->spec->name);

    g_free(world->spec->overlay);
    world->spec->overlay = g_build_filename(world->config->overlay_dir, name, NULL);
    aqr_undo_push(world->undo, unlink_and_free, g_strdup(world->spec->overlay));
    return aqr_image_make_overlay(world->spec->overlay, base->file, base->format, &patience, error);
}

static gboolean
make_nvram(AqrLiveWorld *world, GError **error)
{
    AqrFirmware firmware;

    if (world->spec->nvram == NULL)
        return TRUE;
    aqr_undo_push(world->undo, unlink_and_free, g_strdup(world->spec->nvram));
    return aqr_firmware_find(&firmware, error) &&
           aqr_firmware_copy_vars(&firmware, world->spec->nvram, error);
}

static gboolean
listen_for_guest(AqrLiveWorld *world, GError **error)
{
    AqrGuestConfig config = {
        .socket_dir = world->spec->socket_dir,
        .user = world->config->user,
        .password = world->config->password,
        .agent = world->agent,
        .boot_text = world->config->boot_text,
        .data = world->config->data,
    };

    world->guest = aqr_guest_new(&config, error);
    return world->guest != NULL;
}

static gboolean
start_domain(AqrLiveWorld *world, GError **error)
{
    g_autofree char *xml = aqr_domain_xml(world->spec);

    world->resets = 0;
    world->reboot_expected = FALSE;
    world->domain = aqr_domain_start(world->connection, xml, handle_change, world, error);
    if (world->domain == NULL)
        return FALSE;
    if (world->embed_root != NULL)
        aqr_embed_share_capabilities(world->embed_root);
    return TRUE;
}

static void stop(gpointer data, gboolean orderly);

static gboolean
start(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;

    if (make_overlay(world, error) && make_nvram(world, error) && listen_for_guest(world, error) &&
        start_domain(world, error))
        return TRUE;
    stop(world, FALSE);
    return FALSE;
}

/* --- in the guest ------------------------------------------------------ */

static gboolean
run(gpointer data, const char *const *argv, gint64 timeout, char **output, int *status,
    GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(timeout, world->config->stop);

    return check_alive(world, error) &&
           aqr_guest_run(aqr_guest_get_link(world->guest), argv, &patience, output, status, error);
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

    if (aqr_guest_run(aqr_guest_get_link(world->guest), argv, patience, NULL, &status, &failed))
        return TRUE;
    if (check_alive(world, NULL) && aqr_stop_reason(patience->stop) == NULL) {
        note(world, "the guest's units are not all started yet; going on without them");
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

static gboolean
wait_guest(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    if (!aqr_guest_reach(world->guest, world->domain, &patience, error)) {
        g_autofree char *tail = aqr_guest_console_tail(world->guest);

        if (g_error_matches(*error, AQR_ERROR, AQR_ERROR_GUEST) && *tail != '\0')
            g_prefix_error(error, "the console's last lines:\n%s", tail);
        return FALSE;
    }
    world->reboot_expected = FALSE;
    return wait_system(world, &patience, error);
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
    done = aqr_guest_copy(aqr_guest_get_link(world->guest), what, &patience, result, &complaint,
                          error);
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

/* A shell that could not be had is no reason to lose the testbed. */
static gboolean
shell(gpointer data, const char *const *argv, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(0, world->config->stop);
    g_autoptr(GError) failed = NULL;

    if (!check_alive(world, error))
        return FALSE;
    if (aqr_guest_terminal_run(aqr_guest_get_link(world->guest), argv, &patience, &failed))
        return TRUE;
    if (g_error_matches(failed, AQR_ERROR, AQR_ERROR_HOST)) {
        note(world, failed->message);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* --- reboot ------------------------------------------------------------ */

static void
expect_reboot(gpointer data)
{
    AqrLiveWorld *world = data;

    world->reboot_expected = TRUE;
}

/* handle_change() takes the link down when the guest is reset. */
static gboolean
has_restarted(gpointer data)
{
    const AqrLiveWorld *world = data;

    return aqr_domain_end(world->domain) != NULL ||
           !aqr_guest_link_is_up(aqr_guest_get_link(world->guest));
}

static gboolean
wait_reboot(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    if (!aqr_wait_until(has_restarted, world, "the guest to restart", &patience, error))
        return FALSE;
    if (aqr_domain_end(world->domain) == NULL)
        return TRUE;
    return check_alive(world, error);
}

/* --- the end ----------------------------------------------------------- */

static void
explain(gpointer data)
{
    AqrLiveWorld *world = data;
    g_autofree char *tail = NULL;

    if (world->guest == NULL)
        return;
    tail = aqr_guest_console_tail(world->guest);
    if (*tail != '\0') {
        g_autofree char *text = g_strdup_printf("the console's last lines:\n%s", tail);

        note(world, g_strchomp(text));
    }
}

/* Cleaning up is bounded by its time-out, and not cut short by a signal. */
static void
power_off(AqrLiveWorld *world)
{
    static const char *const argv[] = { "poweroff", NULL };
    AqrPatience patience = aqr_patience(world->config->poweroff_timeout, NULL);
    int status;

    if (!check_alive(world, NULL))
        return;
    if (!aqr_guest_run(aqr_guest_get_link(world->guest), argv, &patience, NULL, &status, NULL) &&
        aqr_domain_end(world->domain) != NULL)
        return;
    if (!aqr_domain_wait_end(world->domain, &patience, NULL))
        note(world, "the guest did not power itself off in time");
}

static void
stop(gpointer data, gboolean orderly)
{
    AqrLiveWorld *world = data;

    if (orderly && world->domain != NULL && world->config->poweroff_timeout > 0)
        power_off(world);
    g_clear_pointer(&world->domain, aqr_domain_free);
    g_clear_pointer(&world->guest, aqr_guest_free);
    aqr_undo_run(world->undo);
}

const AqrWorld aqr_live_world = {
    .start = start,
    .wait_guest = wait_guest,
    .run = run,
    .copy = copy,
    .expect_reboot = expect_reboot,
    .wait_reboot = wait_reboot,
    .exec_argv = exec_argv,
    .shell = shell,
    .explain = explain,
    .stop = stop,
};

/* --- life -------------------------------------------------------------- */

static gboolean
connect_libvirt(AqrLiveWorld *world, GError **error)
{
    g_autofree char *uri = NULL;

    if (g_str_equal(world->config->uri, AQR_LIBVIRT_EMBED)) {
        world->embed_root = g_build_filename(world->config->work_dir, "libvirt", NULL);
        uri = aqr_embed_prepare(world->embed_root, error);
        if (uri == NULL)
            return FALSE;
    }
    world->connection = aqr_libvirt_connect(uri != NULL ? uri : world->config->uri, error);
    return world->connection != NULL;
}

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

AqrLiveWorld *
aqr_live_world_new(const AqrLiveConfig *config, AqrVmSpec *spec, GError **error)
{
    g_autoptr(AqrLiveWorld) world = g_new0(AqrLiveWorld, 1);

    world->config = config;
    world->spec = spec;
    world->undo = aqr_undo_new();
    if (!load_agent(world, error) || !connect_libvirt(world, error))
        return NULL;
    return g_steal_pointer(&world);
}

void
aqr_live_world_free(AqrLiveWorld *world)
{
    if (world == NULL)
        return;
    stop(world, FALSE);
    aqr_undo_free(world->undo);
    g_clear_pointer(&world->connection, virConnectClose);
    g_clear_pointer(&world->agent, g_bytes_unref);
    g_free(world->embed_root);
    g_free(world);
}

AqrGuestLink *
aqr_live_world_get_link(AqrLiveWorld *world)
{
    return world->guest == NULL ? NULL : aqr_guest_get_link(world->guest);
}
