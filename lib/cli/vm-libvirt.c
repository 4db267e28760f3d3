/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm-libvirt.h"

#include "cli/program.h"
#include "cli/vm-plan.h"
#include "host/libvirt-daemon.h"
#include "host/libvirt.h"

/* The daemon's QEMU runs as somebody else, who may seldom write to what is a user's. */
static gboolean
wants_daemon(const AqrVmOptions *options)
{
    return aqr_libvirt_daemon_is_for_us() && (!options->write || !aqr_vm_plan_can_be_own(options));
}

/* Whom polkit lets in is the administrator's to say, and a socket may outlive its daemon. */
static char *
choose_by_answer(const AqrStop *stop, GError **error)
{
    g_autofree char *why = NULL;

    if (aqr_libvirt_try(AQR_LIBVIRT_SYSTEM, stop, &why, error))
        return g_strdup(AQR_LIBVIRT_SYSTEM);
    if (why == NULL)
        return NULL;
    aqr_program_say("cannot connect to \"%s\": %s; so %s it is", AQR_LIBVIRT_SYSTEM, why,
                    AQR_LIBVIRT_EMBED);
    return g_strdup(AQR_LIBVIRT_EMBED);
}

char *
aqr_vm_libvirt_choose(const AqrVmOptions *options, const AqrStop *stop, GError **error)
{
    const char *asked = aqr_libvirt_asked_uri(options->connect);

    if (asked != NULL)
        return g_strdup(asked);
    if (!wants_daemon(options))
        return g_strdup(AQR_LIBVIRT_EMBED);
    return options->dry_run ? g_strdup(AQR_LIBVIRT_SYSTEM) : choose_by_answer(stop, error);
}
