/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-link.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "host/listener.h"
#include "host/sink.h"

#define READ_AT_ONCE (256u << 10)

typedef struct {
    AqrLinkReceive receive;
    gpointer data;
} Stream;

struct AqrGuestLink {
    AqrListener *listener;
    int fd; /* -1: QEMU is not connected */
    guint source;
    AqrSink *out;
    GByteArray *in;
    char *hello;    /* what the agent's first bytes will be; NULL: none is expected */
    char *greeting; /* the nonce for an agent that is there, until QEMU is connected; or NULL */
    gboolean up;
    GHashTable *streams; /* number to Stream */
    guint32 last_stream;
};

/* --- streams ----------------------------------------------------------- */

guint32
aqr_guest_link_add(AqrGuestLink *link, AqrLinkReceive receive, gpointer data)
{
    Stream *stream = g_new(Stream, 1);

    *stream = (Stream){ receive, data };
    link->last_stream++;
    g_hash_table_insert(link->streams, GUINT_TO_POINTER(link->last_stream), stream);
    return link->last_stream;
}

void
aqr_guest_link_remove(AqrGuestLink *link, guint32 stream)
{
    g_hash_table_remove(link->streams, GUINT_TO_POINTER(stream));
}

static gboolean
receive_frame(AqrGuestLink *link, guint32 number, const AqrWireHeader *header,
              const guint8 *payload)
{
    const Stream *stream = g_hash_table_lookup(link->streams, GUINT_TO_POINTER(number));

    return stream == NULL || stream->receive(header, payload, stream->data);
}

static void
lose_streams(AqrGuestLink *link)
{
    g_autoptr(GList) numbers = g_hash_table_get_keys(link->streams);

    for (GList *item = numbers; item != NULL; item = item->next)
        receive_frame(link, GPOINTER_TO_UINT(item->data), NULL, NULL);
}

/* --- what comes in ----------------------------------------------------- */

/* Before the hello there may be the rest of what an earlier agent sent. */
static void
find_hello(AqrGuestLink *link)
{
    const guint8 *hello = memmem(link->in->data, link->in->len, link->hello, AQR_WIRE_HELLO_LENGTH);
    gsize done;

    if (hello == NULL) {
        done = MAX(link->in->len, AQR_WIRE_HELLO_LENGTH) - AQR_WIRE_HELLO_LENGTH;
        g_byte_array_remove_range(link->in, 0, (guint)done);
        return;
    }
    done = (gsize)(hello - link->in->data) + AQR_WIRE_HELLO_LENGTH;
    g_byte_array_remove_range(link->in, 0, (guint)done);
    link->up = TRUE;
    g_clear_pointer(&link->hello, g_free);
}

/* Nothing that follows nonsense can be understood. */
static void
handle_frames(AqrGuestLink *link)
{
    gsize done = 0;
    AqrWireHeader header;

    while (link->up && link->in->len - done >= AQR_WIRE_HEADER) {
        const guint8 *bytes = link->in->data + done;

        if (!aqr_wire_unpack(bytes, &header)) {
            aqr_guest_link_drop(link);
            return;
        }
        if (link->in->len - done < AQR_WIRE_HEADER + header.length)
            break;
        done += AQR_WIRE_HEADER + header.length;
        if (!receive_frame(link, header.stream, &header, bytes + AQR_WIRE_HEADER)) {
            aqr_guest_link_drop(link);
            return;
        }
    }
    g_byte_array_remove_range(link->in, 0, (guint)MIN(done, link->in->len));
}

static gboolean
read_link(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    AqrGuestLink *link = data;
    guint before = link->in->len;
    ssize_t got;

    g_byte_array_set_size(link->in, before + READ_AT_ONCE);
    got = read(fd, link->in->data + before, READ_AT_ONCE);
    g_byte_array_set_size(link->in, before + (guint)MAX(got, 0));
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        link->source = 0;
        aqr_guest_link_drop(link);
        return G_SOURCE_REMOVE;
    }
    if (link->hello != NULL)
        find_hello(link);
    if (link->up)
        handle_frames(link);
    else if (link->hello == NULL)
        g_byte_array_set_size(link->in, 0);
    return G_SOURCE_CONTINUE;
}

/* --- what goes out ----------------------------------------------------- */

static void
ignore_gone(G_GNUC_UNUSED gsize length, G_GNUC_UNUSED gboolean broken, G_GNUC_UNUSED gpointer data)
{
}

static void
write_frame(AqrGuestLink *link, const AqrWireHeader *header, const void *payload)
{
    guint8 packed[AQR_WIRE_HEADER];

    aqr_wire_pack(packed, header);
    aqr_sink_write(link->out, packed, sizeof packed);
    aqr_sink_write(link->out, payload, header->length);
}

void
aqr_guest_link_send(AqrGuestLink *link, AqrWireType type, guint32 stream, guint8 channel,
                    const void *payload, gsize length)
{
    AqrWireHeader header = {
        .length = (guint32)length, .stream = stream, .type = (guint8)type, .channel = channel
    };

    if (link->up && link->out != NULL)
        write_frame(link, &header, payload);
}

/* The time is right when it leaves. */
static void
write_greeting(AqrGuestLink *link)
{
    AqrWireHeader header = { .length = AQR_WIRE_GREET_LENGTH, .type = AQR_WIRE_GREET };
    AqrWireGreet greet;
    guint8 payload[AQR_WIRE_GREET_LENGTH];

    memcpy(greet.nonce, link->greeting, AQR_WIRE_NONCE_LENGTH);
    if (getrandom(greet.seed, sizeof greet.seed, 0) != sizeof greet.seed)
        return; /* no answer will come, and whoever waits for it gives up */
    greet.time = (guint64)g_get_real_time();
    aqr_wire_pack_greet(payload, &greet);
    write_frame(link, &header, payload);
    g_clear_pointer(&link->greeting, g_free);
}

void
aqr_guest_link_greet(AqrGuestLink *link, const char *nonce)
{
    aqr_guest_link_drop(link);
    link->hello = g_strconcat(AQR_WIRE_MAGIC, nonce, NULL);
    link->greeting = g_strdup(nonce);
    if (link->out != NULL)
        write_greeting(link);
}

void
aqr_guest_link_bring(AqrGuestLink *link, GBytes *program, const char *nonce)
{
    g_autofree char *mark = g_strdup_printf("\n%s\n", nonce);

    aqr_guest_link_drop(link);
    link->hello = g_strconcat(AQR_WIRE_MAGIC, nonce, NULL);
    if (link->out == NULL)
        return;
    aqr_sink_clear(link->out);
    aqr_sink_write(link->out, mark, strlen(mark));
    aqr_sink_write(link->out, g_bytes_get_data(program, NULL), g_bytes_get_size(program));
}

/* --- life -------------------------------------------------------------- */

static void
close_connection(AqrGuestLink *link)
{
    if (link->source != 0)
        g_source_remove(link->source);
    link->source = 0;
    g_clear_pointer(&link->out, aqr_sink_free); /* closes the fd */
    link->fd = -1;
}

static void
take_connection(int fd, gpointer data)
{
    AqrGuestLink *link = data;

    g_clear_pointer(&link->listener, aqr_listener_free); /* QEMU only, and once */
    link->fd = fd;
    link->out = aqr_sink_new(fd, ignore_gone, NULL);
    link->source = g_unix_fd_add(fd, G_IO_IN, read_link, link);
    if (link->greeting != NULL)
        write_greeting(link);
}

AqrGuestLink *
aqr_guest_link_new(const char *path, GError **error)
{
    AqrGuestLink *link = g_new0(AqrGuestLink, 1);

    link->fd = -1;
    link->in = g_byte_array_new();
    link->streams = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    link->listener = aqr_listener_new(path, AQR_PEERS_QEMU, take_connection, link, error);
    if (link->listener == NULL)
        g_clear_pointer(&link, aqr_guest_link_free);
    return link;
}

void
aqr_guest_link_free(AqrGuestLink *link)
{
    if (link == NULL)
        return;
    aqr_guest_link_drop(link);
    close_connection(link);
    aqr_listener_free(link->listener);
    g_hash_table_unref(link->streams);
    g_byte_array_unref(link->in);
    g_free(link);
}

gboolean
aqr_guest_link_is_up(const AqrGuestLink *link)
{
    return link->up;
}

void
aqr_guest_link_drop(AqrGuestLink *link)
{
    link->up = FALSE;
    g_clear_pointer(&link->hello, g_free);
    g_clear_pointer(&link->greeting, g_free);
    g_byte_array_set_size(link->in, 0);
    lose_streams(link);
}
