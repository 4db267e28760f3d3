/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/guest-setup.h"

#include "base/printable.h"

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

/* systemd starts gettys ("Type=idle") when it is done with all else. Who is restored from a
 * guest that has not, starts them each time. */
static const char note_script[] =
    "exec </dev/null >/dev/null 2>&1\n"
    "[ ! -d /run/systemd/system ] ||\n"
    "  systemd-run --quiet --wait --collect --property=Type=idle true\n"
    "[ -e /etc/machine-id ] || exit\n"
    "started=$(sed -n 's/^btime //p' /proc/stat)\n"
    "[ \"$(stat -c %Y /etc/machine-id)\" -lt \"$started\" ] || : >" AQR_GUEST_NOTE "\n";

void
aqr_guest_setup_to_save(const AqrWorld *world, gpointer data)
{
    const char *const argv[] = { "sh", "-c", note_script, "sh", "", NULL };
    int status;

    world->run(data, argv, TIMEOUT, NULL, &status, NULL);
}

/* $1: the user; $2: where passwd and group are. udev gives /dev/kfd and render nodes to render, and
 * cards to video. An image that was made for it has its user in both already. usermod is not in
 * every guest. */
static const char groups_script[] =
    "exec </dev/null 2>&1\n"
    "uid= primary= wanted=\n"
    "while IFS=: read -r name _ u g _; do\n"
    "  [ \"$name\" != \"$1\" ] || { uid=$u primary=$g; }\n"
    "done <\"$2/passwd\"\n"
    "[ -n \"$uid\" ] || { echo 'there is no such user'; exit 1; }\n"
    "[ \"$uid\" != 0 ] || exit 0\n"
    "while IFS=: read -r name _ gid members; do\n"
    "  case $name in render | video) ;; *) continue ;; esac\n"
    "  [ \"$gid\" != \"$primary\" ] || continue\n"
    "  case ,$members, in *,\"$1\",*) ;; *) wanted=\"$wanted $name\" ;; esac\n"
    "done <\"$2/group\"\n"
    "for group in $wanted; do\n"
    "  if command -v usermod >/dev/null; then\n"
    "    usermod -a -G \"$group\" -- \"$1\" || exit\n"
    "  else\n"
    "    case $1 in *[!A-Za-z0-9._-]*) echo 'there is no usermod'; exit 1 ;; esac\n"
    "    sed -i \"/^$group:/{s/:\\$/&$1/;t;s/\\$/,$1/}\" \"$2/group\" || exit\n"
    "  fi\n"
    "done\n";

void
aqr_guest_setup_gpu_user(const AqrWorld *world, gpointer data, const char *user)
{
    const char *const argv[] = { "sh", "-c", groups_script, "sh", user, "/etc", NULL };
    g_autofree char *output = NULL, *shown = NULL, *text = NULL;
    g_autoptr(GError) failed = NULL;
    int status = 0;

    if (world->run(data, argv, TIMEOUT, &output, &status, &failed) && status == 0)
        return;
    shown = aqr_printable(failed != NULL ? failed->message : output);
    text =
        g_strdup_printf("cannot put \"%s\" into the guest's groups render and video, so only root "
                        "may use its GPUs: %.200s",
                        user, shown);
    world->note(data, text);
}

/* Debian keeps both from ordinary users. amdgpu_firmware_info is in debugfs. */
static const char reports_script[] = "exec </dev/null >/dev/null 2>&1\n"
                                     "echo 0 >/proc/sys/kernel/dmesg_restrict\n"
                                     "mount -o remount,mode=755 /sys/kernel/debug\n";

void
aqr_guest_setup_gpu_reports(const AqrWorld *world, gpointer data)
{
    const char *const argv[] = { "sh", "-c", reports_script, "sh", "", NULL };
    int status = 0;

    world->run(data, argv, TIMEOUT, NULL, &status, NULL);
}
