/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/listener.h"

#include <errno.h>
#include <glib-unix.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

struct AqrListener {
    char *path;
    int fd;
    guint source;
    AqrPeers peers;
    AqrAccepted accepted;
    gpointer data;
};

/* Debian's name for it. */
static gboolean
is_qemu_user(uid_t uid)
{
    const struct passwd *entry = getpwnam("libvirt-qemu");

    return entry != NULL && entry->pw_uid == uid;
}

static gboolean
may_connect(int fd, AqrPeers peers)
{
    struct ucred peer;
    socklen_t length = sizeof peer;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0)
        return FALSE;
    return peer.uid == getuid() || peer.uid == 0 ||
           (peers == AQR_PEERS_QEMU && is_qemu_user(peer.uid));
}

static gboolean
accept_one(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrListener *listener = data;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (client >= 0 && !may_connect(client, listener->peers))
        close(client);
    else if (client >= 0)
        listener->accepted(client, listener->data);
    return G_SOURCE_CONTINUE;
}

static int
listen_on(const char *path, mode_t mode)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd;

    if (g_strlcpy(address.sun_path, path, sizeof address.sun_path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(path, mode) < 0 ||
        listen(fd, SOMAXCONN) < 0) {
        int failed = errno;

        close(fd);
        errno = failed;
        return -1;
    }
    return fd;
}

AqrListener *
aqr_listener_new(const char *path, AqrPeers peers, AqrAccepted accepted, gpointer data,
                 GError **error)
{
    AqrListener *listener;
    int fd = listen_on(path, peers == AQR_PEERS_OWN ? 0600 : 0777);

    if (fd < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot listen on \"%s\": %s", path,
                    g_strerror(errno));
        return NULL;
    }
    listener = g_new0(AqrListener, 1);
    listener->path = g_strdup(path);
    listener->fd = fd;
    listener->peers = peers;
    listener->accepted = accepted;
    listener->data = data;
    listener->source = g_unix_fd_add(fd, G_IO_IN, accept_one, listener);
    return listener;
}

void
aqr_listener_free(AqrListener *listener)
{
    if (listener == NULL)
        return;
    g_source_remove(listener->source);
    close(listener->fd);
    unlink(listener->path);
    g_free(listener->path);
    g_free(listener);
}
