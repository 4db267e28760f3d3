/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* The protocol between the server and its agent in the guest, over one
 * virtio-serial port. Plain C without GLib: the agent is linked statically and
 * shares this file.
 *
 * Both ends send frames: a header of 12 bytes, little endian, and a payload.
 * The server starts commands, each on a stream of its own with a number that
 * it chooses and does not use twice in the agent's life. Data flows on a
 * stream's three channels (0, 1, 2: the command's stdin, stdout, stderr) and
 * never more of it than the receiver gave credit for, so that one command that
 * nobody reads does not hold up the others.
 *
 *   server                     agent
 *     |        <- hello           first thing an agent sends: magic and nonce
 *     | AQR_WIRE_GREET ->         the guest was restored: a nonce for a new hello, the time,
 *     |                           random bytes; all earlier streams are over, their numbers free
 *     | AQR_WIRE_EXEC ->          flags, then arguments, each ended by a NUL
 *     | AQR_WIRE_DATA ->          stdin
 *     | AQR_WIRE_END ->           stdin ends; or nobody reads stdout, stderr any more
 *     |        <- AQR_WIRE_DATA   stdout, stderr
 *     |       <-> AQR_WIRE_CREDIT a number: so many more bytes may be sent
 *     | AQR_WIRE_KILL ->          end the command and what it started
 *     | AQR_WIRE_RESIZE ->        rows, columns of the command's terminal
 *     |        <- AQR_WIRE_EXIT   status; nothing follows on this stream
 */
#include <stdint.h>
#include <string.h>

#define AQR_WIRE_PORT "org.debian.rocm-testbed.0"

#define AQR_WIRE_HEADER 12u
#define AQR_WIRE_MAX_PAYLOAD (4u << 20) /* an EXEC holds a whole argv, Linux takes 2 MiB */
#define AQR_WIRE_MAX_DATA (64u << 10)
#define AQR_WIRE_WINDOW (512u << 10) /* credit of a channel at its start */

/* What a HELLO starts with: it follows whatever an earlier agent left half
 * sent, and must be found in it. */
#define AQR_WIRE_MAGIC \
    "\x7f"             \
    "AQR-HELLO-1\n"
#define AQR_WIRE_MAGIC_LENGTH 13u
#define AQR_WIRE_NONCE_LENGTH 16u /* of printable characters, chosen by the server */
#define AQR_WIRE_HELLO_LENGTH (AQR_WIRE_MAGIC_LENGTH + AQR_WIRE_NONCE_LENGTH)

typedef enum {
    AQR_WIRE_EXEC = 1,
    AQR_WIRE_DATA,
    AQR_WIRE_END,
    AQR_WIRE_CREDIT,
    AQR_WIRE_KILL,
    AQR_WIRE_RESIZE,
    AQR_WIRE_EXIT,
    AQR_WIRE_GREET,
} AqrWireType;

/* The payload of a GREET, in this order, on stream 0. An agent that is greeted ends what runs,
 * sets the guest's clock, stirs the random bytes into the kernel's entropy (random(4),
 * RNDADDENTROPY and RNDRESEEDCRNG), and says hello with the nonce. It says nothing when it
 * cannot. */
#define AQR_WIRE_TIME_LENGTH 8u /* microseconds since 1970, little endian */
#define AQR_WIRE_SEED_LENGTH 64u
#define AQR_WIRE_GREET_LENGTH (AQR_WIRE_NONCE_LENGTH + AQR_WIRE_TIME_LENGTH + AQR_WIRE_SEED_LENGTH)

/* The first payload byte of an EXEC. */
enum {
    AQR_WIRE_TERMINAL = 1 << 0, /* run it on a terminal of its own; stderr goes with stdout */
};

typedef struct {
    uint32_t length; /* of the payload, at most AQR_WIRE_MAX_PAYLOAD */
    uint32_t stream;
    uint8_t type;
    uint8_t channel;
} AqrWireHeader;

typedef struct {
    char nonce[AQR_WIRE_NONCE_LENGTH]; /* without a NUL */
    uint64_t time;
    uint8_t seed[AQR_WIRE_SEED_LENGTH];
} AqrWireGreet;

static inline void
aqr_wire_put32(uint8_t *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(number >> (8 * i));
}

static inline uint32_t
aqr_wire_get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
           (uint32_t)bytes[3] << 24;
}

static inline void
aqr_wire_pack(uint8_t bytes[AQR_WIRE_HEADER], const AqrWireHeader *header)
{
    aqr_wire_put32(bytes, header->length);
    aqr_wire_put32(bytes + 4, header->stream);
    bytes[8] = header->type;
    bytes[9] = header->channel;
    bytes[10] = bytes[11] = 0;
}

/* 0 when @bytes cannot be a header: the other end is not what we think. */
static inline int
aqr_wire_unpack(const uint8_t bytes[AQR_WIRE_HEADER], AqrWireHeader *header)
{
    AqrWireHeader read = {
        .length = aqr_wire_get32(bytes),
        .stream = aqr_wire_get32(bytes + 4),
        .type = bytes[8],
        .channel = bytes[9],
    };

    if (read.length > AQR_WIRE_MAX_PAYLOAD || read.type < AQR_WIRE_EXEC ||
        read.type > AQR_WIRE_GREET || read.channel > 2 || bytes[10] != 0 || bytes[11] != 0)
        return 0;
    *header = read;
    return 1;
}

static inline void
aqr_wire_pack_greet(uint8_t bytes[AQR_WIRE_GREET_LENGTH], const AqrWireGreet *greet)
{
    uint8_t *time = bytes + AQR_WIRE_NONCE_LENGTH;

    memcpy(bytes, greet->nonce, AQR_WIRE_NONCE_LENGTH);
    aqr_wire_put32(time, (uint32_t)greet->time);
    aqr_wire_put32(time + 4, (uint32_t)(greet->time >> 32));
    memcpy(time + AQR_WIRE_TIME_LENGTH, greet->seed, AQR_WIRE_SEED_LENGTH);
}

/* 0 when the frame is no GREET. */
static inline int
aqr_wire_unpack_greet(const AqrWireHeader *header, const uint8_t *payload, AqrWireGreet *greet)
{
    const uint8_t *time;

    if (header->type != AQR_WIRE_GREET || header->stream != 0 || header->channel != 0 ||
        header->length != AQR_WIRE_GREET_LENGTH)
        return 0;
    time = payload + AQR_WIRE_NONCE_LENGTH;
    memcpy(greet->nonce, payload, AQR_WIRE_NONCE_LENGTH);
    greet->time = aqr_wire_get32(time) | (uint64_t)aqr_wire_get32(time + 4) << 32;
    memcpy(greet->seed, time + AQR_WIRE_TIME_LENGTH, AQR_WIRE_SEED_LENGTH);
    return 1;
}
