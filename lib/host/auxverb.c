/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/auxverb.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/exec-wire.h"
#include "host/guest-command.h"
#include "host/listener.h"

struct AqrAuxverb {
    AqrListener *listener;
    AqrAuxverbFindLink find_link;
    gpointer data;
    GList *clients;
};

typedef struct {
    AqrAuxverb *auxverb;
    int socket;
    guint source;
    int fds[3];
    GByteArray *request; /* the length, then the arguments */
    AqrGuestCommand *command;
} Client;

static void
close_fds(Client *client)
{
    for (int i = 0; i < 3; i++) {
        if (client->fds[i] >= 0)
            close(client->fds[i]);
        client->fds[i] = -1;
    }
}

static void
free_client(Client *client)
{
    client->auxverb->clients = g_list_remove(client->auxverb->clients, client);
    if (client->command != NULL)
        aqr_guest_command_kill(client->command);
    if (client->source != 0)
        g_source_remove(client->source);
    close_fds(client);
    close(client->socket);
    g_byte_array_unref(client->request);
    g_free(client);
}

/* The client's own fds are closed first: once it is told, all has been written. */
static void
answer(Client *client, int status, const char *why)
{
    guint8 reply[4];

    close_fds(client);
    aqr_wire_put32(reply, (guint32)status);
    if (send(client->socket, reply, sizeof reply, MSG_NOSIGNAL) > 0 && why != NULL &&
        send(client->socket, why, strlen(why), MSG_NOSIGNAL) < 0) {
        /* It has gone: nobody wants to know. */
    }
    free_client(client);
}

static void
command_ended(int status, gpointer data)
{
    Client *client = data;

    client->command = NULL;
    if (status < 0)
        answer(client, AQR_EXEC_STATUS_FAILED, "the testbed has gone");
    else if (status == AQR_EXEC_STATUS_FAILED || status == AQR_EXEC_STATUS_RESERVED)
        answer(client, AQR_EXEC_STATUS_MAPPED, NULL);
    else
        answer(client, status, NULL);
}

/* --- the request ------------------------------------------------------- */

static void
take_fds(Client *client, struct msghdr *message)
{
    const struct cmsghdr *header = CMSG_FIRSTHDR(message);
    gsize length = sizeof client->fds;

    if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
        return;
    if (header->cmsg_len < CMSG_LEN(length))
        length = header->cmsg_len - CMSG_LEN(0);
    memcpy(client->fds, CMSG_DATA(header), length);
}

/* The kernel closes what does not fit in; fewer than three are closed by us. */
static gboolean
has_all_fds(const Client *client)
{
    return client->fds[0] >= 0 && client->fds[1] >= 0 && client->fds[2] >= 0;
}

/* What recv() says; the first byte comes with the fds, and is not kept. */
static ssize_t
receive(Client *client)
{
    union {
        struct cmsghdr header;
        char bytes[CMSG_LEN(sizeof client->fds)];
    } control;
    guint8 bytes[16384];
    struct iovec data = { bytes, client->fds[0] < 0 ? 1 : sizeof bytes };
    struct msghdr message = {
        .msg_iov = &data,
        .msg_iovlen = 1,
        .msg_control = &control,
        .msg_controllen = sizeof control,
    };
    ssize_t got = recvmsg(client->socket, &message, MSG_CMSG_CLOEXEC);

    if (got <= 0)
        return got;
    if (client->fds[0] >= 0) {
        g_byte_array_append(client->request, bytes, (guint)got);
        return got;
    }
    take_fds(client, &message);
    return has_all_fds(client) ? got : 0;
}

/* 0: not all of it is there yet. */
static gsize
request_length(const Client *client)
{
    gsize length;

    if (client->request->len < 4)
        return 0;
    length = aqr_wire_get32(client->request->data);
    return client->request->len - 4 < length ? 0 : length;
}

/* No arguments at all, or more than Linux takes. */
static gboolean
is_impossible(const Client *client)
{
    return client->request->len >= 4 &&
           aqr_wire_get32(client->request->data) - 1 >= AQR_EXEC_MAX_ARGUMENTS;
}

static void
start_command(Client *client, gsize length)
{
    AqrGuestLink *link = client->auxverb->find_link(client->auxverb->data);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    char *arguments = (char *)client->request->data + 4;

    if (link == NULL || !aqr_guest_link_is_up(link)) {
        answer(client, AQR_EXEC_STATUS_FAILED, "the testbed is not running");
        return;
    }
    arguments[length - 1] = '\0';
    for (char *next = arguments; next < arguments + length; next += strlen(next) + 1)
        g_ptr_array_add(argv, next);
    g_ptr_array_add(argv, NULL);
    client->command = aqr_guest_command_start(link, (const char *const *)argv->pdata, FALSE,
                                              client->fds, command_ended, client);
    close_fds(client); /* the command has its own by now */
}

/* A client says nothing once it has asked: what comes then is its end. */
static gboolean
read_client(G_GNUC_UNUSED int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    Client *client = data;
    ssize_t got = receive(client);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return G_SOURCE_CONTINUE;
    if (got <= 0 || client->command != NULL || is_impossible(client)) {
        client->source = 0;
        free_client(client);
        return G_SOURCE_REMOVE;
    }
    if (request_length(client) > 0)
        start_command(client, request_length(client));
    return G_SOURCE_CONTINUE;
}

static void
take_client(int fd, gpointer data)
{
    AqrAuxverb *auxverb = data;
    Client *client = g_new0(Client, 1);

    client->auxverb = auxverb;
    client->socket = fd;
    client->fds[0] = client->fds[1] = client->fds[2] = -1;
    client->request = g_byte_array_new();
    client->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, read_client, client);
    auxverb->clients = g_list_prepend(auxverb->clients, client);
}

/* --- life -------------------------------------------------------------- */

AqrAuxverb *
aqr_auxverb_new(const char *path, AqrAuxverbFindLink find_link, gpointer data, GError **error)
{
    g_autoptr(AqrAuxverb) auxverb = g_new0(AqrAuxverb, 1);

    auxverb->find_link = find_link;
    auxverb->data = data;
    auxverb->listener = aqr_listener_new(path, AQR_PEERS_OWN, take_client, auxverb, error);
    if (auxverb->listener == NULL)
        return NULL;
    return g_steal_pointer(&auxverb);
}

void
aqr_auxverb_free(AqrAuxverb *auxverb)
{
    if (auxverb == NULL)
        return;
    while (auxverb->clients != NULL)
        free_client(auxverb->clients->data);
    aqr_listener_free(auxverb->listener);
    g_free(auxverb);
}
