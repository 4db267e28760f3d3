/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/amqp-url.h"

#include <string.h>

#include "base/error.h"
#include "support/check-main.h"

static const struct {
    const char *url;
    const char *masked; /* NULL: refused */
    gboolean has_password;
} urls[] = {
    { "amqp://localhost", "amqp://localhost", FALSE },
    { "amqp://ci.example.org:5672/debci", "amqp://ci.example.org:5672/debci", FALSE },
    { "amqps://ci.example.org", "amqps://ci.example.org", FALSE },
    { "amqp://[::1]:5672", "amqp://[::1]:5672", FALSE },
    { "amqp://user@host", "amqp://user@host", FALSE },
    { "amqp://user:secret@host", "amqp://user:********@host", TRUE },
    { "amqp://user:se%2fcret@host:5672/v%2fh", "amqp://user:********@host:5672/v%2Fh", TRUE },
    { "amqp://user:@host", "amqp://user:********@host", TRUE },
    { "amqp://user:a:secret@host", "amqp://user:********@host", TRUE },
    { "http://user:secret@host", NULL, FALSE },
    { "user:secret@host", NULL, FALSE },
    { "amqp://", NULL, FALSE },
    { "amqp:host", NULL, FALSE },
    { "amqp:///vhost", NULL, FALSE },
    { "amqp://user:secret/more@host", NULL, FALSE },
    { "amqp://user:sec ret@host", NULL, FALSE },
    { "amqp://user:secret$(id)@host", NULL, FALSE },
    { "amqp://user:secret`id`@host", NULL, FALSE },
    { "amqp://user:secret'@host", NULL, FALSE },
    { "amqp://user:secret\"@host", NULL, FALSE },
    { "amqp://user:secret*@host", NULL, FALSE },
    { "amqp://user:secret@host\namqp://other", NULL, FALSE },
    { "amqp://user:secret\303\244@host", NULL, FALSE },
    { "", NULL, FALSE },
};

START_TEST(judges)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *masked = NULL;

    if (!aqr_amqp_url_check(urls[_i].url, &error)) {
        ck_assert_ptr_null(urls[_i].masked);
        ck_assert_int_eq(error->code, AQR_ERROR_USAGE);
        ck_assert_ptr_null(strstr(error->message, "secret"));
        return;
    }
    masked = aqr_amqp_url_mask(urls[_i].url);
    ck_assert_pstr_eq(masked, urls[_i].masked);
    ck_assert_int_eq(aqr_amqp_url_has_password(urls[_i].url), urls[_i].has_password);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, judges, 0, G_N_ELEMENTS(urls));
}
