/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/percent.h"

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
    g_autofree char *word = fuzz_text(bytes, length);
    g_autofree char *text = aqr_percent_decode(word);
    g_autofree char *coded = aqr_percent_encode(word);
    g_autofree char *again = aqr_percent_decode(coded);

    g_assert(text == NULL || g_utf8_validate(text, -1, NULL));
    g_assert((again != NULL) == g_utf8_validate(word, -1, NULL));
    g_assert(again == NULL || g_str_equal(again, word));
    return 0;
}
