/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/connection.h"

#include "host/embed.h"
#include "host/reach.h"
#include "host/reaper.h"

struct AqrConnection {
    virConnectPtr handle;
    char *embed_root;  /* NULL with a daemon */
    AqrReaper *reaper; /* likewise */
};

static gboolean
check_emulator(const AqrConnection *connection, const AqrVmSpec *spec, GError **error)
{
    if (spec->emulator == NULL)
        return connection->embed_root == NULL || aqr_libvirt_check_qemu(error);
    return aqr_libvirt_check_emulator(connection->handle, spec->emulator,
                                      aqr_arch_to_libvirt(spec->arch), error);
}

/* The URI of a libvirt of our own; transfer full. */
static char *
prepare_embed(AqrConnection *connection, const char *work_dir, GError **error)
{
    g_autofree char *uri = NULL;

    connection->embed_root = g_build_filename(work_dir, "libvirt", NULL);
    uri = aqr_embed_prepare(connection->embed_root, error);
    if (uri == NULL)
        return NULL;
    connection->reaper = aqr_reaper_new(error);
    return connection->reaper == NULL ? NULL : g_steal_pointer(&uri);
}

AqrConnection *
aqr_connection_open(const char *uri, const char *work_dir, const AqrVmSpec *spec,
                    const AqrStop *stop, GError **error)
{
    g_autoptr(AqrConnection) connection = g_new0(AqrConnection, 1);
    g_autofree char *used = g_str_equal(uri, AQR_LIBVIRT_EMBED)
                                ? prepare_embed(connection, work_dir, error)
                                : g_strdup(uri);

    if (used == NULL)
        return NULL;
    connection->handle = aqr_libvirt_connect(used, stop, error);
    if (connection->handle == NULL ||
        (connection->embed_root == NULL && !aqr_reach_check(connection->handle, spec, error)) ||
        !check_emulator(connection, spec, error))
        return NULL;
    return g_steal_pointer(&connection);
}

void
aqr_connection_close(AqrConnection *connection)
{
    if (connection == NULL)
        return;
    g_clear_pointer(&connection->handle, virConnectClose);
    aqr_reaper_free(connection->reaper);
    g_free(connection->embed_root);
    g_free(connection);
}

virConnectPtr
aqr_connection_get_handle(AqrConnection *connection)
{
    return connection->handle;
}

gboolean
aqr_connection_is_daemon(const AqrConnection *connection)
{
    return connection->embed_root == NULL;
}

void
aqr_connection_share_capabilities(const AqrConnection *connection)
{
    if (connection->embed_root != NULL)
        aqr_embed_share_capabilities(connection->embed_root);
}

GPid
aqr_connection_find_qemu(const AqrConnection *connection, const char *name)
{
    g_autofree char *file = g_strconcat(name, ".pid", NULL);
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;

    if (connection->embed_root == NULL)
        return 0;
    path = g_build_filename(connection->embed_root, "run", "qemu", file, NULL);
    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    return (GPid)g_ascii_strtoll(text, NULL, 10);
}
