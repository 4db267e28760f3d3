/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/live-guest.h"

#include "core/access-hint.h"
#include "host/base-image.h"
#include "host/guest-copy.h"
#include "host/guest-run.h"
#include "host/guest-terminal.h"
#include "host/live-state.h"
#include "host/shared-mounts.h"

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

/* --- start and reboot -------------------------------------------------- */

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
        world->unfinished = TRUE;
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* The units that are not started yet may have used up all the time to boot. */
gboolean
aqr_live_guest_furnish(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);
    AqrGuestLink *link = aqr_vm_get_link(world->vm);

    return aqr_shared_mounts_add(link, world->spec, &patience, error) &&
           (!world->spec->base_image ||
            aqr_base_image_plug(aqr_vm_get_domain(world->vm), link, world->spec, &patience, error));
}

gboolean
aqr_live_guest_wait(gpointer data, GError **error)
{
    static const AqrEvent answered = { .name = "agent" };
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    if (!aqr_vm_reach_guest(world->vm, &patience, error))
        return FALSE;
    aqr_evidence_tell(world->config->evidence, &answered);
    return wait_system(world, &patience, error);
}

gboolean
aqr_live_guest_expect_reboot(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    if (!check_alive(world, error) ||
        !aqr_base_image_unplug(aqr_vm_get_domain(world->vm), &patience, error))
        return FALSE;
    aqr_vm_expect_reset(world->vm);
    return TRUE;
}

gboolean
aqr_live_guest_wait_reboot(gpointer data, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(world->config->boot_timeout, world->config->stop);

    return aqr_vm_wait_reset(world->vm, &patience, error);
}

/* --- in the guest ------------------------------------------------------ */

gboolean
aqr_live_guest_run(gpointer data, const char *const *argv, gint64 timeout, char **output,
                   int *status, GError **error)
{
    AqrLiveWorld *world = data;
    AqrPatience patience = aqr_patience(timeout, world->config->stop);

    return check_alive(world, error) &&
           aqr_guest_run(aqr_vm_get_link(world->vm), argv, &patience, output, status, error);
}

gboolean
aqr_live_guest_copy(gpointer data, const AqrCopy *what, gint64 timeout, AqrCopyResult *result,
                    GError **error)
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

const char *const *
aqr_live_guest_exec_argv(gpointer data)
{
    const AqrLiveWorld *world = data;

    return world->config->exec_argv;
}

void
aqr_live_guest_tell_access(gpointer data, const char *user)
{
    AqrLiveWorld *world = data;
    g_autofree char *hint = aqr_access_hint(world->ssh_port, user, world->config->exec_argv);

    note(world, hint);
}

void
aqr_live_guest_note(gpointer data, const char *text)
{
    note(data, text);
}

/* A shell that could not be had is no reason to lose the testbed. */
gboolean
aqr_live_guest_shell(gpointer data, const char *const *argv, GError **error)
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

void
aqr_live_guest_explain(gpointer data)
{
    AqrLiveWorld *world = data;
    g_autofree char *tail = world->vm == NULL ? NULL : aqr_vm_console_tail(world->vm);

    if (tail != NULL && *tail != '\0') {
        g_autofree char *text = g_strdup_printf("the console's last lines:\n%s", g_strchomp(tail));

        note(world, text);
    }
}
