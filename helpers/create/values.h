/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "options.h"

/* Whether the values of options are any, and are for what is to be done: said before anything
 * is begun. AQR_ERROR_USAGE. */
gboolean values_check(const CreateOptions *options, GError **error);
