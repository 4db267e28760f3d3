/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a link carries, and how it ends. The test is the agent, as in guest-link-hello-test.c. */
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

#define BYTES(text) (text), sizeof(text) - 1

static GString *received; /* "2.1:text " for a frame, "lost " */

static gboolean
note(const AqrWireHeader *header, const guint8 *payload, G_GNUC_UNUSED gpointer data)
{
    if (header == NULL)
        g_string_append(received, "lost ");
    else
        g_string_append_printf(received, "%u.%u:%.*s ", header->type, header->channel,
                               (int)header->length, payload);
    return TRUE;
}

/* The link is up, and has one stream. */
static void
open_stream(void)
{
    received = g_string_new(NULL);
    fake_agent_come_up(agent);
    ck_assert_uint_eq(aqr_guest_link_add(agent->link, note, NULL), 1);
}

static const struct {
    const char *bytes;
    gsize length;
    const char *received;
    gboolean up;
} frames[] = {
    { BYTES("\3\0\0\0\1\0\0\0\2\1\0\0abc"), "2.1:abc ", TRUE },
    { BYTES("\3\0\0\0\1\0\0\0\2\1\0\0abc\0\0\0\0\1\0\0\0\7\0\0\0"), "2.1:abc 7.0: ", TRUE },
    { BYTES("\3\0\0\0\1\0\0\0\2\1\0\0ab"), "", TRUE }, /* not all is there yet */
    { BYTES("\0\0\0\0\1\0\0\0\7\0\0"), "", TRUE },
    { BYTES("\3\0\0\0\2\0\0\0\2\1\0\0abc"), "", TRUE }, /* nobody's stream */
    { BYTES("\3\0\0\0\2\0\0\0\2\1\0\0abc\1\0\0\0\1\0\0\0\2\2\0\0x"), "2.2:x ", TRUE },
    { BYTES("\0\0\0\0\1\0\0\0\0\0\0\0"), "lost ", FALSE }, /* no type */
    { BYTES("\0\0\0\0\1\0\0\0\x9\0\0\0"), "lost ", FALSE },
    { BYTES("\0\0\0\0\1\0\0\0\2\3\0\0"), "lost ", FALSE },   /* no channel */
    { BYTES("\0\0\0\x7f\1\0\0\0\2\1\0\0"), "lost ", FALSE }, /* too long */
    { BYTES("root@host:/# "), "lost ", FALSE },
    { BYTES("\1\0\0\0\1\0\0\0\2\1\0\0anonsense goes on and on"), "2.1:a lost ", FALSE },
};

START_TEST(takes_frames_at_once)
{
    open_stream();
    fake_agent_say(agent, frames[_i].bytes, frames[_i].length);
    ck_assert_str_eq(received->str, frames[_i].received);
    ck_assert_int_eq(aqr_guest_link_is_up(agent->link), frames[_i].up);
}
END_TEST

START_TEST(takes_frames_byte_by_byte)
{
    open_stream();
    for (gsize i = 0; i < frames[_i].length; i++)
        fake_agent_say(agent, frames[_i].bytes + i, 1);
    ck_assert_str_eq(received->str, frames[_i].received);
    ck_assert_int_eq(aqr_guest_link_is_up(agent->link), frames[_i].up);
}
END_TEST

START_TEST(takes_frames_behind_hello)
{
    open_stream();
    fake_agent_bring(agent, "");
    g_string_truncate(received, 0);
    fake_agent_say(agent, BYTES(FAKE_HELLO "\3\0\0\0\1\0\0\0\2\1\0\0abc"));
    ck_assert_str_eq(received->str, "2.1:abc ");
}
END_TEST

static gboolean
remove_itself(const AqrWireHeader *header, G_GNUC_UNUSED const guint8 *payload, gpointer data)
{
    g_string_append(received, header == NULL ? "lost " : "once ");
    aqr_guest_link_remove(agent->link, *(guint32 *)data);
    return TRUE;
}

static gboolean
refuse(const AqrWireHeader *header, G_GNUC_UNUSED const guint8 *payload,
       G_GNUC_UNUSED gpointer data)
{
    return header == NULL;
}

/* What the receiver calls nonsense takes the link down. */
START_TEST(drops_what_is_refused)
{
    guint32 stream;

    open_stream();
    stream = aqr_guest_link_add(agent->link, refuse, NULL);
    ck_assert_uint_eq(stream, 2);
    fake_agent_say(agent, "\0\0\0\0\2\0\0\0\2\1\0\0", AQR_WIRE_HEADER);
    ck_assert(!aqr_guest_link_is_up(agent->link));
}
END_TEST

START_TEST(may_remove_stream)
{
    guint32 stream;

    open_stream();
    stream = aqr_guest_link_add(agent->link, remove_itself, &stream);
    ck_assert_uint_eq(stream, 2);
    fake_agent_say(agent, BYTES("\0\0\0\0\2\0\0\0\7\0\0\0\0\0\0\0\2\0\0\0\7\0\0\0"));
    ck_assert_str_eq(received->str, "once ");
    stream = aqr_guest_link_add(agent->link, remove_itself, &stream);
    ck_assert_uint_eq(stream, 3); /* no number is used twice */
    aqr_guest_link_drop(agent->link);
    aqr_guest_link_drop(agent->link);
    ck_assert_str_eq(received->str, "once lost lost lost ");
}
END_TEST

START_TEST(sends)
{
    char heard[64];

    open_stream();
    aqr_guest_link_send(agent->link, AQR_WIRE_DATA, 1, 2, "abc", 3);
    fake_agent_attend();
    ck_assert_uint_eq(fake_agent_hear(agent, heard, sizeof heard), 15);
    ck_assert_mem_eq(heard, "\3\0\0\0\1\0\0\0\2\2\0\0abc", 15);
}
END_TEST

/* --- the end ----------------------------------------------------------------- */

START_TEST(loses_streams_when_greeting)
{
    open_stream();
    aqr_guest_link_greet(agent->link, FAKE_NONCE);
    ck_assert(!aqr_guest_link_is_up(agent->link));
    ck_assert_str_eq(received->str, "lost ");
}
END_TEST

START_TEST(notices_loss)
{
    open_stream();
    fake_agent_hang_up(agent);
    fake_agent_attend();
    ck_assert(!aqr_guest_link_is_up(agent->link));
    ck_assert_str_eq(received->str, "lost ");
    aqr_guest_link_send(agent->link, AQR_WIRE_KILL, 1, 0, NULL, 0);
}
END_TEST

/* After a reboot the same port carries a new agent. */
START_TEST(comes_up_again)
{
    char heard[64];

    open_stream();
    fake_agent_say(agent, BYTES("\3\0\0\0\1\0\0\0\2\1\0\0a")); /* half a frame of the old one */
    aqr_guest_link_drop(agent->link);
    ck_assert(!aqr_guest_link_is_up(agent->link));
    aqr_guest_link_send(agent->link, AQR_WIRE_KILL, 1, 0, NULL, 0);
    fake_agent_attend();
    ck_assert_uint_eq(fake_agent_hear(agent, heard, sizeof heard), 0);
    g_string_truncate(received, 0);
    fake_agent_say(agent, BYTES("bc"));
    fake_agent_come_up(agent);
    fake_agent_say(agent, BYTES("\3\0\0\0\1\0\0\0\2\1\0\0xyz"));
    ck_assert_str_eq(received->str + strlen(received->str) - strlen("2.1:xyz "), "2.1:xyz ");
}
END_TEST

/* One QEMU, once: whoever finds the path later is not let in. */
START_TEST(listens_once)
{
    g_autofree char *path = g_build_filename(agent->dir, "link", NULL);

    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(refuses_path)
{
    g_autofree char *name = g_strnfill(200, 'x');
    g_autofree char *path = g_build_filename(agent->dir, _i == 0 ? name : "no/such/dir", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_guest_link_new(path, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, loses_streams_when_greeting);
    tcase_add_loop_test(tcase, takes_frames_at_once, 0, G_N_ELEMENTS(frames));
    tcase_add_loop_test(tcase, takes_frames_byte_by_byte, 0, G_N_ELEMENTS(frames));
    tcase_add_test(tcase, takes_frames_behind_hello);
    tcase_add_test(tcase, may_remove_stream);
    tcase_add_test(tcase, drops_what_is_refused);
    tcase_add_test(tcase, sends);
    tcase_add_test(tcase, notices_loss);
    tcase_add_test(tcase, comes_up_again);
    tcase_add_test(tcase, listens_once);
    tcase_add_loop_test(tcase, refuses_path, 0, 2);
}
