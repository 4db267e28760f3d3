/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/error.h"

G_DEFINE_QUARK(aqr_error_quark, aqr_error)

static const int exit_statuses[] = {
    [AQR_ERROR_USAGE] = 2,    [AQR_ERROR_HOST] = 16,  [AQR_ERROR_GPU] = 16,
    [AQR_ERROR_IMAGE] = 16,   [AQR_ERROR_GUEST] = 12, [AQR_ERROR_PROTOCOL] = 12,
    [AQR_ERROR_STOPPED] = 12,
};

int
aqr_error_exit_status(const GError *error)
{
    if (error->domain != AQR_ERROR || error->code < 0 ||
        error->code >= (int)G_N_ELEMENTS(exit_statuses))
        return 16;
    return exit_statuses[error->code];
}
