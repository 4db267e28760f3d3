/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session.h"

#include <string.h>

#include "base/error.h"
#include "fuzz.h"
#include "support/fake-world.h"

/* Whatever is said, the answer is one line or one error of ours. */
static gboolean
answer(AqrSession *session, const char *line)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *reply = aqr_session_answer(session, line, &error);

    if (reply == NULL)
        g_assert(error != NULL && error->domain == AQR_ERROR);
    else
        g_assert(error == NULL && strchr(reply, '\n') == NULL);
    return reply != NULL && !aqr_session_is_over(session);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *text = fuzz_text(bytes, length);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(FakeWorld) world = fake_world_new();
    g_autoptr(AqrTestbed) testbed = aqr_testbed_new(&fake_world, world, 0);
    g_autoptr(AqrSession) session = aqr_session_new(testbed);

    for (char **line = lines; *line != NULL && answer(session, *line); line++)
        ;
    return 0;
}
