/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/world.h"

/* What autopkgtest-virt-qemu changes in a guest that has just started, and tests
 * may count on: it has the host's time zone, and an upgrade of grub-pc knows its
 * disk. Not for what a testbed cannot do without: whatever cannot be done, here or
 * in the guest, is left as it is. @time_zone may be NULL. */
void aqr_guest_setup(const AqrWorld *world, gpointer data, const char *time_zone);

/* Before the guest is saved: notes in it whether it has made its machine-id in this boot, as it
 * does where the image has none. Then each that is restored makes another, as it would have
 * done; AQR_GUEST_RENEW is shell code for that. */
void aqr_guest_setup_to_save(const AqrWorld *world, gpointer data);

#define AQR_GUEST_NOTE "/run/rocm-testbed-machine-id"

/* The journal is in a directory of the machine's name, and is looked for by it. */
#define AQR_GUEST_RENEW                                                              \
    "if [ -e " AQR_GUEST_NOTE " ]; then (\n"                                         \
    "  exec </dev/null >/dev/null 2>&1\n"                                            \
    "  rm -f " AQR_GUEST_NOTE "\n"                                                   \
    "  read -r old </etc/machine-id\n"                                               \
    "  read -r uuid </proc/sys/kernel/random/uuid\n"                                 \
    "  new=$(IFS=-; set -- $uuid; printf %s \"$@\")\n"                               \
    "  echo \"$new\" >/etc/machine-id\n"                                             \
    "  for d in /var/log/journal /run/log/journal; do\n"                             \
    "    [ ! -d \"$d/$old\" ] || mv \"$d/$old\" \"$d/$new\"\n"                       \
    "  done\n"                                                                       \
    "  [ ! -d /run/systemd/system ] || systemctl restart systemd-journald.service\n" \
    "); fi\n"

/* Lets @user open the nodes of GPUs in the guest: in the groups render and video, where the
 * guest has them. Those who log in (su) after it are in them. What cannot be done is noted:
 * tests that need no GPU may run. */
void aqr_guest_setup_gpu_user(const AqrWorld *world, gpointer data, const char *user);

/* Lets any user in the guest read what its drivers of GPUs report: the kernel's messages and
 * /sys/kernel/debug, as rocm-test-launcher of pkg-rocm-tools wants to. What cannot be done is
 * left as it is: that program says so itself. */
void aqr_guest_setup_gpu_reports(const AqrWorld *world, gpointer data);
