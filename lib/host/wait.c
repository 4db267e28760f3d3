/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/wait.h"

#include "base/error.h"

AqrPatience
aqr_patience(gint64 timeout, const AqrStop *stop)
{
    return (AqrPatience){
        .until = timeout == 0 ? 0 : g_get_monotonic_time() + timeout,
        .stop = stop,
    };
}

gboolean
aqr_patience_is_over(const AqrPatience *patience)
{
    return patience->until != 0 && g_get_monotonic_time() >= patience->until;
}

/* Only has to wake the main context up. */
static gboolean
keep_source(G_GNUC_UNUSED gpointer data)
{
    return G_SOURCE_CONTINUE;
}

static gboolean
dispatch(G_GNUC_UNUSED GSource *source, GSourceFunc callback, gpointer data)
{
    g_source_set_ready_time(source, -1);
    return callback(data);
}

static GSource *
add_alarm(gint64 until)
{
    static GSourceFuncs functions = { .dispatch = dispatch };
    GSource *source = g_source_new(&functions, sizeof(GSource));

    g_source_set_callback(source, keep_source, NULL, NULL);
    g_source_set_ready_time(source, until == 0 ? -1 : until);
    g_source_attach(source, NULL);
    return source;
}

static gboolean
may_go_on(const char *what, gint64 since, const AqrPatience *patience, GError **error)
{
    if (aqr_stop_reason(patience->stop) != NULL) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_STOPPED, "%s while waiting for %s",
                    aqr_stop_reason(patience->stop), what);
        return FALSE;
    }
    if (aqr_patience_is_over(patience)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "gave up waiting for %s after %.1f s", what,
                    (double)(g_get_monotonic_time() - since) / G_USEC_PER_SEC);
        return FALSE;
    }
    return TRUE;
}

gboolean
aqr_wait_until(AqrPredicate predicate, gpointer data, const char *what, const AqrPatience *patience,
               GError **error)
{
    gint64 since = g_get_monotonic_time();
    GSource *alarm = add_alarm(patience->until);
    gboolean holds;

    while (!(holds = predicate(data)) && may_go_on(what, since, patience, error))
        g_main_context_iteration(NULL, TRUE);
    g_source_destroy(alarm);
    g_source_unref(alarm);
    return holds;
}
