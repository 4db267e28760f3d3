/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/guest-script.h"

#include "base/error.h"
#include "base/printable.h"
#include "host/guest-run.h"

gboolean
aqr_guest_script_run(AqrGuestLink *link, const char *doing, const char *const *argv,
                     const AqrPatience *patience, GError **error)
{
    g_autofree char *output = NULL, *shown = NULL;
    int status;

    if (!aqr_guest_run(link, argv, patience, &output, &status, error)) {
        g_prefix_error(error, "cannot %s: ", doing);
        return FALSE;
    }
    if (status == 0)
        return TRUE;
    shown = aqr_printable(output);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "cannot %s: %s (status %d)", doing,
                *shown == '\0' ? "the guest does not say why" : shown, status);
    return FALSE;
}
