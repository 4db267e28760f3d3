/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* What a fuzz target is: libFuzzer's interface. What must hold whatever the
 * input is, a target says with g_assert. */
#include <glib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length);

/* (transfer full): the input as a string; it may be without a byte. */
static inline char *
fuzz_text(const guint8 *bytes, gsize length)
{
    return length == 0 ? g_strdup("") : g_strndup((const char *)bytes, length);
}
