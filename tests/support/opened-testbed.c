/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/opened-testbed.h"

#include "support/check-main.h"

#define COPY_TIMEOUT (300 * G_TIME_SPAN_SECOND)

FakeWorld *world;
AqrTestbed *testbed;

void
testbed_set_up(void)
{
    world = fake_world_new();
    testbed = aqr_testbed_new(&fake_world, world, COPY_TIMEOUT);
}

void
testbed_tear_down(void)
{
    aqr_testbed_free(testbed);
    fake_world_free(world);
}

void
testbed_open(void)
{
    g_autoptr(GError) error = NULL;
    const char *scratch = NULL;

    ck_assert(aqr_testbed_open(testbed, &scratch, &error));
    ck_assert_no_error(error);
    ck_assert_str_eq(scratch, FAKE_SCRATCH);
}
