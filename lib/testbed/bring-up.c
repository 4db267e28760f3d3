/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/bring-up.h"

#include "testbed/guest-setup.h"

/* Sets up what a saved guest has already. */
static gboolean
boot(const AqrBringUp *what, GError **error)
{
    if (!what->world->wait_guest(what->data, error))
        return FALSE;
    aqr_guest_setup(what->world, what->data, what->time_zone);
    return TRUE;
}

static gboolean
start(const AqrBringUp *what, AqrStart *how, gboolean *started, GError **error)
{
    *started = what->world->start(what->data, *how, how, error);
    return *started && (*how == AQR_START_RESTORED || boot(what, error));
}

/* One that could not be saved will do, but GPUs can only be plugged into a restored one: only
 * that is started with what goes along with them. */
static gboolean
save(const AqrBringUp *what, AqrStart *how, gboolean *started, GError **error)
{
    gboolean ended;

    aqr_guest_setup_to_save(what->world, what->data);
    if (!what->world->save(what->data, &ended, error))
        return FALSE;
    *how = ended ? AQR_START_RESTORED : AQR_START_COLD;
    if (!ended && !what->has_gpus)
        return TRUE;
    if (!ended)
        what->world->stop(what->data, FALSE);
    return start(what, how, started, error);
}

static gboolean
give_gpus(const AqrBringUp *what, AqrStart how, GError **error)
{
    return (how != AQR_START_RESTORED || !what->has_gpus ||
            what->world->plug_gpus(what->data, error)) &&
           what->world->wait_gpus(what->data, error);
}

static gboolean
furnish(const AqrBringUp *what, GError **error)
{
    return what->world->furnish(what->data, error) && what->prepare(what->user, error);
}

/* Once. Had the GPUs not worked in this one either, it would not be the other's fault. */
static gboolean
boot_instead(const AqrBringUp *what, const GError *why_gpus, gboolean *started, GError **error)
{
    AqrStart how = AQR_START_COLD;

    what->world->stop(what->data, TRUE);
    if (!start(what, &how, started, error) || !furnish(what, error) ||
        !what->world->wait_gpus(what->data, error))
        return FALSE;
    if (why_gpus != NULL)
        what->world->had_to_boot(what->data, why_gpus);
    return TRUE;
}

/* To a VM with all but its GPUs. One that was to be saved may have died of that. */
static gboolean
start_best(const AqrBringUp *what, AqrStart *how, gboolean *started, GError **error)
{
    *how = AQR_START_TO_SAVE;
    return start(what, how, started, error) &&
           (*how != AQR_START_TO_SAVE || save(what, how, started, error)) && furnish(what, error);
}

static gboolean
bring_up(const AqrBringUp *what, gboolean *started, GError **error)
{
    AqrStart how;
    g_autoptr(GError) failed = NULL;
    gboolean up = start_best(what, &how, started, &failed);

    if (up && give_gpus(what, how, &failed))
        return TRUE;
    if (*started && how != AQR_START_COLD && what->world->may_boot_instead(what->data, up, failed))
        return boot_instead(what, up ? failed : NULL, started, error);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

gboolean
aqr_bring_up(const AqrBringUp *what, gboolean *started, GError **error)
{
    *started = FALSE;
    if (bring_up(what, started, error))
        return TRUE;
    if (*started)
        g_prefix_error(error, "cannot open the testbed: ");
    return FALSE;
}
