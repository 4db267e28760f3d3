/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/vm.h"

#include <string.h>

#include <glib/gstdio.h>

#include "base/undo.h"
#include "core/domain-xml.h"
#include "host/firmware.h"
#include "host/image.h"
#include "host/migration.h"

/* qemu-img makes an overlay in milliseconds; a full or dead disk is another matter. */
#define OVERLAY_TIMEOUT (60 * G_TIME_SPAN_SECOND)

/* A port that is closed for so long has lost its agent. QEMU tells of changes at most
 * once a second, and a new agent opens the port right after a shell has closed it. */
#define AWAY_MS 2500
#define PRINTED(name, ...) g_autofree char *name = g_strdup_printf(__VA_ARGS__)

struct AqrVm {
    const AqrVmConfig *config;
    AqrUndo *files; /* what must go */
    AqrGuest *guest;
    AqrDomain *domain;
    unsigned resets; /* of the domain's, those that are accounted for */
    gboolean reset_expected;
    unsigned resets_before; /* those, when one came to be expected */
    guint away;             /* timer, while the agent's port is closed */
    gboolean reached;       /* its guest; before that, whoever waits for it tells why not */
    gboolean end_expected;
    gboolean end_noted;
};

/* --- what happens to it ------------------------------------------------ */

static void
note(const AqrVm *vm, const char *text)
{
    vm->config->note(text, vm->config->data);
}

static void
stop_away(AqrVm *vm)
{
    if (vm->away != 0)
        g_source_remove(vm->away);
    vm->away = 0;
}

/* A test that kills everything it can kills the agent, too. What ran has ended, and
 * whoever waits for it must hear of it. With a new agent the testbed can still be
 * looked at. */
static gboolean
renew_agent(gpointer data)
{
    AqrVm *vm = data;

    vm->away = 0;
    note(vm, "the agent in the guest has gone, and all commands with it; bringing another");
    aqr_guest_renew(vm->guest);
    return G_SOURCE_REMOVE;
}

static void
watch_agent(AqrVm *vm)
{
    gboolean leaving = vm->reset_expected || vm->end_expected; /* so does its agent */
    gboolean away = aqr_domain_port_is_closed(vm->domain) && !leaving &&
                    aqr_guest_link_is_up(aqr_vm_get_link(vm));

    if (!away)
        stop_away(vm);
    else if (vm->away == 0)
        vm->away = g_timeout_add(AWAY_MS, renew_agent, vm);
}

/* Once, and with what the console said last. */
static void
note_end(AqrVm *vm)
{
    g_autofree char *tail = NULL;

    if (vm->end_noted || vm->end_expected)
        return;
    vm->end_noted = TRUE;
    if (vm->config->by_hand && aqr_domain_is_off(vm->domain))
        return;
    aqr_guest_drain(vm->guest);
    tail = aqr_vm_console_tail(vm);
    if (vm->reached && *tail != '\0') {
        PRINTED(text, "the VM %s; the console's last lines:\n%s", aqr_domain_end(vm->domain),
                g_strchomp(tail));

        note(vm, text);
    } else {
        PRINTED(text, "the VM %s", aqr_domain_end(vm->domain));

        note(vm, text);
    }
}

/* A domain that ends and a guest that restarts both take every command with
 * them, the moment it happens. */
static void
handle_change(gpointer data)
{
    AqrVm *vm = data;

    if (vm->domain == NULL) /* it is being started */
        return;
    if (aqr_domain_end(vm->domain) != NULL) {
        note_end(vm);
        aqr_guest_lose(vm->guest);
    } else if (aqr_domain_resets(vm->domain) != vm->resets) {
        if (!vm->reset_expected && !vm->config->by_hand &&
            aqr_guest_link_is_up(aqr_vm_get_link(vm)))
            note(vm, "the guest restarts although nobody asked for it");
        vm->resets = aqr_domain_resets(vm->domain);
        vm->reached = FALSE;
        aqr_guest_reset(vm->guest);
    }
    watch_agent(vm);
}

gboolean
aqr_vm_check_alive(const AqrVm *vm, GError **error)
{
    const char *end = aqr_domain_end(vm->domain);

    if (end == NULL && aqr_guest_link_is_up(aqr_guest_get_link(vm->guest)))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "the testbed is lost: the VM %s",
                end != NULL ? end : "has no agent that answers");
    return FALSE;
}

/* A KVM that opens is not always one that works: guests may hang under it. */
static void
add_advice(const AqrVm *vm, GError *failed)
{
    g_autofree char *message = failed->message;

    failed->message = g_strdup_printf(
        "%s; see with --show-boot what it does%s, or give it longer with --timeout-reboot", message,
        vm->config->spec->accel == AQR_ACCEL_KVM ? ", try whether it boots with --accel=tcg" : "");
}

gboolean
aqr_vm_reach_guest(AqrVm *vm, const AqrPatience *patience, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *tail = NULL;

    if (aqr_guest_reach(vm->guest, vm->domain, patience, &failed)) {
        vm->reset_expected = FALSE;
        vm->reached = TRUE;
        if (vm->config->spec->overlay != NULL && vm->config->spec->warm.use != AQR_WARM_SAVE)
            g_unlink(vm->config->spec->overlay); /* QEMU has it open: so it cannot stay behind */
        return TRUE;
    }
    if (aqr_patience_is_over(patience) && vm->config->spec->warm.use != AQR_WARM_RESTORE)
        add_advice(vm, failed);
    tail = aqr_vm_console_tail(vm);
    if (g_error_matches(failed, AQR_ERROR, AQR_ERROR_GUEST) && *tail != '\0')
        g_prefix_error(&failed, "the console's last lines:\n%s", tail);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

gboolean
aqr_vm_is_reached(const AqrVm *vm)
{
    return vm->reached;
}

void
aqr_vm_expect_reset(AqrVm *vm)
{
    vm->reset_expected = TRUE;
    vm->resets_before = aqr_domain_resets(vm->domain);
}

static gboolean
is_reset(gpointer data)
{
    const AqrVm *vm = data;

    return aqr_domain_end(vm->domain) != NULL || aqr_domain_resets(vm->domain) != vm->resets_before;
}

gboolean
aqr_vm_wait_reset(AqrVm *vm, const AqrPatience *patience, GError **error)
{
    if (!aqr_wait_until(is_reset, vm, "the guest to restart", patience, error))
        return FALSE;
    return aqr_domain_end(vm->domain) == NULL || aqr_vm_check_alive(vm, error);
}

void
aqr_vm_expect_end(AqrVm *vm)
{
    vm->end_expected = TRUE;
}

gboolean
aqr_vm_wait_end(AqrVm *vm, const AqrPatience *patience, GError **error)
{
    return aqr_domain_wait_end(vm->domain, patience, error);
}

/* --- its start --------------------------------------------------------- */

static void
unlink_and_free(gpointer path)
{
    g_unlink(path);
    g_free(path);
}

/* That of a VM to be saved is part of what is saved, and its owner's to remove. */
static gboolean
make_overlay(AqrVm *vm, GError **error)
{
    const AqrVmSpec *spec = vm->config->spec;
    const AqrDisk *base = g_ptr_array_index(spec->disks, 0);
    const char *saved = spec->warm.disk;
    AqrPatience patience = aqr_patience(OVERLAY_TIMEOUT, vm->config->stop);

    if (spec->overlay == NULL)
        return TRUE;
    if (spec->warm.use != AQR_WARM_SAVE)
        aqr_undo_push(vm->files, unlink_and_free, g_strdup(spec->overlay));
    if (!aqr_image_make_overlay(spec->overlay, saved == NULL ? base->file : saved,
                                saved == NULL ? base->format : "qcow2", &patience, error))
        return FALSE;
    g_chmod(spec->overlay, 0600);
    return TRUE;
}

static gboolean
make_nvram(AqrVm *vm, GError **error)
{
    const char *nvram = vm->config->spec->nvram;
    AqrFirmware firmware;

    if (nvram == NULL)
        return TRUE;
    aqr_undo_push(vm->files, unlink_and_free, g_strdup(nvram));
    return aqr_firmware_find(&firmware, error) && aqr_firmware_copy_vars(&firmware, nvram, error);
}

/* Others make QEMU end as soon as it sets up the processor, which names KVM's own code then. */
static void
advise_on_kvm(const AqrVmSpec *spec, GError *failed)
{
    g_autofree char *message = failed->message;

    failed->message = g_strdup_printf("%s%s", g_strchomp(message),
                                      spec->accel == AQR_ACCEL_KVM && strstr(message, "kvm") != NULL
                                          ? "; try whether it starts with --accel=tcg"
                                          : "");
}

static gboolean
start_domain(AqrVm *vm, GError **error)
{
    const AqrVmSpec *spec = vm->config->spec;
    g_autofree char *xml = aqr_domain_xml(spec);
    g_autoptr(GError) failed = NULL;

    vm->domain = aqr_domain_start(vm->config->connection, xml, spec->warm.use == AQR_WARM_RESTORE,
                                  handle_change, vm, &failed);
    if (vm->domain != NULL)
        return TRUE;
    advise_on_kvm(spec, failed);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

AqrVm *
aqr_vm_start(const AqrVmConfig *config, GError **error)
{
    g_autoptr(AqrVm) vm = g_new0(AqrVm, 1);

    vm->config = config;
    vm->files = aqr_undo_new();
    if (!make_overlay(vm, error) || !make_nvram(vm, error))
        return NULL;
    vm->guest = aqr_guest_new(&config->guest, error);
    if (vm->guest == NULL || !start_domain(vm, error))
        return NULL;
    return g_steal_pointer(&vm);
}

gboolean
aqr_vm_restore(AqrVm *vm, GBytes *state, const AqrPatience *patience, GError **error)
{
    if (!aqr_migration_load(vm->domain, state, patience, error))
        return FALSE;
    aqr_guest_greet(vm->guest);
    return TRUE;
}

GBytes *
aqr_vm_save(AqrVm *vm, const AqrPatience *patience, GError **error)
{
    return aqr_migration_save(vm->domain, patience, error);
}

gboolean
aqr_vm_end(AqrVm *vm)
{
    g_autoptr(GError) failed = NULL;

    if (vm->domain == NULL || aqr_domain_stop(vm->domain, &failed))
        return TRUE;
    note(vm, failed->message);
    return FALSE;
}

void
aqr_vm_free(AqrVm *vm)
{
    if (vm == NULL)
        return;
    aqr_vm_end(vm);
    g_clear_pointer(&vm->domain, aqr_domain_free);
    stop_away(vm);
    g_clear_pointer(&vm->guest, aqr_guest_free);
    aqr_undo_free(vm->files);
    g_free(vm);
}

AqrDomain *
aqr_vm_get_domain(AqrVm *vm)
{
    return vm->domain;
}

AqrGuestLink *
aqr_vm_get_link(AqrVm *vm)
{
    return aqr_guest_get_link(vm->guest);
}

char *
aqr_vm_console_tail(const AqrVm *vm)
{
    return aqr_guest_console_tail(vm->guest);
}
