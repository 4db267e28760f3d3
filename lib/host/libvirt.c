/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/libvirt.h"

#include <unistd.h>

#define SYSTEM_SOCKET "/run/libvirt/libvirt-sock"
#define SYSTEM_SOCKET_MODULAR "/run/libvirt/virtqemud-sock"

/* A daemon that does not answer for this long is dead: seconds, and how often. */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT 6

static void
keep_quiet(G_GNUC_UNUSED void *data, G_GNUC_UNUSED virErrorPtr failed)
{
}

void
aqr_libvirt_init(const char *log_file)
{
    g_autofree char *outputs = g_strconcat("3:file:", log_file, NULL);

    g_setenv("LIBVIRT_LOG_OUTPUTS", outputs, FALSE);
    virSetErrorFunc(NULL, keep_quiet);
    virEventRegisterDefaultImpl();
}

void
aqr_libvirt_set_error(GError **error, AqrError code, const char *doing)
{
    virErrorPtr failed = virGetLastError();
    g_autofree char *message = g_strdup(
        failed == NULL || failed->message == NULL ? "libvirt does not say why" : failed->message);

    g_set_error(error, AQR_ERROR, (int)code, "%s: %s", doing, g_strchomp(message));
}

const char *
aqr_libvirt_choose_uri(const char *wanted)
{
    const char *by_default = g_getenv("LIBVIRT_DEFAULT_URI");

    if (wanted != NULL)
        return wanted;
    if (by_default != NULL && *by_default != '\0')
        return by_default;
    if (access(SYSTEM_SOCKET, R_OK | W_OK) == 0 || access(SYSTEM_SOCKET_MODULAR, R_OK | W_OK) == 0)
        return "qemu:///system";
    return AQR_LIBVIRT_EMBED;
}

gboolean
aqr_libvirt_is_embed(const char *uri)
{
    return g_str_has_prefix(uri, AQR_LIBVIRT_EMBED);
}

virConnectPtr
aqr_libvirt_connect(const char *uri, GError **error)
{
    g_autoptr(virConnect) connection = virConnectOpen(uri);

    if (connection == NULL) {
        g_autofree char *doing = g_strdup_printf("cannot connect to \"%s\"", uri);

        aqr_libvirt_set_error(error, AQR_ERROR_HOST, doing);
        g_prefix_error(
            error, "%s: ",
            aqr_libvirt_is_embed(uri)
                ? "libvirt-daemon-driver-qemu and libvirt-daemon-system must be installed"
                : "libvirt's daemon must be running, and let you use it");
        return NULL;
    }
    if (!aqr_libvirt_is_embed(uri))
        virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
    return g_steal_pointer(&connection);
}

gboolean
aqr_libvirt_check_emulator(virConnectPtr connection, const char *emulator, const char *arch,
                           GError **error)
{
    g_autofree char *capabilities =
        virConnectGetDomainCapabilities(connection, emulator, arch, NULL, NULL, 0);
    g_autofree char *doing = NULL;

    if (capabilities != NULL)
        return TRUE;
    doing = g_strdup_printf("libvirt cannot use \"%s\" as a QEMU for %s", emulator, arch);
    aqr_libvirt_set_error(error, AQR_ERROR_HOST, doing);
    return FALSE;
}
