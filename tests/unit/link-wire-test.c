/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/link-wire.h"

#include "support/check-main.h"

static const struct {
    AqrWireHeader header;
    guint8 bytes[AQR_WIRE_HEADER];
} headers[] = {
    { { 0, 0, AQR_WIRE_EXEC, 0 }, { [8] = 1 } },
    { { 1, 2, AQR_WIRE_DATA, 1 }, { 1, 0, 0, 0, 2, 0, 0, 0, 2, 1, 0, 0 } },
    { { 0x010203, 0x0a0b0c0d, AQR_WIRE_END, 2 }, { 3, 2, 1, 0, 0xd, 0xc, 0xb, 0xa, 3, 2, 0, 0 } },
    { { AQR_WIRE_MAX_PAYLOAD, G_MAXUINT32, AQR_WIRE_EXIT, 0 },
      { 0, 0, 0x40, 0, 0xff, 0xff, 0xff, 0xff, 7, 0, 0, 0 } },
    { { AQR_WIRE_GREET_LENGTH, 0, AQR_WIRE_GREET, 0 }, { 88, [8] = 8 } },
};

START_TEST(goes_over)
{
    const AqrWireHeader *header = &headers[_i].header;
    guint8 bytes[AQR_WIRE_HEADER];
    AqrWireHeader back;

    memset(bytes, 0xee, sizeof bytes);
    aqr_wire_pack(bytes, header);
    ck_assert_mem_eq(bytes, headers[_i].bytes, AQR_WIRE_HEADER);
    ck_assert_int_eq(aqr_wire_unpack(bytes, &back), 1);
    ck_assert_uint_eq(back.length, header->length);
    ck_assert_uint_eq(back.stream, header->stream);
    ck_assert_uint_eq(back.type, header->type);
    ck_assert_uint_eq(back.channel, header->channel);
}
END_TEST

static const guint8 nonsense[][AQR_WIRE_HEADER] = {
    { [8] = 0 }, /* no type */
    { [8] = AQR_WIRE_GREET + 1 },
    { [8] = 0xff },
    { [8] = AQR_WIRE_DATA, [9] = 3 },  /* no channel */
    { [8] = AQR_WIRE_DATA, [10] = 1 }, /* the rest is zero */
    { [8] = AQR_WIRE_DATA, [11] = 1 },
    { 1, 0, 0x40, 0, [8] = AQR_WIRE_EXEC }, /* one byte too long */
    { 0, 0, 0, 0x80, [8] = AQR_WIRE_EXEC },
    { 'r', 'o', 'o', 't', '@', 'h', 'o', 's', 't', ':', '~', '#' },
};

START_TEST(refuses)
{
    AqrWireHeader header = { .stream = 4711 };

    ck_assert_int_eq(aqr_wire_unpack(nonsense[_i], &header), 0);
    ck_assert_uint_eq(header.stream, 4711);
}
END_TEST

static const guint32 numbers[] = { 0, 1, 0xff, 0x100, 0x01020304, 0x80000000, G_MAXUINT32 };

START_TEST(numbers_come_back)
{
    guint8 bytes[4];

    aqr_wire_put32(bytes, numbers[_i]);
    ck_assert_uint_eq(aqr_wire_get32(bytes), numbers[_i]);
    ck_assert_uint_eq(bytes[0], numbers[_i] & 0xff);
}
END_TEST

START_TEST(greeting_goes_over)
{
    static const AqrWireGreet greet = { .nonce = { 'n', 'o', [15] = 'e' },
                                        .time = 0x0102030405060708,
                                        .seed = { 1, 2, [63] = 0xff } };
    static const guint8 time[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
    AqrWireHeader header = { .length = AQR_WIRE_GREET_LENGTH, .type = AQR_WIRE_GREET };
    guint8 bytes[AQR_WIRE_GREET_LENGTH];
    AqrWireGreet back;

    memset(bytes, 0xee, sizeof bytes);
    aqr_wire_pack_greet(bytes, &greet);
    ck_assert_mem_eq(bytes, greet.nonce, sizeof greet.nonce);
    ck_assert_mem_eq(bytes + 16, time, sizeof time);
    ck_assert_mem_eq(bytes + 24, greet.seed, sizeof greet.seed);
    ck_assert_int_eq(aqr_wire_unpack_greet(&header, bytes, &back), 1);
    ck_assert_mem_eq(back.nonce, greet.nonce, sizeof greet.nonce);
    ck_assert_uint_eq(back.time, greet.time);
    ck_assert_mem_eq(back.seed, greet.seed, sizeof greet.seed);
}
END_TEST

static const AqrWireHeader no_greetings[] = {
    { AQR_WIRE_GREET_LENGTH, 0, AQR_WIRE_EXEC, 0 },
    { AQR_WIRE_GREET_LENGTH, 1, AQR_WIRE_GREET, 0 },
    { AQR_WIRE_GREET_LENGTH, 0, AQR_WIRE_GREET, 1 },
    { AQR_WIRE_GREET_LENGTH - 1, 0, AQR_WIRE_GREET, 0 },
    { AQR_WIRE_GREET_LENGTH + 1, 0, AQR_WIRE_GREET, 0 },
    { 0, 0, AQR_WIRE_GREET, 0 },
};

START_TEST(refuses_greeting)
{
    static const guint8 bytes[AQR_WIRE_GREET_LENGTH + 1];
    AqrWireGreet greet = { .time = 4711 };

    ck_assert_int_eq(aqr_wire_unpack_greet(&no_greetings[_i], bytes, &greet), 0);
    ck_assert_uint_eq(greet.time, 4711);
}
END_TEST

/* The lengths are written by hand, and the magic must not look like a frame. */
START_TEST(knows_its_lengths)
{
    AqrWireHeader header;

    ck_assert_uint_eq(strlen(AQR_WIRE_MAGIC), AQR_WIRE_MAGIC_LENGTH);
    ck_assert_uint_ge(AQR_WIRE_MAGIC_LENGTH, AQR_WIRE_HEADER);
    ck_assert_int_eq(aqr_wire_unpack((const guint8 *)AQR_WIRE_MAGIC, &header), 0);
    ck_assert_uint_eq(AQR_WIRE_GREET_LENGTH, 88);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, goes_over, 0, G_N_ELEMENTS(headers));
    tcase_add_loop_test(tcase, refuses, 0, G_N_ELEMENTS(nonsense));
    tcase_add_loop_test(tcase, numbers_come_back, 0, G_N_ELEMENTS(numbers));
    tcase_add_test(tcase, greeting_goes_over);
    tcase_add_loop_test(tcase, refuses_greeting, 0, G_N_ELEMENTS(no_greetings));
    tcase_add_test(tcase, knows_its_lengths);
}
