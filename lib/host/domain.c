/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/domain.h"

#include <libvirt/libvirt-qemu.h>

#include "core/qemu-event.h"
#include "host/domain-trouble.h"

/* libvirt's name for the first channel; the XML has no other. */
#define AGENT_PORT "channel0"

struct AqrDomain {
    virConnectPtr connection;
    virDomainPtr handle;
    int lifecycle, reboot, port; /* event callbacks; -1: not registered */
    gboolean port_closed;
    AqrDomainTrouble *trouble;
    const char *end;
    gboolean off;     /* by its guest */
    gboolean stopped; /* libvirt is done with it: one that crashed may not be gone yet */
    unsigned resets;
    AqrDomainChanged changed;
    gpointer data;
};

static const char *
name_end(int event, int detail)
{
    if (event == VIR_DOMAIN_EVENT_CRASHED)
        return detail == VIR_DOMAIN_EVENT_CRASHED_PANICKED
                   ? "was ended, because the guest's kernel panicked"
                   : "crashed";
    if (event != VIR_DOMAIN_EVENT_STOPPED)
        return NULL;
    switch (detail) {
    case VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN:
        return "shut itself off";
    case VIR_DOMAIN_EVENT_STOPPED_DESTROYED:
        return "was destroyed";
    case VIR_DOMAIN_EVENT_STOPPED_CRASHED:
        return "crashed";
    default:
        return "ended because QEMU failed";
    }
}

static int
handle_lifecycle(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle,
                 int event, int detail, void *data)
{
    AqrDomain *domain = data;
    const char *end = name_end(event, detail);

    domain->stopped = domain->stopped || event == VIR_DOMAIN_EVENT_STOPPED;
    if (end == NULL || domain->end != NULL)
        return 0;
    domain->end = end;
    domain->off = event == VIR_DOMAIN_EVENT_STOPPED && detail == VIR_DOMAIN_EVENT_STOPPED_SHUTDOWN;
    domain->changed(domain->data);
    return 0;
}

static void
handle_reboot(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle, void *data)
{
    AqrDomain *domain = data;

    domain->resets++;
    domain->changed(domain->data);
}

static void /* NOLINTNEXTLINE(readability-function-size): libvirt's parameters */
handle_port(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle,
            G_GNUC_UNUSED const char *event, G_GNUC_UNUSED long long seconds,
            G_GNUC_UNUSED unsigned microseconds, const char *details, void *data)
{
    AqrDomain *domain = data;
    gboolean open;

    if (details == NULL || !aqr_qemu_event_port(details, AGENT_PORT, &open))
        return;
    domain->port_closed = !open;
    domain->changed(domain->data);
}

/* Without the events of the port one still learns everything else. */
static gboolean
watch_events(AqrDomain *domain)
{
    domain->port = virConnectDomainQemuMonitorEventRegister(
        domain->connection, domain->handle, "VSERPORT_CHANGE", handle_port, domain, NULL, 0);
    domain->lifecycle = virConnectDomainEventRegisterAny(
        domain->connection, domain->handle, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
        VIR_DOMAIN_EVENT_CALLBACK(handle_lifecycle), domain, NULL);
    domain->reboot = virConnectDomainEventRegisterAny(
        domain->connection, domain->handle, VIR_DOMAIN_EVENT_ID_REBOOT,
        VIR_DOMAIN_EVENT_CALLBACK(handle_reboot), domain, NULL);
    return domain->lifecycle >= 0 && domain->reboot >= 0;
}

/* What happened before the events were watched. */
static void
check_state(AqrDomain *domain)
{
    int state = 0;

    if (virDomainGetState(domain->handle, &state, NULL, 0) < 0)
        domain->stopped = virGetLastErrorCode() == VIR_ERR_NO_DOMAIN;
    else
        domain->stopped = state == VIR_DOMAIN_SHUTOFF;
    if (domain->stopped)
        domain->end = "ended at once";
    else if (state == VIR_DOMAIN_CRASHED)
        domain->end = "crashed";
}

AqrDomain *
aqr_domain_start(virConnectPtr connection, const char *xml, gboolean paused,
                 AqrDomainChanged changed, gpointer data, GError **error)
{
    g_autofree char *uri = virConnectGetURI(connection);
    unsigned flags = (aqr_libvirt_is_embed(uri) ? 0 : VIR_DOMAIN_START_AUTODESTROY) |
                     (paused ? VIR_DOMAIN_START_PAUSED : 0);
    g_autoptr(AqrDomain) domain = g_new0(AqrDomain, 1);

    virConnectRef(connection);
    domain->connection = connection;
    domain->lifecycle = domain->reboot = domain->port = -1;
    domain->changed = changed;
    domain->data = data;
    domain->handle = virDomainCreateXML(connection, xml, flags);
    if (domain->handle == NULL) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot start the VM");
        return NULL;
    }
    if (!watch_events(domain)) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot watch the VM");
        return NULL;
    }
    domain->trouble = aqr_domain_trouble_watch(connection, domain->handle, changed, data, error);
    if (domain->trouble == NULL)
        return NULL;
    check_state(domain);
    return g_steal_pointer(&domain);
}

/* A VM that ends by itself meanwhile is not there to be destroyed. */
gboolean
aqr_domain_stop(AqrDomain *domain, GError **error)
{
    if (domain->stopped || virDomainDestroy(domain->handle) == 0 ||
        virGetLastErrorCode() == VIR_ERR_NO_DOMAIN ||
        virGetLastErrorCode() == VIR_ERR_OPERATION_INVALID) {
        domain->end = domain->end == NULL ? "was destroyed" : domain->end;
        return TRUE;
    }
    aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot end the VM");
    return FALSE;
}

gboolean
aqr_domain_press_power(AqrDomain *domain)
{
    return virDomainShutdownFlags(domain->handle, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN) == 0;
}

void
aqr_domain_free(AqrDomain *domain)
{
    if (domain == NULL)
        return;
    if (domain->lifecycle >= 0)
        virConnectDomainEventDeregisterAny(domain->connection, domain->lifecycle);
    if (domain->reboot >= 0)
        virConnectDomainEventDeregisterAny(domain->connection, domain->reboot);
    if (domain->port >= 0)
        virConnectDomainQemuMonitorEventDeregister(domain->connection, domain->port);
    aqr_domain_trouble_free(domain->trouble);
    if (domain->handle != NULL) {
        aqr_domain_stop(domain, NULL);
        virDomainFree(domain->handle);
    }
    virConnectClose(domain->connection);
    g_free(domain);
}

const char *
aqr_domain_end(const AqrDomain *domain)
{
    return domain->end != NULL ? domain->end : aqr_domain_trouble_what(domain->trouble);
}

gboolean
aqr_domain_is_off(const AqrDomain *domain)
{
    return domain->off;
}

gboolean
aqr_domain_is_over(const AqrDomain *domain)
{
    return domain->end != NULL;
}

virDomainPtr
aqr_domain_get_handle(AqrDomain *domain)
{
    return domain->handle;
}

unsigned
aqr_domain_resets(const AqrDomain *domain)
{
    return domain->resets;
}

gboolean
aqr_domain_port_is_closed(const AqrDomain *domain)
{
    return domain->port_closed;
}

static gboolean
has_ended(gpointer data)
{
    const AqrDomain *domain = data;

    return domain->end != NULL;
}

gboolean
aqr_domain_wait_end(AqrDomain *domain, const AqrPatience *patience, GError **error)
{
    return aqr_wait_until(has_ended, domain, "the guest to power itself off", patience, error);
}
