/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/libvirt.h"

#include <unistd.h>

#include "host/wait.h"

/* A daemon that does not answer for this long is dead: seconds, and how often. */
#define KEEPALIVE_INTERVAL 5
#define KEEPALIVE_COUNT 6
#define CONNECT_TIMEOUT (30 * G_TIME_SPAN_SECOND)

static void
keep_quiet(G_GNUC_UNUSED void *data, G_GNUC_UNUSED virErrorPtr failed)
{
}

void
aqr_libvirt_init(const char *log_file)
{
    static gsize done;
    g_autofree char *outputs = g_strconcat("3:file:", log_file, NULL);

    if (!g_once_init_enter(&done))
        return;
    g_setenv("LIBVIRT_LOG_OUTPUTS", outputs, FALSE);
    virSetErrorFunc(NULL, keep_quiet);
    virEventRegisterDefaultImpl();
    g_once_init_leave(&done, 1);
}

void
aqr_libvirt_set_error(GError **error, AqrError code, const char *doing)
{
    virErrorPtr failed = virGetLastError();
    g_autofree char *message = g_strdup(
        failed == NULL || failed->message == NULL ? "libvirt does not say why" : failed->message);

    g_set_error(error, AQR_ERROR, (int)code, "%s: %s", doing, g_strchomp(message));
}

const char *
aqr_libvirt_asked_uri(const char *wanted)
{
    const char *by_default = g_getenv("LIBVIRT_DEFAULT_URI");

    if (wanted != NULL)
        return wanted;
    return by_default != NULL && *by_default != '\0' ? by_default : NULL;
}

gboolean
aqr_libvirt_is_embed(const char *uri)
{
    return g_str_has_prefix(uri, AQR_LIBVIRT_EMBED);
}

gboolean
aqr_libvirt_runs_as_caller(const char *uri)
{
    g_autoptr(GUri) parts = g_uri_parse(uri, G_URI_FLAGS_NONE, NULL);

    return parts == NULL || !g_str_equal(g_uri_get_path(parts), "/system");
}

/* --- connecting -------------------------------------------------------- */

/* A daemon that accepts and does not answer holds virConnectOpen() for ever, and
 * libvirt has no time-out for it. So this one call is made in a thread, which is left
 * behind when it takes too long. */
typedef struct {
    char *uri;
    virConnectPtr connection;
    char *why; /* libvirt's message, if there is no connection */
    gint done;
} Attempt;

static const char *
last_message(void)
{
    const char *message = virGetLastErrorMessage();

    return message == NULL ? "libvirt does not say why" : message;
}

static gpointer
connect_now(gpointer data)
{
    Attempt *attempt = data;

    attempt->connection = virConnectOpen(attempt->uri);
    if (attempt->connection == NULL)
        attempt->why = g_strdup(last_message());
    g_atomic_int_set(&attempt->done, 1);
    g_main_context_wakeup(NULL);
    return NULL;
}

static gboolean
is_done(gpointer data)
{
    const Attempt *attempt = data;

    return g_atomic_int_get(&attempt->done) != 0;
}

/* What a thread still works on is not freed: this process is about to end. */
static gboolean
connect_in_time(Attempt *attempt, const AqrStop *stop, GError **error)
{
    AqrPatience patience = aqr_patience(CONNECT_TIMEOUT, stop);
    GThread *thread = g_thread_new("connect", connect_now, attempt);

    if (aqr_wait_until(is_done, attempt, "libvirt's daemon to answer", &patience, error)) {
        g_thread_join(thread);
        return TRUE;
    }
    g_thread_unref(thread);
    return FALSE;
}

static gboolean
is_too_late(const GError *error)
{
    return g_error_matches(error, AQR_ERROR, AQR_ERROR_GUEST);
}

static void
set_no_daemon(GError **error, const char *uri, const char *why)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "cannot connect to \"%s\": %s; libvirt's daemon must be running, and let you use "
                "it; or use --connect=" AQR_LIBVIRT_EMBED ", which needs none",
                uri, why);
}

/* NULL without an error: it is refused, and @why (transfer full) has libvirt's words. */
static virConnectPtr
try_daemon(const char *uri, const AqrStop *stop, char **why, GError **error)
{
    Attempt *attempt = g_new0(Attempt, 1);
    g_autoptr(GError) failed = NULL;
    virConnectPtr connection;

    attempt->uri = g_strdup(uri);
    if (!connect_in_time(attempt, stop, &failed)) {
        if (is_too_late(failed))
            set_no_daemon(error, uri, failed->message);
        else
            g_propagate_error(error, g_steal_pointer(&failed));
        return NULL;
    }
    connection = attempt->connection;
    *why = attempt->why;
    g_free(attempt->uri);
    g_free(attempt);
    return connection;
}

static virConnectPtr
connect_daemon(const char *uri, const AqrStop *stop, GError **error)
{
    g_autofree char *why = NULL;
    virConnectPtr connection = try_daemon(uri, stop, &why, error);

    if (why != NULL)
        set_no_daemon(error, uri, why);
    return connection;
}

gboolean
aqr_libvirt_try(const char *uri, const AqrStop *stop, char **why, GError **error)
{
    g_autofree char *refused = NULL;
    g_autoptr(virConnect) connection = try_daemon(uri, stop, &refused, error);

    if (refused != NULL)
        *why = g_steal_pointer(&refused);
    return connection != NULL;
}

static virConnectPtr
connect_embed(const char *uri, GError **error)
{
    virConnectPtr connection = virConnectOpen(uri);

    if (connection == NULL)
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "cannot connect to \"%s\": %s; install libvirt-daemon-driver-qemu and "
                    "libvirt-daemon-system",
                    uri, last_message());
    return connection;
}

virConnectPtr
aqr_libvirt_connect(const char *uri, const AqrStop *stop, GError **error)
{
    gboolean embed = aqr_libvirt_is_embed(uri);
    virConnectPtr connection = embed ? connect_embed(uri, error) : connect_daemon(uri, stop, error);

    if (connection != NULL && !embed)
        virConnectSetKeepAlive(connection, KEEPALIVE_INTERVAL, KEEPALIVE_COUNT);
    return connection;
}

/* The names that libvirt looks for. */
gboolean
aqr_libvirt_check_qemu(GError **error)
{
    g_autofree char *debian = g_find_program_in_path("qemu-system-x86_64");
    g_autofree char *other = g_find_program_in_path("qemu-kvm");

    if (debian != NULL || other != NULL || access("/usr/libexec/qemu-kvm", X_OK) == 0)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                        "there is no qemu-system-x86_64; install the package qemu-system-x86");
    return FALSE;
}

gboolean
aqr_libvirt_check_emulator(virConnectPtr connection, const char *emulator, const char *arch,
                           GError **error)
{
    g_autofree char *capabilities =
        virConnectGetDomainCapabilities(connection, emulator, arch, NULL, NULL, 0);
    g_autofree char *doing = NULL;

    if (capabilities != NULL)
        return TRUE;
    doing = g_strdup_printf("libvirt cannot use \"%s\" as a QEMU for %s", emulator, arch);
    aqr_libvirt_set_error(error, AQR_ERROR_HOST, doing);
    return FALSE;
}

char *
aqr_libvirt_find_emulator(virConnectPtr connection, const char *emulator, const char *arch)
{
    g_autofree char *capabilities =
        virConnectGetDomainCapabilities(connection, emulator, arch, NULL, NULL, 0);
    g_autoptr(GRegex) regex = g_regex_new("<path>(.*?)</path>", 0, 0, NULL);
    g_autoptr(GMatchInfo) match = NULL;

    if (capabilities == NULL || !g_regex_match(regex, capabilities, 0, &match))
        return g_strdup(emulator);
    return g_match_info_fetch(match, 1);
}

char *
aqr_libvirt_version(virConnectPtr connection)
{
    unsigned long version = 0;

    virConnectGetLibVersion(connection, &version);
    return g_strdup_printf("%lu.%lu.%lu", version / 1000000, version / 1000 % 1000, version % 1000);
}
