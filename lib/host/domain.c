/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/domain.h"

struct AqrDomain {
    virConnectPtr connection;
    virDomainPtr handle;
    int lifecycle, reboot; /* event callbacks; -1: not registered */
    const char *end;
    unsigned resets;
    AqrDomainChanged changed;
    gpointer data;
};

static const char *
name_end(int event, int detail)
{
    if (event == VIR_DOMAIN_EVENT_CRASHED)
        return "crashed";
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

    if (end == NULL || domain->end != NULL)
        return 0;
    domain->end = end;
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

static gboolean
watch_events(AqrDomain *domain)
{
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

    if (virDomainGetState(domain->handle, &state, NULL, 0) < 0 || state == VIR_DOMAIN_SHUTOFF)
        domain->end = "ended at once";
    else if (state == VIR_DOMAIN_CRASHED)
        domain->end = "crashed";
}

AqrDomain *
aqr_domain_start(virConnectPtr connection, const char *xml, AqrDomainChanged changed, gpointer data,
                 GError **error)
{
    g_autofree char *uri = virConnectGetURI(connection);
    unsigned flags = aqr_libvirt_is_embed(uri) ? 0 : VIR_DOMAIN_START_AUTODESTROY;
    g_autoptr(AqrDomain) domain = g_new0(AqrDomain, 1);

    virConnectRef(connection);
    domain->connection = connection;
    domain->lifecycle = domain->reboot = -1;
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
    check_state(domain);
    return g_steal_pointer(&domain);
}

/* A VM that ends by itself meanwhile is not there to be destroyed. */
gboolean
aqr_domain_stop(AqrDomain *domain, GError **error)
{
    if (domain->end != NULL || virDomainDestroy(domain->handle) == 0 ||
        virGetLastErrorCode() == VIR_ERR_NO_DOMAIN ||
        virGetLastErrorCode() == VIR_ERR_OPERATION_INVALID) {
        domain->end = domain->end == NULL ? "was destroyed" : domain->end;
        return TRUE;
    }
    aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot end the VM");
    return FALSE;
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
    return domain->end;
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
