/* SPDX-License-Identifier: GPL-2.0-or-later */

/* How a link comes up. The test is the agent: it writes bytes, good ones and others. */
#include "host/guest-link.h"

#include <string.h>

#include "support/check-main.h"
#include "support/fake-agent.h"

static FakeAgent *agent;

static void
set_up(void)
{
    agent = fake_agent_new();
}

static void
tear_down(void)
{
    fake_agent_free(agent);
}

START_TEST(brings)
{
    char heard[64];

    fake_agent_bring(agent, "the program");
    ck_assert_uint_eq(fake_agent_hear(agent, heard, sizeof heard),
                      strlen("\n" FAKE_NONCE "\nthe program"));
    ck_assert_mem_eq(heard, "\n" FAKE_NONCE "\nthe program",
                     strlen("\n" FAKE_NONCE "\nthe program"));
    ck_assert(!aqr_guest_link_is_up(agent->link));
}
END_TEST

/* --- the greeting ------------------------------------------------------- */

#define GREETING (AQR_WIRE_HEADER + AQR_WIRE_GREET_LENGTH)

/* What an agent finds that was greeted just now, and nothing else. */
static void
hear_greeting(AqrWireGreet *greet)
{
    guint8 heard[GREETING + 1];
    AqrWireHeader header;
    gint64 age;

    ck_assert_uint_eq(fake_agent_hear(agent, (char *)heard, sizeof heard), GREETING);
    ck_assert_int_eq(aqr_wire_unpack(heard, &header), 1);
    ck_assert_int_eq(aqr_wire_unpack_greet(&header, heard + AQR_WIRE_HEADER, greet), 1);
    ck_assert_mem_eq(greet->nonce, FAKE_NONCE, AQR_WIRE_NONCE_LENGTH);
    age = g_get_real_time() - (gint64)greet->time;
    ck_assert_int_ge(age, 0);
    ck_assert_int_lt(age, 10 * G_TIME_SPAN_SECOND);
}

START_TEST(greets)
{
    AqrWireGreet greet, again;

    aqr_guest_link_greet(agent->link, FAKE_NONCE);
    ck_assert(!aqr_guest_link_is_up(agent->link));
    hear_greeting(&greet);
    aqr_guest_link_greet(agent->link, FAKE_NONCE);
    hear_greeting(&again);
    ck_assert_mem_ne(greet.seed, again.seed, AQR_WIRE_SEED_LENGTH);
    ck_assert_uint_ge(again.time, greet.time);
    fake_agent_say(agent, "left over" FAKE_HELLO, strlen("left over" FAKE_HELLO));
    ck_assert(aqr_guest_link_is_up(agent->link));
}
END_TEST

START_TEST(greets_once_connected)
{
    AqrWireGreet greet;
    gint64 connected;

    fake_agent_listen_anew(agent);
    aqr_guest_link_greet(agent->link, FAKE_NONCE);
    connected = g_get_real_time();
    fake_agent_connect(agent);
    hear_greeting(&greet);
    ck_assert_int_ge((gint64)greet.time, connected); /* not the time at which it was asked for */
    fake_agent_say(agent, FAKE_HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(aqr_guest_link_is_up(agent->link));
}
END_TEST

/* Whoever connects after that is no agent that was restored. */
START_TEST(greets_nobody_when_dropped)
{
    char heard[64];

    fake_agent_listen_anew(agent);
    aqr_guest_link_greet(agent->link, FAKE_NONCE);
    aqr_guest_link_drop(agent->link);
    fake_agent_connect(agent);
    ck_assert_uint_eq(fake_agent_hear(agent, heard, sizeof heard), 0);
    fake_agent_say(agent, FAKE_HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(!aqr_guest_link_is_up(agent->link));
}
END_TEST

/* --- the hello ---------------------------------------------------------- */

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *bytes;
    gsize length;
    gboolean up;
} hellos[] = {
    { BYTES(FAKE_HELLO), TRUE },
    { BYTES("left over" FAKE_HELLO), TRUE },
    { BYTES("\0\0\0\0\x01" AQR_WIRE_MAGIC FAKE_HELLO), TRUE },
    { BYTES(AQR_WIRE_MAGIC "fedcba9876543210" FAKE_HELLO), TRUE }, /* another's came first */
    { BYTES(AQR_WIRE_MAGIC "fedcba9876543210"), FALSE },
    { BYTES(AQR_WIRE_MAGIC), FALSE },
    { BYTES(FAKE_NONCE), FALSE },
    { BYTES("root@host:/# "), FALSE },
};

START_TEST(finds_hello_at_once)
{
    fake_agent_bring(agent, "");
    fake_agent_say(agent, hellos[_i].bytes, hellos[_i].length);
    ck_assert_int_eq(aqr_guest_link_is_up(agent->link), hellos[_i].up);
}
END_TEST

START_TEST(finds_hello_byte_by_byte)
{
    fake_agent_bring(agent, "");
    for (gsize i = 0; i < hellos[_i].length; i++)
        fake_agent_say(agent, hellos[_i].bytes + i, 1);
    ck_assert_int_eq(aqr_guest_link_is_up(agent->link), hellos[_i].up);
}
END_TEST

START_TEST(finds_hello_behind_much)
{
    g_autofree char *junk = g_malloc0(100000);

    fake_agent_bring(agent, "");
    fake_agent_say(agent, junk, 100000);
    fake_agent_say(agent, FAKE_HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(aqr_guest_link_is_up(agent->link));
}
END_TEST

START_TEST(expects_no_hello_unasked)
{
    fake_agent_say(agent, FAKE_HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(!aqr_guest_link_is_up(agent->link));
    fake_agent_come_up(agent); /* and it does not count later either */
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, brings);
    tcase_add_test(tcase, greets);
    tcase_add_test(tcase, greets_once_connected);
    tcase_add_test(tcase, greets_nobody_when_dropped);
    tcase_add_loop_test(tcase, finds_hello_at_once, 0, G_N_ELEMENTS(hellos));
    tcase_add_loop_test(tcase, finds_hello_byte_by_byte, 0, G_N_ELEMENTS(hellos));
    tcase_add_test(tcase, finds_hello_behind_much);
    tcase_add_test(tcase, expects_no_hello_unasked);
}
