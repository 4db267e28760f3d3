/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-start.h"

#include "core/domain-gpus.h"
#include "core/domain-warm.h"
#include "host/firmware.h"
#include "host/reach.h"
#include "host/warm-cache.h"
#include "host/warm-facts.h"

struct AqrWarmStart {
    const AqrWarmConfig *config;
    AqrVmSpec *spec;
    virConnectPtr connection;
    GBytes *agent;
    char *overlay;       /* the spec's own */
    char *emulator;      /* NULL: not asked for yet, or not known */
    AqrWarmCache *cache; /* NULL: not asked for yet */
    AqrWarmPair *pair;   /* what the VM comes from */
    AqrWarmPair *last;   /* what one before it came from */
    AqrWarmDraft *draft; /* what it becomes */
};

static void
note(const AqrWarmStart *warm, const char *text)
{
    warm->config->note(text, warm->config->data);
}

/* What this one has got as yet. */
static void
let_go(AqrWarmStart *warm)
{
    if (warm->pair != NULL) {
        g_clear_pointer(&warm->last, aqr_warm_pair_free);
        warm->last = g_steal_pointer(&warm->pair);
    }
    g_clear_pointer(&warm->draft, aqr_warm_draft_free);
    aqr_vm_warm_clear(&warm->spec->warm);
    g_free(warm->spec->overlay);
    warm->spec->overlay = g_strdup(warm->overlay);
}

/* --- what the spec is to say ------------------------------------------- */

static void
use_pair(AqrWarmStart *warm)
{
    warm->spec->warm = (AqrVmWarm){
        .use = AQR_WARM_RESTORE,
        .memory = g_strdup(aqr_warm_pair_memory(warm->pair)),
        .disk = g_strdup(aqr_warm_pair_disk(warm->pair)),
    };
}

static void
use_draft(AqrWarmStart *warm)
{
    warm->spec->warm = (AqrVmWarm){
        .use = AQR_WARM_SAVE,
        .memory = g_strdup(aqr_warm_draft_memory(warm->draft)),
    };
    g_free(warm->spec->overlay);
    warm->spec->overlay = g_strdup(aqr_warm_draft_disk(warm->draft));
}

/* --- choosing ---------------------------------------------------------- */

static gboolean
open_cache(AqrWarmStart *warm, GError **error)
{
    g_autofree char *dir = aqr_warm_cache_dir(warm->config->dir);

    if (warm->cache == NULL)
        warm->cache = aqr_warm_cache_open(dir, warm->config->limit, error);
    return warm->cache != NULL;
}

/* Anew each time: the image may be another than a minute ago. */
static AqrWarmKey *
make_key(AqrWarmStart *warm, GError **error)
{
    g_autofree char *shape = aqr_domain_warm_shape(warm->spec);
    g_autofree char *libvirt = aqr_libvirt_version(warm->connection);
    g_autoptr(AqrWarmFacts) facts = NULL;
    AqrFirmware firmware = { 0 };
    AqrWarmSource source = {
        .spec = warm->spec,
        .shape = shape,
        .libvirt = libvirt,
        .guest = warm->config->guest == NULL ? "" : warm->config->guest,
        .agent = warm->agent,
        .kvm = warm->spec->accel == AQR_ACCEL_KVM,
    };

    if (warm->emulator == NULL)
        warm->emulator = aqr_libvirt_find_emulator(warm->connection, warm->spec->emulator,
                                                   aqr_arch_to_libvirt(warm->spec->arch));
    source.emulator = warm->emulator;
    if (warm->spec->nvram != NULL && aqr_firmware_find(&firmware, NULL))
        source.vars = firmware.vars;
    facts = aqr_warm_facts_collect(&source, error);
    return facts == NULL ? NULL : aqr_warm_key_new(facts);
}

/* One that was there but is no good is as none. */
static gboolean
find_pair(AqrWarmStart *warm, const AqrWarmKey *key)
{
    g_autoptr(GError) failed = NULL;

    warm->pair = aqr_warm_cache_find(warm->cache, key, &failed);
    if (failed != NULL)
        note(warm, failed->message);
    return warm->pair != NULL;
}

/* Its memory is written to by QEMU, which may be somebody else. */
static gboolean
begin_draft(AqrWarmStart *warm, const AqrWarmKey *key, GError **error)
{
    warm->draft = aqr_warm_cache_draft(warm->cache, key, warm->spec->ram_mib, error);
    return warm->draft != NULL &&
           aqr_reach_give(warm->connection, aqr_warm_draft_memory(warm->draft), error);
}

static gboolean
wait_for_maker(AqrWarmStart *warm, const AqrWarmKey *key, GError **error)
{
    AqrPatience patience = aqr_patience(warm->config->wait, warm->config->stop);

    note(warm, "waiting for another testbed, which is saving the same VM");
    return aqr_warm_cache_wait(warm->cache, key, &patience, error);
}

/* FALSE without an error: somebody else makes it. */
static gboolean
find_or_draft(AqrWarmStart *warm, const AqrWarmKey *key, GError **error)
{
    if (find_pair(warm, key))
        return TRUE;
    if (!begin_draft(warm, key, error))
        return FALSE;
    if (find_pair(warm, key)) /* made just before */
        g_clear_pointer(&warm->draft, aqr_warm_draft_free);
    return TRUE;
}

/* A pair, or what is to become one; neither where somebody else was to make it, and did not. */
static gboolean
choose(AqrWarmStart *warm, AqrWarmUse most, GError **error)
{
    g_autoptr(AqrWarmKey) key = NULL;
    g_autoptr(GError) failed = NULL;

    if (!open_cache(warm, error) || (key = make_key(warm, error)) == NULL)
        return FALSE;
    if (most == AQR_WARM_RESTORE) {
        find_pair(warm, key);
        return TRUE;
    }
    if (!find_or_draft(warm, key, &failed) && failed == NULL) {
        if (!wait_for_maker(warm, key, error))
            return FALSE;
        find_or_draft(warm, key, &failed);
    }
    if (failed == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

/* FALSE: one of @gpus did not work in it. */
static gboolean
trusts_gpus(const AqrWarmStart *warm, const char *const *gpus)
{
    for (; *gpus != NULL; gpus++) {
        g_autofree char *why = aqr_warm_pair_why_distrusted(warm->pair, *gpus);
        g_autofree char *text = NULL;

        if (why == NULL)
            continue;
        text = g_strdup_printf("GPU %s gets a VM that boots, as it did not work when it was "
                               "plugged into a restored one: %s",
                               *gpus, why);
        note(warm, text);
        return FALSE;
    }
    return TRUE;
}

static gboolean
choose_or_forgo(AqrWarmStart *warm, AqrWarmUse most, const char *const *gpus, GError **error)
{
    if (!aqr_domain_gpus_can_be_plugged(warm->spec)) {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_USAGE,
                            "GPUs cannot be plugged into a machine of another kind than q35");
        return FALSE;
    }
    if (!choose(warm, most, error))
        return FALSE;
    if (warm->pair != NULL && !trusts_gpus(warm, gpus))
        aqr_warm_start_forgo(warm);
    else if (warm->pair != NULL)
        use_pair(warm);
    else if (warm->draft != NULL)
        use_draft(warm);
    return TRUE;
}

gboolean
aqr_warm_start_choose(AqrWarmStart *warm, AqrWarmUse most, const char *const *gpus, GError **error)
{
    g_autoptr(GError) failed = NULL;

    let_go(warm);
    if (most == AQR_WARM_NONE || warm->config->mode == AQR_WARM_OFF ||
        choose_or_forgo(warm, most, gpus, &failed))
        return TRUE;
    if (!g_error_matches(failed, AQR_ERROR, AQR_ERROR_STOPPED))
        return aqr_warm_start_reject(warm, "the testbed is not warm", failed, error);
    g_propagate_error(error, g_steal_pointer(&failed));
    return FALSE;
}

void
aqr_warm_start_forgo(AqrWarmStart *warm)
{
    let_go(warm);
}

/* --- what comes of it -------------------------------------------------- */

GBytes *
aqr_warm_start_state(AqrWarmStart *warm)
{
    return aqr_warm_pair_state(warm->pair);
}

gboolean
aqr_warm_start_publish(AqrWarmStart *warm, GBytes *state, GError **error)
{
    gboolean done = aqr_reach_give(warm->connection, aqr_warm_draft_disk(warm->draft), error) &&
                    aqr_warm_draft_publish(warm->draft, state, error);

    let_go(warm);
    return done;
}

gboolean
aqr_warm_start_reject(AqrWarmStart *warm, const char *doing, const GError *why, GError **error)
{
    g_autofree char *text = g_strdup_printf("%s: %s", doing, why->message);

    if (warm->pair != NULL)
        aqr_warm_pair_drop(warm->pair);
    let_go(warm);
    if (warm->config->mode == AQR_WARM_ON) {
        g_set_error(error, AQR_ERROR, why->code, "%s", text);
        return FALSE;
    }
    note(warm, text);
    return TRUE;
}

void
aqr_warm_start_distrust(AqrWarmStart *warm, const char *gpu, const char *why)
{
    if (warm->last != NULL)
        aqr_warm_pair_distrust_gpu(warm->last, gpu, why);
}

/* --- life -------------------------------------------------------------- */

AqrWarmStart *
aqr_warm_start_new(const AqrWarmConfig *config, AqrVmSpec *spec, virConnectPtr connection,
                   GBytes *agent)
{
    AqrWarmStart *warm = g_new0(AqrWarmStart, 1);

    warm->config = config;
    warm->spec = spec;
    warm->connection = connection;
    warm->agent = g_bytes_ref(agent);
    warm->overlay = g_strdup(spec->overlay);
    return warm;
}

void
aqr_warm_start_free(AqrWarmStart *warm)
{
    if (warm == NULL)
        return;
    let_go(warm);
    g_clear_pointer(&warm->last, aqr_warm_pair_free);
    aqr_warm_cache_free(warm->cache);
    g_bytes_unref(warm->agent);
    g_free(warm->overlay);
    g_free(warm->emulator);
    g_free(warm);
}
