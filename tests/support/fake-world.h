/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* A world without a machine: it writes down what it was asked, one line a
 * request, and answers at once. What it answers is data. */
#include "core/world.h"

#define FAKE_SCRATCH "/tmp/autopkgtest.fAkE01"

typedef struct {
    GString *asked;      /* "start\nwait_guest\n..." */
    GString *recorded;   /* "open begins\nopen: the fake fails to start\n..." */
    const char *scratch; /* what mktemp makes in the guest: FAKE_SCRATCH at first */
    const char *user;    /* the guest's first ordinary user; NULL: none. "debci" at first */
    const char *fails;   /* the request that fails, as it is written down; NULL: none */
    AqrStart start;      /* how VMs start at most: AQR_START_COLD at first */
    gboolean saves;      /* whether a VM can be saved */
    gboolean may_boot_instead;
    const char *fails_next; /* what fails after that */
    int status;             /* what scripts in the guest end with */
} FakeWorld;

extern const AqrWorld fake_world;

/* A copy from or to a path that holds "fails", "times-out" or "is-lost" does so. */
FakeWorld *fake_world_new(void) G_GNUC_WARN_UNUSED_RESULT;
void fake_world_free(FakeWorld *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeWorld, fake_world_free)

/* (transfer full): what it was asked since the last call. */
char *fake_world_take(FakeWorld *world) G_GNUC_WARN_UNUSED_RESULT;

/* Writes down one that does not come through the world; FALSE when it is what is to fail. */
gboolean fake_world_note(FakeWorld *world, const char *request, GError **error);
