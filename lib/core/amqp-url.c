/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/amqp-url.h"

#include <string.h>

#include "base/error.h"

#define FLAGS (G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED)

static gboolean
has_only_plain_letters(const char *url)
{
    for (; *url != '\0'; url++) {
        if (!g_ascii_isgraph(*url) || strchr("\"'`$\\*?{}<>|^#", *url) != NULL)
            return FALSE;
    }
    return TRUE;
}

gboolean
aqr_amqp_url_check(const char *url, GError **error)
{
    g_autoptr(GUri) uri = g_uri_parse(url, FLAGS, NULL);
    const char *host = uri == NULL ? NULL : g_uri_get_host(uri);
    const char *scheme = uri == NULL ? "" : g_uri_get_scheme(uri);

    if (!has_only_plain_letters(url))
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                            "the URL has a character that must be percent-encoded in it");
    else if (host == NULL || *host == '\0' ||
             (strcmp(scheme, "amqp") != 0 && strcmp(scheme, "amqps") != 0))
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                            "that is no amqp://[USER:PASSWORD@]HOST[:PORT][/VHOST]");
    else
        return TRUE;
    return FALSE;
}

gboolean
aqr_amqp_url_has_password(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, FLAGS, NULL);

    return uri != NULL && g_uri_get_password(uri) != NULL;
}

char *
aqr_amqp_url_mask(const char *url)
{
    g_autoptr(GUri) uri = g_uri_parse(url, FLAGS, NULL);

    if (uri == NULL || g_uri_get_password(uri) == NULL)
        return g_strdup(url);
    return g_uri_join_with_user(FLAGS, g_uri_get_scheme(uri), g_uri_get_user(uri), "********", NULL,
                                g_uri_get_host(uri), g_uri_get_port(uri), g_uri_get_path(uri), NULL,
                                NULL);
}
