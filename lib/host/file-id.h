/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/warm-key.h"

/* (transfer full): what the file is now, links followed. AQR_ERROR_HOST where there is none,
 * and for what is not a regular file: a block device's contents change without a trace. */
AqrFileId *aqr_file_id_stat(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
