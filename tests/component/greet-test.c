/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The agent of a guest that was restored. The test is the server, frame by frame: one
 * that comes new to an agent that has worked for another. test-agent notes what it would
 * do to the machine. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent-link.h"
#include "support/check-main.h"
#include "support/data.h"

#define FIRST "first nonce 0001"
#define SECOND "other nonce 0002"
#define TIME 1770000000123456u

static char *dir, *notes;
static int server;
static GPid pid;

static void
set_up_server(void)
{
    const struct timeval patience = { .tv_sec = PATIENCE / G_TIME_SPAN_SECOND };
    int ends[2];

    dir = test_make_dir();
    notes = g_build_filename(dir, "notes", NULL);
    g_setenv("AQR_TEST_RENEWED", notes, TRUE);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    server = fcntl(ends[0], F_DUPFD_CLOEXEC, 0);
    close(ends[0]);
    setsockopt(server, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    pid = agent_start(ends[1]);
    close(ends[1]);
}

static void
tear_down_server(void)
{
    int status = 0;

    close(server);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0); /* a sanitizer that finds something has another */
    test_remove_dir(dir);
    g_free(notes);
}

/* --- bytes and frames ---------------------------------------------------------------- */

static void
say(const void *bytes, gsize length)
{
    ck_assert_int_eq(send(server, bytes, length, MSG_NOSIGNAL), (ssize_t)length);
}

static void
hear(void *bytes, gsize length)
{
    ck_assert_int_eq(recv(server, bytes, length, MSG_WAITALL), (ssize_t)length);
}

static void
hear_hello(const char *nonce)
{
    char heard[AQR_WIRE_HELLO_LENGTH];

    hear(heard, sizeof heard);
    ck_assert_mem_eq(heard, AQR_WIRE_MAGIC, AQR_WIRE_MAGIC_LENGTH);
    ck_assert_mem_eq(heard + AQR_WIRE_MAGIC_LENGTH, nonce, AQR_WIRE_NONCE_LENGTH);
}

/* Whatever was on its way comes first. */
static void
skip_to_hello(const char *nonce)
{
    g_autofree char *hello = g_strconcat(AQR_WIRE_MAGIC, nonce, NULL);
    gsize matched = 0;
    char byte;

    while (hello[matched] != '\0') {
        hear(&byte, 1);
        matched = byte == hello[matched] ? matched + 1 : byte == hello[0];
    }
}

static void
say_frame(AqrWireType type, guint32 stream, const void *payload, gsize length)
{
    AqrWireHeader header = { .length = (guint32)length, .stream = stream, .type = (guint8)type };
    guint8 packed[AQR_WIRE_HEADER];

    aqr_wire_pack(packed, &header);
    say(packed, sizeof packed);
    say(payload, length);
}

/* The next frame: "1.2:text" for data on a stream's channel, "1=status" for its end. */
static char *
hear_frame(void)
{
    guint8 packed[AQR_WIRE_HEADER], payload[AQR_WIRE_MAX_DATA];
    AqrWireHeader header;

    hear(packed, sizeof packed);
    ck_assert_int_eq(aqr_wire_unpack(packed, &header), 1);
    ck_assert_uint_le(header.length, sizeof payload);
    hear(payload, header.length);
    if (header.type == AQR_WIRE_EXIT)
        return g_strdup_printf("%u=%u", header.stream, aqr_wire_get32(payload));
    ck_assert_uint_eq(header.type, AQR_WIRE_DATA);
    return g_strdup_printf("%u.%u:%.*s", header.stream, header.channel, (int)header.length,
                           payload);
}

#define ck_assert_next_frame(text)             \
    do {                                       \
        g_autofree char *frame = hear_frame(); \
        ck_assert_str_eq(frame, text);         \
    } while (0)

static void
start_script(guint32 stream, const char *script)
{
    g_autoptr(GByteArray) payload = g_byte_array_new();
    static const guint8 start[] = "\0sh\0-c"; /* no flags, two arguments */

    g_byte_array_append(payload, start, sizeof start);
    g_byte_array_append(payload, (const guint8 *)script, (guint)strlen(script) + 1);
    say_frame(AQR_WIRE_EXEC, stream, payload->data, payload->len);
}

static void
say_greeting(const char *nonce, guint64 time)
{
    AqrWireGreet greet = { .time = time, .seed = { 1, 2, [AQR_WIRE_SEED_LENGTH - 1] = 0xff } };
    guint8 payload[AQR_WIRE_GREET_LENGTH];

    memcpy(greet.nonce, nonce, AQR_WIRE_NONCE_LENGTH);
    aqr_wire_pack_greet(payload, &greet);
    say_frame(AQR_WIRE_GREET, 0, payload, sizeof payload);
}

/* The agent works, for the server that brought it. */
static void
bring(void)
{
    say("\n" AGENT_NONCE "\n", AQR_WIRE_NONCE_LENGTH + 2);
    hear_hello(AGENT_NONCE);
}

/* --- greetings --------------------------------------------------------------------------- */

START_TEST(answers)
{
    g_autofree char *zeros = g_strnfill((gsize)2 * (AQR_WIRE_SEED_LENGTH - 3), '0');
    g_autofree char *expected =
        g_strdup_printf("clock %" PRIu64 "\nseed 0102%sff\n", (guint64)TIME, zeros);
    g_autofree char *noted = NULL;

    bring();
    say_greeting(FIRST, TIME);
    hear_hello(FIRST);
    ck_assert(g_file_get_contents(notes, &noted, NULL, NULL));
    ck_assert_str_eq(noted, expected);
    say_greeting(SECOND, TIME + 1);
    hear_hello(SECOND);
    start_script(1, "echo works");
    ck_assert_next_frame("1.1:works\n");
    ck_assert_next_frame("1=0");
}
END_TEST

/* Who greets twice does not want the first answer any more. */
START_TEST(answers_last_of_two)
{
    bring();
    say_greeting(FIRST, TIME);
    say_greeting(SECOND, TIME);
    skip_to_hello(SECOND);
    start_script(1, "exit 3");
    ck_assert_next_frame("1=3");
}
END_TEST

/* Silence: the server gives the guest up. */
START_TEST(says_nothing_when_clock_stays)
{
    bring();
    say_greeting(FIRST, 0);
    say_greeting(SECOND, TIME);
    hear_hello(SECOND);
}
END_TEST

static const struct {
    guint32 stream;
    gsize length;
} no_greetings[] = {
    { 0, 0 },
    { 0, 1 },
    { 0, AQR_WIRE_NONCE_LENGTH },
    { 0, AQR_WIRE_GREET_LENGTH - 1 },
    { 0, AQR_WIRE_GREET_LENGTH + 1 },
    { 0, 100000 },
    { 1, AQR_WIRE_GREET_LENGTH },
    { 2, AQR_WIRE_GREET_LENGTH },
};

START_TEST(ignores_what_is_no_greeting)
{
    g_autofree guint8 *payload = g_malloc0(100000);

    bring();
    start_script(1, "echo begun; read line; echo $line");
    ck_assert_next_frame("1.1:begun\n");
    say_frame(AQR_WIRE_GREET, no_greetings[_i].stream, payload, no_greetings[_i].length);
    say_frame(AQR_WIRE_DATA, 1, "goes on\n", 8);
    ck_assert_next_frame("1.1:goes on\n");
    ck_assert_next_frame("1=0");
    ck_assert(!g_file_test(notes, G_FILE_TEST_EXISTS));
}
END_TEST

/* --- what ran ------------------------------------------------------------------------------ */

static gboolean
is_gone(gpointer path)
{
    g_autofree char *text = NULL;

    return !g_file_get_contents(path, &text, NULL, NULL) || strstr(text, ") Z ") != NULL;
}

static void
wait_for_end(const char *number)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", atoi(number));

    for (int i = 0; i < 200 && !is_gone(path); i++)
        attend_for(50);
    ck_assert(is_gone(path));
}

/* It ends, and is not heard of: its stream is another's now. */
START_TEST(forgets_command)
{
    g_autofree char *said = NULL;

    bring();
    start_script(1, "trap 'echo ending; exit 5' TERM; echo $$; while :; do sleep 0.1; done");
    said = hear_frame();
    ck_assert(g_str_has_prefix(said, "1.1:"));
    say_greeting(FIRST, TIME);
    hear_hello(FIRST);
    start_script(1, "read line; echo $line");
    wait_for_end(said + strlen("1.1:"));
    say_frame(AQR_WIRE_DATA, 1, "mine\n", 5);
    ck_assert_next_frame("1.1:mine\n");
    ck_assert_next_frame("1=0");
}
END_TEST

/* Both the command's pipe and the port are full of what nobody will read. */
START_TEST(forgets_output)
{
    bring();
    start_script(1, "exec yes");
    start_script(2, "exec yes");
    attend_for(300);
    say_greeting(FIRST, TIME);
    skip_to_hello(FIRST);
    start_script(1, "echo clean");
    ck_assert_next_frame("1.1:clean\n");
    ck_assert_next_frame("1=0");
}
END_TEST

/* --- with the server's own end ------------------------------------------------------------ */

static gboolean
is_up(gpointer link)
{
    return aqr_guest_link_is_up(link);
}

START_TEST(is_greeted_by_server)
{
    const char *const argv[] = { "sleep", "60", NULL };
    g_autofree char *output = NULL;
    AgentLink *through = agent_link_new();
    Job job;

    bring(); /* the other agent, which has nothing to do */
    job_init(&job, NULL, 0);
    job_start(&job, through, argv, FALSE);
    attend_for(100);
    aqr_guest_link_greet(through->link, FIRST);
    ck_assert(job.ended && job.status == -1);
    wait_until(is_up, through->link);
    ck_assert(g_file_test(notes, G_FILE_TEST_EXISTS));
    ck_assert_int_eq(run_script(through, "echo works", &output), 0);
    ck_assert_str_eq(output, "works\n");
    job_clear(&job);
    agent_link_free(through);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_server, tear_down_server);
    tcase_add_test(tcase, answers);
    tcase_add_test(tcase, answers_last_of_two);
    tcase_add_test(tcase, says_nothing_when_clock_stays);
    tcase_add_loop_test(tcase, ignores_what_is_no_greeting, 0, G_N_ELEMENTS(no_greetings));
    tcase_add_test(tcase, forgets_command);
    tcase_add_test(tcase, forgets_output);
    tcase_add_test(tcase, is_greeted_by_server);
}
