/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/warm-key.h"

/* (transfer full): what the file is now, links followed. AQR_ERROR_HOST where there is none. */
AqrFileId *aqr_file_id_stat(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;
