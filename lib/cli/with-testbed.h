/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/vm-options.h"
#include "cli/vm-place.h"
#include "host/live-world.h"
#include "testbed/testbed.h"

/* Everything around a testbed, for any program that has one: directories of our own, the
 * sweep of what killed ones left, the plan of the VM, libvirt, and all of it taken down
 * again, whatever happens. */

/* What the program does with it. The testbed is not open yet, and closed afterwards. */
typedef gboolean (*AqrTestbedUse)(AqrTestbed *testbed, AqrLiveWorld *world,
                                  const AqrLiveConfig *config, gpointer data, GError **error);

/* Calls @use, unless something is wrong before; with --dry-run it prints the plan instead.
 * What is said goes through cli/program. */
gboolean aqr_with_testbed(const AqrVmOptions *options, AqrStop *stop, AqrTestbedUse use,
                          gpointer data, GError **error);

/* The same for a program that has several VMs, one after the other: all in @place. */
gboolean aqr_with_testbed_in(AqrVmPlace *place, const AqrVmOptions *options, AqrStop *stop,
                             AqrTestbedUse use, gpointer data, GError **error);
