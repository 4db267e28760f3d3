/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/guest-setup.h"

#define TIMEOUT (30 * G_TIME_SPAN_SECOND)

/* One command, for each costs a round trip. $1 is the time zone, or empty.
 *
 * dpkg-reconfigure tzdata would make these two files of each other, but takes seconds
 * under emulation; when tzdata is upgraded, it takes over what it finds in them.
 *
 * grub-pc fails to upgrade when debconf's answer to where it is installed is missing,
 * or a disk of the machine that made the image. debconf-set-selections takes a second
 * under emulation, too, so nothing is said to who knows a disk of this machine. */
static const char script[] =
    "exec </dev/null >/dev/null 2>&1\n"
    "zone=/usr/share/zoneinfo/$1\n"
    "if [ -n \"$1\" ] && [ -f \"$zone\" ]; then\n"
    "  ln -fns \"$zone\" /etc/localtime\n"
    "  [ ! -f /etc/timezone ] || echo \"$1\" >/etc/timezone\n"
    "fi\n"
    "[ -d /usr/lib/grub/i386-pc ] || exit\n"
    "answer=$(sed -n '/^Name: grub-pc.install_devices$/,/^$/s/^Value: //p' "
    "/var/cache/debconf/config.dat)\n"
    "[ ! -b \"$answer\" ] && grub-mkdevicemap || exit\n"
    "disk=$(sed -n 's/^(hd[0-9]*)[[:space:]]*//p' /boot/grub/device.map | head -n 1)\n"
    "[ -b \"$disk\" ] || exit\n"
    "for question in install_devices install_devices_disks_changed; do\n"
    "  echo \"grub-pc grub-pc/$question multiselect $disk\"\n"
    "  echo \"grub-pc grub-pc/$question seen true\"\n"
    "done | debconf-set-selections\n";

void
aqr_guest_setup(const AqrWorld *world, gpointer data, const char *time_zone)
{
    const char *const argv[] = {
        "sh", "-c", script, "sh", time_zone == NULL ? "" : time_zone, NULL,
    };
    int status;

    world->run(data, argv, TIMEOUT, NULL, &status, NULL);
}
