/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The agent's end of the link: frames in, frames out. See core/link-wire.h. */
#include <stdbool.h>
#include <stdint.h>

#include "buffer.h"
#include "core/link-wire.h"

typedef struct {
    int fd;
    bool confused; /* the other end has talked nonsense: it is gone for good */
    Buffer in;
    Buffer out;
} Port;

void port_send(Port *port, const AqrWireHeader *header, const void *payload);
void port_send_number(Port *port, AqrWireType type, uint32_t stream, uint8_t channel,
                      uint32_t number);

/* The hello is no frame; @nonce has AQR_WIRE_NONCE_LENGTH bytes. */
void port_send_hello(Port *port, const char *nonce);

/* Opens a DATA frame of at most @length bytes: room for them, to be filled in,
 * and then sent with how many there are. 0 takes the frame back. */
uint8_t *port_begin_data(Port *port, size_t length);
void port_end_data(Port *port, uint32_t stream, uint8_t channel, size_t length);

/* The output is backed up: do not read more from commands. */
bool port_is_full(const Port *port);

/* False when the other end is gone, or port_next() has met nonsense: nothing that
 * follows it could be understood. */
bool port_read(Port *port);
bool port_write(Port *port);

/* The next whole frame, or false. Its payload is good until the next call of
 * port_read(). */
bool port_next(Port *port, AqrWireHeader *header, const uint8_t **payload);
