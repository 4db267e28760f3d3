/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The test is the agent: it writes bytes, good ones and others. */
#include "host/guest-link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/check-main.h"
#include "support/data.h"

#define NONCE "0123456789abcdef"
#define HELLO AQR_WIRE_MAGIC NONCE

static char *dir;
static AqrGuestLink *tested;
static int agent;

static void
attend(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

static int
connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

static void
set_up(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;

    dir = test_make_dir();
    path = g_build_filename(dir, "link", NULL);
    tested = aqr_guest_link_new(path, &error);
    ck_assert_no_error(error);
    agent = connect_to(path);
    attend();
}

static void
tear_down(void)
{
    aqr_guest_link_free(tested);
    close(agent);
    test_remove_dir(dir);
}

static void
say(const void *bytes, gsize length)
{
    ck_assert_int_eq(write(agent, bytes, length), (ssize_t)length);
    attend();
}

/* What the server has sent so far. */
static gsize
hear(char *bytes, gsize size)
{
    ssize_t got = read(agent, bytes, size);

    return (gsize)MAX(got, 0);
}

static void
bring(const char *program)
{
    g_autoptr(GBytes) bytes = g_bytes_new(program, strlen(program));

    aqr_guest_link_bring(tested, bytes, NONCE);
    attend();
}

static void
come_up(void)
{
    char heard[64];

    bring("");
    hear(heard, sizeof heard);
    say(HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(aqr_guest_link_is_up(tested));
}

START_TEST(brings)
{
    char heard[64];

    bring("the program");
    ck_assert_uint_eq(hear(heard, sizeof heard), strlen("\n" NONCE "\nthe program"));
    ck_assert_mem_eq(heard, "\n" NONCE "\nthe program", strlen("\n" NONCE "\nthe program"));
    ck_assert(!aqr_guest_link_is_up(tested));
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

    ck_assert_uint_eq(hear((char *)heard, sizeof heard), GREETING);
    ck_assert_int_eq(aqr_wire_unpack(heard, &header), 1);
    ck_assert_int_eq(aqr_wire_unpack_greet(&header, heard + AQR_WIRE_HEADER, greet), 1);
    ck_assert_mem_eq(greet->nonce, NONCE, AQR_WIRE_NONCE_LENGTH);
    age = g_get_real_time() - (gint64)greet->time;
    ck_assert_int_ge(age, 0);
    ck_assert_int_lt(age, 10 * G_TIME_SPAN_SECOND);
}

START_TEST(greets)
{
    AqrWireGreet greet, again;

    aqr_guest_link_greet(tested, NONCE);
    ck_assert(!aqr_guest_link_is_up(tested));
    hear_greeting(&greet);
    aqr_guest_link_greet(tested, NONCE);
    hear_greeting(&again);
    ck_assert_mem_ne(greet.seed, again.seed, AQR_WIRE_SEED_LENGTH);
    ck_assert_uint_ge(again.time, greet.time);
    say("left over" HELLO, strlen("left over" HELLO));
    ck_assert(aqr_guest_link_is_up(tested));
}
END_TEST

/* A link of its own, that nobody has connected to yet. */
static void
listen_anew(void)
{
    g_autofree char *path = g_build_filename(dir, "later", NULL);

    aqr_guest_link_free(tested);
    close(agent);
    agent = -1;
    tested = aqr_guest_link_new(path, NULL);
    ck_assert_ptr_nonnull(tested);
}

static void
connect_late(void)
{
    g_autofree char *path = g_build_filename(dir, "later", NULL);

    agent = connect_to(path);
    attend();
}

START_TEST(greets_once_connected)
{
    AqrWireGreet greet;
    gint64 connected;

    listen_anew();
    aqr_guest_link_greet(tested, NONCE);
    connected = g_get_real_time();
    connect_late();
    hear_greeting(&greet);
    ck_assert_int_ge((gint64)greet.time, connected); /* not the time at which it was asked for */
    say(HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(aqr_guest_link_is_up(tested));
}
END_TEST

/* Whoever connects after that is no agent that was restored. */
START_TEST(greets_nobody_when_dropped)
{
    char heard[64];

    listen_anew();
    aqr_guest_link_greet(tested, NONCE);
    aqr_guest_link_drop(tested);
    connect_late();
    ck_assert_uint_eq(hear(heard, sizeof heard), 0);
    say(HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(!aqr_guest_link_is_up(tested));
}
END_TEST

/* --- the hello ---------------------------------------------------------- */

#define BYTES(text) (text), sizeof(text) - 1

static const struct {
    const char *bytes;
    gsize length;
    gboolean up;
} hellos[] = {
    { BYTES(HELLO), TRUE },
    { BYTES("left over" HELLO), TRUE },
    { BYTES("\0\0\0\0\x01" AQR_WIRE_MAGIC HELLO), TRUE },
    { BYTES(AQR_WIRE_MAGIC "fedcba9876543210" HELLO), TRUE }, /* another's came first */
    { BYTES(AQR_WIRE_MAGIC "fedcba9876543210"), FALSE },
    { BYTES(AQR_WIRE_MAGIC), FALSE },
    { BYTES(NONCE), FALSE },
    { BYTES("root@host:/# "), FALSE },
};

START_TEST(finds_hello_at_once)
{
    bring("");
    say(hellos[_i].bytes, hellos[_i].length);
    ck_assert_int_eq(aqr_guest_link_is_up(tested), hellos[_i].up);
}
END_TEST

START_TEST(finds_hello_byte_by_byte)
{
    bring("");
    for (gsize i = 0; i < hellos[_i].length; i++)
        say(hellos[_i].bytes + i, 1);
    ck_assert_int_eq(aqr_guest_link_is_up(tested), hellos[_i].up);
}
END_TEST

START_TEST(finds_hello_behind_much)
{
    g_autofree char *junk = g_malloc0(100000);

    bring("");
    say(junk, 100000);
    say(HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(aqr_guest_link_is_up(tested));
}
END_TEST

START_TEST(expects_no_hello_unasked)
{
    say(HELLO, AQR_WIRE_HELLO_LENGTH);
    ck_assert(!aqr_guest_link_is_up(tested));
    come_up(); /* and it does not count later either */
}
END_TEST

/* --- frames --------------------------------------------------------------- */

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
    come_up();
    ck_assert_uint_eq(aqr_guest_link_add(tested, note, NULL), 1);
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
    say(frames[_i].bytes, frames[_i].length);
    ck_assert_str_eq(received->str, frames[_i].received);
    ck_assert_int_eq(aqr_guest_link_is_up(tested), frames[_i].up);
}
END_TEST

START_TEST(takes_frames_byte_by_byte)
{
    open_stream();
    for (gsize i = 0; i < frames[_i].length; i++)
        say(frames[_i].bytes + i, 1);
    ck_assert_str_eq(received->str, frames[_i].received);
    ck_assert_int_eq(aqr_guest_link_is_up(tested), frames[_i].up);
}
END_TEST

START_TEST(takes_frames_behind_hello)
{
    open_stream();
    bring("");
    g_string_truncate(received, 0);
    say(BYTES(HELLO "\3\0\0\0\1\0\0\0\2\1\0\0abc"));
    ck_assert_str_eq(received->str, "2.1:abc ");
}
END_TEST

static gboolean
remove_itself(const AqrWireHeader *header, G_GNUC_UNUSED const guint8 *payload, gpointer data)
{
    g_string_append(received, header == NULL ? "lost " : "once ");
    aqr_guest_link_remove(tested, *(guint32 *)data);
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
    stream = aqr_guest_link_add(tested, refuse, NULL);
    ck_assert_uint_eq(stream, 2);
    say("\0\0\0\0\2\0\0\0\2\1\0\0", AQR_WIRE_HEADER);
    ck_assert(!aqr_guest_link_is_up(tested));
}
END_TEST

START_TEST(may_remove_stream)
{
    guint32 stream;

    open_stream();
    stream = aqr_guest_link_add(tested, remove_itself, &stream);
    ck_assert_uint_eq(stream, 2);
    say(BYTES("\0\0\0\0\2\0\0\0\7\0\0\0\0\0\0\0\2\0\0\0\7\0\0\0"));
    ck_assert_str_eq(received->str, "once ");
    stream = aqr_guest_link_add(tested, remove_itself, &stream);
    ck_assert_uint_eq(stream, 3); /* no number is used twice */
    aqr_guest_link_drop(tested);
    aqr_guest_link_drop(tested);
    ck_assert_str_eq(received->str, "once lost lost lost ");
}
END_TEST

START_TEST(sends)
{
    char heard[64];

    open_stream();
    aqr_guest_link_send(tested, AQR_WIRE_DATA, 1, 2, "abc", 3);
    attend();
    ck_assert_uint_eq(hear(heard, sizeof heard), 15);
    ck_assert_mem_eq(heard, "\3\0\0\0\1\0\0\0\2\2\0\0abc", 15);
}
END_TEST

/* --- the end ----------------------------------------------------------------- */

START_TEST(loses_streams_when_greeting)
{
    open_stream();
    aqr_guest_link_greet(tested, NONCE);
    ck_assert(!aqr_guest_link_is_up(tested));
    ck_assert_str_eq(received->str, "lost ");
}
END_TEST

START_TEST(notices_loss)
{
    open_stream();
    close(agent);
    attend();
    ck_assert(!aqr_guest_link_is_up(tested));
    ck_assert_str_eq(received->str, "lost ");
    aqr_guest_link_send(tested, AQR_WIRE_KILL, 1, 0, NULL, 0);
    agent = -1;
}
END_TEST

/* After a reboot the same port carries a new agent. */
START_TEST(comes_up_again)
{
    char heard[64];

    open_stream();
    say(BYTES("\3\0\0\0\1\0\0\0\2\1\0\0a")); /* half a frame of the old one */
    aqr_guest_link_drop(tested);
    ck_assert(!aqr_guest_link_is_up(tested));
    aqr_guest_link_send(tested, AQR_WIRE_KILL, 1, 0, NULL, 0);
    attend();
    ck_assert_uint_eq(hear(heard, sizeof heard), 0);
    g_string_truncate(received, 0);
    say(BYTES("bc"));
    come_up();
    say(BYTES("\3\0\0\0\1\0\0\0\2\1\0\0xyz"));
    ck_assert_str_eq(received->str + strlen(received->str) - strlen("2.1:xyz "), "2.1:xyz ");
}
END_TEST

/* One QEMU, once: whoever finds the path later is not let in. */
START_TEST(listens_once)
{
    g_autofree char *path = g_build_filename(dir, "link", NULL);

    ck_assert(!g_file_test(path, G_FILE_TEST_EXISTS));
}
END_TEST

START_TEST(refuses_path)
{
    g_autofree char *name = g_strnfill(200, 'x');
    g_autofree char *path = g_build_filename(dir, _i == 0 ? name : "no/such/dir", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_ptr_null(aqr_guest_link_new(path, &error));
    ck_assert_error(error, AQR_ERROR_HOST);
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
    tcase_add_test(tcase, loses_streams_when_greeting);
    tcase_add_loop_test(tcase, finds_hello_at_once, 0, G_N_ELEMENTS(hellos));
    tcase_add_loop_test(tcase, finds_hello_byte_by_byte, 0, G_N_ELEMENTS(hellos));
    tcase_add_test(tcase, finds_hello_behind_much);
    tcase_add_test(tcase, expects_no_hello_unasked);
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
