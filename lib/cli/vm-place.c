/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/vm-place.h"

#include "cli/program.h"
#include "host/sweep.h"
#include "host/workdir.h"

struct AqrVmPlace {
    char *work, *store; /* NULL: not made yet */
    int locks[3];       /* of both; -1: there is none */
};

AqrVmPlace *
aqr_vm_place_new(void)
{
    AqrVmPlace *place = g_new0(AqrVmPlace, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(place->locks); i++)
        place->locks[i] = -1;
    return place;
}

void
aqr_vm_place_free(AqrVmPlace *place)
{
    if (place == NULL)
        return;
    if (place->store != NULL)
        aqr_workdir_remove(place->store, place->locks[1]);
    if (place->work != NULL)
        aqr_workdir_remove(place->work, place->locks[0]);
    g_free(place->store);
    g_free(place->work);
    g_free(place);
}

static void
say(const char *text, G_GNUC_UNUSED gpointer data)
{
    aqr_program_say("%s", text);
}

gboolean
aqr_vm_place_make(AqrVmPlace *place, const char *store, gboolean sweeps, GError **error)
{
    const char *work = aqr_workdir_socket_parent();
    g_autofree char *store_parent = g_canonicalize_filename(store, NULL);
    gboolean same = g_str_equal(work, store_parent);

    if (place->store != NULL)
        return TRUE;
    if (sweeps)
        aqr_sweep(work, say, NULL);
    if (sweeps && !same)
        aqr_sweep(store_parent, say, NULL);
    if (place->work == NULL)
        place->work = aqr_workdir_make(work, &place->locks[0], error);
    if (place->work == NULL)
        return FALSE;
    place->store =
        same ? g_strdup(place->work) : aqr_workdir_make(store_parent, &place->locks[1], error);
    return place->store != NULL;
}

const char *
aqr_vm_place_get_work(const AqrVmPlace *place)
{
    return place->work;
}

const char *
aqr_vm_place_get_store(const AqrVmPlace *place)
{
    return place->store;
}

const int *
aqr_vm_place_get_locks(const AqrVmPlace *place)
{
    return place->locks;
}
