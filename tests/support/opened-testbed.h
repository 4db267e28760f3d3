/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What the tests of a testbed share: one in a fake world, and what it asks for on the way. */
#include "testbed/testbed.h"

#include "support/fake-world.h"

extern FakeWorld *world;
extern AqrTestbed *testbed;

/* Made anew and freed with each test. */
void testbed_set_up(void);
void testbed_tear_down(void);

/* Opens it, which succeeds. */
void testbed_open(void);

/* What was asked since this was last looked at. */
#define ck_assert_asked(wanted)                          \
    do {                                                 \
        g_autofree char *asked = fake_world_take(world); \
        ck_assert_str_eq(asked, (wanted));               \
    } while (0)

#define STARTED "start\nwait_guest\nrun set-up (30 s)\nfurnish\n"
#define PREPARED "take_gpus\n" STARTED "run prepare (100 s)\n"
#define OPENED PREPARED "wait_gpus\n"
#define REPREPARED STARTED "run prepare " FAKE_SCRATCH " (100 s)\n"
#define REVERTED "stop orderly\n" REPREPARED "wait_gpus\n"
#define CLOSED "stop orderly\ngive_gpus_back\n"
