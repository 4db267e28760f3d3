/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "update.h"

#include "base/error.h"
#include "base/printable.h"
#include "testbed/guest-setup.h"

#define DEFAULT_SECONDS 3600
#define RAM_MIB 2048 /* an initramfs is made in it, besides APT's own */

/* In the guest, as root. All output goes to a file first, whatever its length; the end of it is
 * told when something fails. */
#define BEGIN                                                           \
    "export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive\n"            \
    "log=/run/rocm-qemu-create.log\n"                                   \
    "exec 3>&1 >$log 2>&1 </dev/null\n"                                 \
    "trap 'status=$?; [ $status -eq 0 ] || tail -n 20 $log >&3' EXIT\n" \
    "set -e\n"
#define APT                                                                \
    "apt-get -q -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=" \
    "--force-confold -o Dpkg::Use-Pty=0 "

/* The first apt command in a guest would spend its time on APT's caches. Nobody's business in a
 * testbed are the logs of what was done here, and who gave it an address. */
static const struct {
    const char *what;
    const char *script;
} steps[] = {
    { "apt-get update", BEGIN APT "-o APT::Update::Error-Mode=any -o Acquire::Retries=3 update\n" },
    { "apt-get full-upgrade", BEGIN APT "full-upgrade\n" },
    { "apt-get autoremove", BEGIN APT "--purge autoremove\n" },
    { "cleaning up", BEGIN "apt-get clean\n"
                           "apt-cache gencaches\n"
                           "rm -f /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log\n"
                           "rm -f /var/lib/dhcp/*.leases\n"
                           "[ ! -d /var/log/journal ] || journalctl --rotate --vacuum-time=1s\n"
                           "sync\n"
                           "fstrim -v / || echo 'it cannot be trimmed'\n"
                           "sync\n" },
};

typedef struct {
    const UpdateConfig *config;
    gint64 until;
} Update;

static gboolean
take_step(const Update *update, AqrLiveWorld *world, gsize i, GError **error)
{
    const char *const argv[] = { "sh", "-c", steps[i].script, NULL };
    gint64 left = MAX(update->until - g_get_monotonic_time(), 1);
    g_autofree char *output = NULL, *shown = NULL;
    g_autoptr(GError) failed = NULL;
    int status;

    guest_stage(&update->config->guest, steps[i].what);
    if (!aqr_live_world.run(world, argv, left, &output, &status, &failed)) {
        gboolean late = g_get_monotonic_time() >= update->until;

        g_set_error(error, failed->domain, failed->code, "%s: %s%s", steps[i].what, failed->message,
                    late ? "; give it more time with --update-timeout" : "");
        return FALSE;
    }
    if (status != 0) {
        shown = aqr_printable(output);
        g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "%s failed (status %d):\n%s", steps[i].what,
                    status, shown);
        return FALSE;
    }
    guest_stage(&update->config->guest, NULL);
    return TRUE;
}

static gboolean
upgrade(AqrLiveWorld *world, gpointer data, GError **error)
{
    Update *update = data;
    int seconds = update->config->timeout > 0 ? update->config->timeout : DEFAULT_SECONDS;

    update->until = g_get_monotonic_time() + seconds * G_TIME_SPAN_SECOND;
    aqr_guest_setup(&aqr_live_world, world, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
        if (!take_step(update, world, i, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
update_image(const UpdateConfig *config, AqrStop *stop, GError **error)
{
    GuestConfig guest = config->guest;
    Update update = { .config = config };

    if (g_strcmp0(guest.boot, "both") == 0)
        guest.boot = NULL;
    if (guest.ram_mib == 0)
        guest.ram_mib = RAM_MIB;
    if (guest_with(&guest, stop, TRUE, upgrade, &update, error))
        return TRUE;
    g_prefix_error(error, "cannot bring \"%s\" up to date: ", guest.image);
    return FALSE;
}
