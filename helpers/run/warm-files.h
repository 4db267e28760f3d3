/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "options.h"

/* --warm-list and --warm-drop: looks after saved VMs, of which testbeds start warm. */
gboolean warm_files_run(const RunOptions *options, GError **error);
