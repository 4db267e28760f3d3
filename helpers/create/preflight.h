/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "options.h"

/* What can be known to fail before anything is begun. Tools that are missing are build-image's
 * business. AQR_ERROR_HOST, AQR_ERROR_USAGE. */
gboolean create_preflight(const CreateOptions *options, GError **error);
