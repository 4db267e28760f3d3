/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/undo.h"

typedef struct {
    GDestroyNotify run;
    gpointer data;
} Step;

struct AqrUndo {
    GArray *steps; /* Step */
};

AqrUndo *
aqr_undo_new(void)
{
    AqrUndo *undo = g_new0(AqrUndo, 1);

    undo->steps = g_array_new(FALSE, FALSE, sizeof(Step));
    return undo;
}

void
aqr_undo_free(AqrUndo *undo)
{
    if (undo == NULL)
        return;
    aqr_undo_run(undo);
    g_array_unref(undo->steps);
    g_free(undo);
}

void
aqr_undo_push(AqrUndo *undo, GDestroyNotify run, gpointer data)
{
    Step step = { run, data };

    g_array_append_val(undo->steps, step);
}

void
aqr_undo_run(AqrUndo *undo)
{
    while (undo->steps->len > 0) {
        Step step = g_array_index(undo->steps, Step, undo->steps->len - 1);

        g_array_set_size(undo->steps, undo->steps->len - 1);
        step.run(step.data);
    }
}
