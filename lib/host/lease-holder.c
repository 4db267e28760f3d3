/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/lease-holder.h"

#include <unistd.h>

#include "core/lease-note.h"
#include "host/process.h"

char *
aqr_lease_holder_write(const char *purpose)
{
    const char *program = g_get_prgname();
    g_autofree char *copy = g_strdup(program == NULL ? "" : program);
    g_autofree char *why = g_strdup(purpose);
    AqrLeaseNote note = {
        .pid = getpid(),
        .start = aqr_process_start(getpid()),
        .program = copy,
        .purpose = why,
        .since = g_get_real_time() / G_USEC_PER_SEC,
    };

    return aqr_lease_note_to_string(&note);
}

gboolean
aqr_lease_holder_read(const char *text, AqrLeaseHolder *holder)
{
    g_auto(AqrLeaseNote) note = { 0 };

    if (!aqr_lease_note_parse(text, &note) || !aqr_process_is(note.pid, note.start))
        return FALSE;
    holder->pid = note.pid;
    holder->program = g_steal_pointer(&note.program);
    holder->purpose = g_steal_pointer(&note.purpose);
    holder->since = note.since;
    return TRUE;
}

char *
aqr_lease_holder_describe(const AqrLeaseHolder *holder)
{
    g_autoptr(GDateTime) since =
        holder->since == 0 ? NULL : g_date_time_new_from_unix_local(holder->since);
    g_autofree char *when = since == NULL ? NULL : g_date_time_format(since, " since %F %T");

    if (holder->pid == 0)
        return g_strdup("somebody who does not say who");
    return g_strdup_printf("pid %d (%s%s%s)%s", (int)holder->pid, holder->program,
                           *holder->purpose == '\0' ? "" : ": ", holder->purpose,
                           when == NULL ? "" : when);
}

void
aqr_lease_holder_clear(AqrLeaseHolder *holder)
{
    g_free(holder->program);
    g_free(holder->purpose);
    *holder = (AqrLeaseHolder){ 0 };
}
