/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/domain-trouble.h"

#include "core/domain-gpus.h"
#include "host/workdir.h"

struct AqrDomainTrouble {
    virConnectPtr connection;
    int io_error, removed; /* event callbacks; -1: not registered */
    gboolean watches_close;
    char *what;
    void (*changed)(gpointer data);
    gpointer data;
};

/* The first trouble is the one that explains the others. */
static void
note(AqrDomainTrouble *trouble, char *what)
{
    if (trouble->what != NULL) {
        g_free(what);
        return;
    }
    trouble->what = what;
    trouble->changed(trouble->data);
}

/* QEMU's own choice (werror=enospc): where there is no space left it pauses the guest.
 * Other errors are told to the guest, which goes on. */
static void
handle_io_error(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle,
                const char *file, G_GNUC_UNUSED const char *device, int action, void *data)
{
    g_autofree char *dir = file == NULL || *file == '\0' ? NULL : g_path_get_dirname(file);

    if (action == VIR_DOMAIN_EVENT_IO_ERROR_PAUSE)
        note(data, g_strdup_printf("was paused, because the disk under \"%s\" is full; %s",
                                   dir == NULL ? "its overlay" : dir,
                                   aqr_workdir_make_room(file == NULL ? "" : file)));
}

/* A GPU that left the bus, or that an administrator took away. */
static void
handle_removed(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle,
               const char *alias, void *data)
{
    if (g_str_has_prefix(alias, AQR_DOMAIN_GPU_ALIAS))
        note(data, g_strdup("has lost its GPU: the host took it away, or it fell off the bus"));
}

static void
handle_close(G_GNUC_UNUSED virConnectPtr connection, int reason, void *data)
{
    note(data, g_strdup(reason == VIR_CONNECT_CLOSE_REASON_KEEPALIVE
                            ? "is out of reach: libvirt's daemon does not answer any more"
                            : "is out of reach: libvirt's daemon has gone"));
}

AqrDomainTrouble *
aqr_domain_trouble_watch(virConnectPtr connection, virDomainPtr handle,
                         void (*changed)(gpointer data), gpointer data, GError **error)
{
    AqrDomainTrouble *trouble = g_new0(AqrDomainTrouble, 1);

    virConnectRef(connection);
    trouble->connection = connection;
    trouble->changed = changed;
    trouble->data = data;
    trouble->io_error =
        virConnectDomainEventRegisterAny(connection, handle, VIR_DOMAIN_EVENT_ID_IO_ERROR,
                                         VIR_DOMAIN_EVENT_CALLBACK(handle_io_error), trouble, NULL);
    trouble->removed =
        virConnectDomainEventRegisterAny(connection, handle, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                                         VIR_DOMAIN_EVENT_CALLBACK(handle_removed), trouble, NULL);
    trouble->watches_close =
        trouble->io_error >= 0 && trouble->removed >= 0 &&
        virConnectRegisterCloseCallback(connection, handle_close, trouble, NULL) == 0;
    if (trouble->watches_close)
        return trouble;
    aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot watch the VM");
    aqr_domain_trouble_free(trouble);
    return NULL;
}

void
aqr_domain_trouble_free(AqrDomainTrouble *trouble)
{
    if (trouble == NULL)
        return;
    if (trouble->io_error >= 0)
        virConnectDomainEventDeregisterAny(trouble->connection, trouble->io_error);
    if (trouble->removed >= 0)
        virConnectDomainEventDeregisterAny(trouble->connection, trouble->removed);
    if (trouble->watches_close)
        virConnectUnregisterCloseCallback(trouble->connection, handle_close);
    virConnectClose(trouble->connection);
    g_free(trouble->what);
    g_free(trouble);
}

const char *
aqr_domain_trouble_what(const AqrDomainTrouble *trouble)
{
    return trouble == NULL ? NULL : trouble->what;
}
