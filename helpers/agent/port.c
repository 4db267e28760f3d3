/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "port.h"

#include <errno.h>

#define FULL (256u << 10)
#define READ_AT_ONCE (64u << 10)

void
port_send(Port *port, const AqrWireHeader *header, const void *payload)
{
    aqr_wire_pack(buffer_reserve(&port->out, AQR_WIRE_HEADER), header);
    port->out.end += AQR_WIRE_HEADER;
    buffer_append(&port->out, payload, header->length);
}

void
port_send_number(Port *port, AqrWireType type, uint32_t stream, uint8_t channel, uint32_t number)
{
    AqrWireHeader header = {
        .length = 4, .stream = stream, .type = (uint8_t)type, .channel = channel
    };
    uint8_t payload[4];

    aqr_wire_put32(payload, number);
    port_send(port, &header, payload);
}

void
port_send_hello(Port *port, const char *nonce)
{
    buffer_append(&port->out, AQR_WIRE_MAGIC, AQR_WIRE_MAGIC_LENGTH);
    buffer_append(&port->out, nonce, AQR_WIRE_NONCE_LENGTH);
}

uint8_t *
port_begin_data(Port *port, size_t length)
{
    return buffer_reserve(&port->out, AQR_WIRE_HEADER + length) + AQR_WIRE_HEADER;
}

void
port_end_data(Port *port, uint32_t stream, uint8_t channel, size_t length)
{
    AqrWireHeader header = {
        .length = (uint32_t)length, .stream = stream, .type = AQR_WIRE_DATA, .channel = channel
    };

    if (length == 0)
        return;
    aqr_wire_pack(port->out.bytes + port->out.end, &header);
    port->out.end += AQR_WIRE_HEADER + length;
}

bool
port_is_full(const Port *port)
{
    return buffer_length(&port->out) >= FULL;
}

/* Reading 0 bytes is how a virtio-serial port says that nobody is there. */
bool
port_read(Port *port)
{
    ptrdiff_t got;

    if (port->confused)
        return false;
    got = buffer_fill(&port->in, port->fd, READ_AT_ONCE);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

bool
port_write(Port *port)
{
    while (buffer_length(&port->out) > 0) {
        if (buffer_drain(&port->out, port->fd) < 0)
            return errno == EAGAIN || errno == EINTR;
    }
    return true;
}

bool
port_next(Port *port, AqrWireHeader *header, const uint8_t **payload)
{
    const uint8_t *bytes;

    if (buffer_length(&port->in) < AQR_WIRE_HEADER)
        return false;
    bytes = port->in.bytes + port->in.start;
    if (!aqr_wire_unpack(bytes, header)) {
        port->confused = true;
        buffer_clear(&port->in);
        return false;
    }
    if (buffer_length(&port->in) < AQR_WIRE_HEADER + header->length)
        return false;
    *payload = bytes + AQR_WIRE_HEADER;
    buffer_consume(&port->in, AQR_WIRE_HEADER + header->length);
    return true;
}
