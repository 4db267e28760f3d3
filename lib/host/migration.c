/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/migration.h"

#include <errno.h>
#include <glib-unix.h>
#include <libvirt/libvirt-qemu.h>
#include <string.h>
#include <unistd.h>

#include "core/qemu-answer.h"
#include "core/qemu-event.h"
#include "host/sink.h"

#define READ_AT_ONCE (256u << 10)

/* Without memory it is small; what is larger has it, as the capability did not work. */
#define MOST (256u << 20)

/* --- QEMU's monitor ---------------------------------------------------- */

/* What it answers (transfer full), or NULL. @fd: handed over with it; -1: none. */
static char *
tell(AqrDomain *domain, const char *command, int fd, GError **error)
{
    g_autofree char *answer = NULL;

    if (virDomainQemuMonitorCommandWithFiles(aqr_domain_get_handle(domain), command, fd >= 0, &fd,
                                             NULL, NULL, &answer, 0) < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot speak to QEMU");
        return NULL;
    }
    return aqr_qemu_answer_check(answer, error) ? g_steal_pointer(&answer) : NULL;
}

static gboolean
order(AqrDomain *domain, const char *command, int fd, GError **error)
{
    g_autofree char *answer = tell(domain, command, fd, error);

    return answer != NULL;
}

#define CAPABILITIES                                                              \
    "{\"execute\":\"migrate-set-capabilities\",\"arguments\":{\"capabilities\":[" \
    "{\"capability\":\"x-ignore-shared\",\"state\":true},"                        \
    "{\"capability\":\"events\",\"state\":true}]}}"
#define GETFD "{\"execute\":\"getfd\",\"arguments\":{\"fdname\":\"aqr-state\"}}"
#define OUT "{\"execute\":\"migrate\",\"arguments\":{\"uri\":\"fd:aqr-state\"}}"
#define IN "{\"execute\":\"migrate-incoming\",\"arguments\":{\"uri\":\"fd:aqr-state\"}}"
#define CANCEL "{\"execute\":\"migrate_cancel\"}"
#define QUERY "{\"execute\":\"query-migrate\"}"

/* Hands @fd over, whatever becomes of it, and starts what moves the state through it. */
static gboolean
begin(AqrDomain *domain, int fd, const char *command, GError **error)
{
    gboolean begun = order(domain, CAPABILITIES, -1, error) && order(domain, GETFD, fd, error) &&
                     order(domain, command, -1, error);

    close(fd);
    return begun;
}

static gboolean
open_pipe(int ends[2], GError **error)
{
    if (g_unix_open_pipe(ends, FD_CLOEXEC, NULL))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a pipe: %s", g_strerror(errno));
    return FALSE;
}

/* --- saving ------------------------------------------------------------ */

typedef struct {
    const AqrDomain *domain;
    GByteArray *bytes;
    gboolean ended; /* QEMU has closed its end */
} Outgoing;

static gboolean
read_state(int fd, G_GNUC_UNUSED GIOCondition condition, gpointer data)
{
    Outgoing *outgoing = data;
    guint before = outgoing->bytes->len;
    ssize_t got;

    g_byte_array_set_size(outgoing->bytes, before + READ_AT_ONCE);
    got = read(fd, outgoing->bytes->data + before, READ_AT_ONCE);
    g_byte_array_set_size(outgoing->bytes, before + (guint)MAX(got, 0));
    outgoing->ended = got == 0 || (got < 0 && errno != EINTR) || outgoing->bytes->len > MOST;
    return outgoing->ended ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean
is_all_read(gpointer data)
{
    const Outgoing *outgoing = data;

    return outgoing->ended || aqr_domain_end(outgoing->domain) != NULL;
}

static gboolean
check_saved(AqrDomain *domain, GError **error)
{
    g_autofree char *answer = tell(domain, QUERY, -1, error);
    g_autofree char *why = NULL, *status = NULL;

    if (answer != NULL)
        status = aqr_qemu_answer_migration(answer, &why, error);
    if (status == NULL)
        return FALSE;
    if (g_str_equal(status, "completed"))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "QEMU did not write its state (%s): %s", status,
                why == NULL ? "it does not say why" : why);
    return FALSE;
}

static GBytes *
take_state(AqrDomain *domain, int fd, const AqrPatience *patience, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Outgoing outgoing = { .domain = domain, .bytes = bytes };
    guint source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP, read_state, &outgoing);
    gboolean done = aqr_wait_until(is_all_read, &outgoing, "QEMU's state", patience, error);

    if (!outgoing.ended)
        g_source_remove(source);
    return done && check_saved(domain, error) ? g_byte_array_free_to_bytes(g_steal_pointer(&bytes))
                                              : NULL;
}

/* One that cannot go on is ended: so everybody sees what has become of it. */
static void
go_on(AqrDomain *domain)
{
    order(domain, CANCEL, -1, NULL);
    if (virDomainResume(aqr_domain_get_handle(domain)) < 0)
        aqr_domain_stop(domain, NULL);
}

GBytes *
aqr_migration_save(AqrDomain *domain, const AqrPatience *patience, GError **error)
{
    GBytes *state = NULL;
    int ends[2];

    if (virDomainSuspend(aqr_domain_get_handle(domain)) < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot pause the VM");
        return NULL;
    }
    if (open_pipe(ends, error)) {
        if (begin(domain, ends[1], OUT, error))
            state = take_state(domain, ends[0], patience, error);
        close(ends[0]);
    }
    if (state == NULL)
        go_on(domain);
    return state;
}

/* --- restoring --------------------------------------------------------- */

typedef struct {
    AqrDomain *domain;
    gboolean completed, failed;
} Incoming;

static void /* NOLINTNEXTLINE(readability-function-size): libvirt's parameters */
handle_migration(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle,
                 G_GNUC_UNUSED const char *event, G_GNUC_UNUSED long long seconds,
                 G_GNUC_UNUSED unsigned microseconds, const char *details, void *data)
{
    Incoming *incoming = data;
    g_autofree char *status = details == NULL ? NULL : aqr_qemu_event_migration(details);

    incoming->completed = incoming->completed || g_strcmp0(status, "completed") == 0;
    incoming->failed = incoming->failed || g_strcmp0(status, "failed") == 0;
}

static gboolean
is_loaded(gpointer data)
{
    const Incoming *incoming = data;

    return incoming->completed || incoming->failed || aqr_domain_end(incoming->domain) != NULL;
}

static void
ignore_gone(G_GNUC_UNUSED gsize length, G_GNUC_UNUSED gboolean broken, G_GNUC_UNUSED gpointer data)
{
}

/* QEMU itself knows the state's end; the pipe's end tells it only of one that is cut short. */
static gboolean
give_state(Incoming *incoming, int fd, GBytes *state, const AqrPatience *patience, GError **error)
{
    AqrSink *sink;
    gboolean decided;

    g_unix_set_fd_nonblocking(fd, TRUE, NULL); /* it is ours alone */
    sink = aqr_sink_new(fd, ignore_gone, NULL);
    aqr_sink_write(sink, g_bytes_get_data(state, NULL), g_bytes_get_size(state));
    decided = aqr_wait_until(is_loaded, incoming, "the saved VM to come up", patience, error);
    aqr_sink_free(sink);
    if (decided && !incoming->completed)
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "QEMU does not take the saved VM's state");
    return decided && incoming->completed;
}

static gboolean
load(Incoming *incoming, GBytes *state, const AqrPatience *patience, GError **error)
{
    int ends[2];

    if (!open_pipe(ends, error))
        return FALSE;
    if (!begin(incoming->domain, ends[0], IN, error)) {
        close(ends[1]);
        return FALSE;
    }
    return give_state(incoming, ends[1], state, patience, error);
}

gboolean
aqr_migration_load(AqrDomain *domain, GBytes *state, const AqrPatience *patience, GError **error)
{
    virDomainPtr handle = aqr_domain_get_handle(domain);
    virConnectPtr connection = virDomainGetConnect(handle);
    Incoming incoming = { .domain = domain };
    int watch = virConnectDomainQemuMonitorEventRegister(connection, handle, "MIGRATION",
                                                         handle_migration, &incoming, NULL, 0);
    gboolean loaded;

    if (watch < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot watch the VM");
        return FALSE;
    }
    loaded = load(&incoming, state, patience, error);
    virConnectDomainQemuMonitorEventDeregister(connection, watch);
    if (loaded && virDomainResume(handle) < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot let the VM run");
        return FALSE;
    }
    return loaded;
}
