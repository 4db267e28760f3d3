/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/vm.h"

#include <glib/gstdio.h>

#include "base/undo.h"
#include "core/domain-xml.h"
#include "host/firmware.h"
#include "host/image.h"

/* qemu-img makes an overlay in milliseconds; a full or dead disk is another matter. */
#define OVERLAY_TIMEOUT (60 * G_TIME_SPAN_SECOND)

struct AqrVm {
    const AqrVmConfig *config;
    AqrUndo *files; /* what must go */
    AqrGuest *guest;
    AqrDomain *domain;
    unsigned resets; /* of the domain's, those that are accounted for */
    gboolean reset_expected;
};

/* --- what happens to it ------------------------------------------------ */

static void
note(const AqrVm *vm, const char *text)
{
    vm->config->note(text, vm->config->data);
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
        g_autofree char *text = g_strdup_printf("the VM %s", aqr_domain_end(vm->domain));

        note(vm, text);
        aqr_guest_lose(vm->guest);
    } else if (aqr_domain_resets(vm->domain) != vm->resets) {
        if (!vm->reset_expected && aqr_guest_link_is_up(aqr_vm_get_link(vm)))
            note(vm, "the guest restarts although nobody asked for it");
        vm->resets = aqr_domain_resets(vm->domain);
        aqr_guest_reset(vm->guest);
    }
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

gboolean
aqr_vm_reach_guest(AqrVm *vm, const AqrPatience *patience, GError **error)
{
    g_autoptr(GError) failed = NULL;
    g_autofree char *tail = NULL;

    if (aqr_guest_reach(vm->guest, vm->domain, patience, &failed)) {
        vm->reset_expected = FALSE;
        g_unlink(vm->config->spec->overlay); /* QEMU has it open: so it cannot stay behind */
        return TRUE;
    }
    tail = aqr_vm_console_tail(vm);
    if (g_error_matches(failed, AQR_ERROR, AQR_ERROR_GUEST) && *tail != '\0')
        g_prefix_error(&failed, "the console's last lines:\n%s", tail);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

void
aqr_vm_expect_reset(AqrVm *vm)
{
    vm->reset_expected = TRUE;
}

/* handle_change() takes the link down when the guest is reset. */
static gboolean
is_down(gpointer data)
{
    return !aqr_vm_check_alive(data, NULL);
}

gboolean
aqr_vm_wait_reset(AqrVm *vm, const AqrPatience *patience, GError **error)
{
    if (!aqr_wait_until(is_down, vm, "the guest to restart", patience, error))
        return FALSE;
    return aqr_domain_end(vm->domain) == NULL || aqr_vm_check_alive(vm, error);
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

static gboolean
make_overlay(AqrVm *vm, GError **error)
{
    const AqrVmSpec *spec = vm->config->spec;
    const AqrDisk *base = g_ptr_array_index(spec->disks, 0);
    AqrPatience patience = aqr_patience(OVERLAY_TIMEOUT, vm->config->stop);

    aqr_undo_push(vm->files, unlink_and_free, g_strdup(spec->overlay));
    if (!aqr_image_make_overlay(spec->overlay, base->file, base->format, &patience, error))
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

static gboolean
start_domain(AqrVm *vm, GError **error)
{
    g_autofree char *xml = aqr_domain_xml(vm->config->spec);

    vm->domain = aqr_domain_start(vm->config->connection, xml, handle_change, vm, error);
    return vm->domain != NULL;
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

static void
end_domain(AqrVm *vm)
{
    g_autoptr(GError) failed = NULL;

    if (vm->domain != NULL && !aqr_domain_stop(vm->domain, &failed))
        note(vm, failed->message);
}

void
aqr_vm_free(AqrVm *vm)
{
    if (vm == NULL)
        return;
    end_domain(vm);
    g_clear_pointer(&vm->domain, aqr_domain_free);
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
