/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "host/libvirt.h"

#define MAX_CPUS 2
#define DEFAULT_RAM_MIB 1024

typedef struct {
    const GuestConfig *config;
    gboolean write;
    GuestUse use;
    gpointer data;
} Work;

void
guest_stage(const GuestConfig *config, const char *what)
{
    if (config->stage != NULL)
        config->stage(what, config->data);
}

static void
add_option(GStrvBuilder *words, const char *name, const char *value)
{
    g_autofree char *word = value == NULL ? NULL : g_strdup_printf("--%s=%s", name, value);

    if (word != NULL)
        g_strv_builder_add(words, word);
}

static void
add_number(GStrvBuilder *words, const char *name, int value)
{
    g_autofree char *text = g_strdup_printf("%d", value);

    add_option(words, name, text);
}

/* As if they stood on a command line: so they are checked as there. What the environment says
 * of evidence is for tests. Without a GPU there is nothing that a daemon could do better, and
 * QEMU as ourselves may read and write what is ours. */
static GStrv
make_words(const GuestConfig *config)
{
    static const char *const always[] = { "guest", "--gpu=none", "--warm=off", "--artifacts=" };
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();
    int cpus = MIN(MAX_CPUS, (int)g_get_num_processors());
    const char *uri = aqr_libvirt_asked_uri(config->connect);

    for (gsize i = 0; i < G_N_ELEMENTS(always); i++)
        g_strv_builder_add(words, always[i]);
    add_option(words, "boot", config->boot);
    add_option(words, "accel", config->accel);
    add_option(words, "connect", uri != NULL ? uri : AQR_LIBVIRT_EMBED);
    add_number(words, "cpus", cpus);
    add_number(words, "ram-size", config->ram_mib > 0 ? config->ram_mib : DEFAULT_RAM_MIB);
    add_number(words, "timeout-reboot", config->timeout);
    if (config->show_boot)
        g_strv_builder_add(words, "--show-boot");
    g_strv_builder_add(words, "--");
    g_strv_builder_add(words, config->image);
    return g_strv_builder_end(words);
}

/* The world itself, without a testbed in it, which would set up the guest for tests: it is
 * asked what it is of itself, or keeps what is done to it. */
static gboolean
use_world(const Work *work, AqrLiveWorld *world, GError **error)
{
    AqrStart how;

    guest_stage(work->config, "booting");
    if (!aqr_live_world.start(world, AQR_START_COLD, &how, error) ||
        !aqr_live_world.wait_guest(world, error))
        return FALSE;
    guest_stage(work->config, NULL);
    if (!work->use(world, work->data, error))
        return FALSE;
    if (!work->write)
        return TRUE;
    guest_stage(work->config, "powering off");
    if (!aqr_live_world_power_off(world, error))
        return FALSE;
    guest_stage(work->config, NULL);
    return TRUE;
}

static gboolean
use_testbed(G_GNUC_UNUSED AqrTestbed *testbed, AqrLiveWorld *world,
            G_GNUC_UNUSED const AqrLiveConfig *config, gpointer data, GError **error)
{
    const Work *work = data;
    gboolean done;

    if (!aqr_live_world.take_gpus(world, error))
        return FALSE;
    done = use_world(work, world, error);
    aqr_live_world.stop(world, FALSE);
    aqr_live_world.give_gpus_back(world);
    return done;
}

static gboolean
use_nothing(G_GNUC_UNUSED AqrTestbed *testbed, G_GNUC_UNUSED AqrLiveWorld *world,
            G_GNUC_UNUSED const AqrLiveConfig *config, G_GNUC_UNUSED gpointer data,
            G_GNUC_UNUSED GError **error)
{
    return TRUE;
}

static gboolean
with_testbed(Work *work, AqrStop *stop, AqrTestbedUse use, GError **error)
{
    g_auto(GStrv) words = make_words(work->config);
    g_auto(AqrVmOptions) options = { 0 };

    if (!aqr_vm_options_parse(&options, (int)g_strv_length(words), words, "", "", error))
        return FALSE;
    options.write = work->write;
    return aqr_with_testbed_in(work->config->place, &options, stop, use, work, error);
}

gboolean
guest_with(const GuestConfig *config, AqrStop *stop, gboolean write, GuestUse use, gpointer data,
           GError **error)
{
    Work work = { config, write, use, data };

    return with_testbed(&work, stop, use_testbed, error);
}

gboolean
guest_try(const GuestConfig *config, AqrStop *stop, GError **error)
{
    Work work = { .config = config };

    return with_testbed(&work, stop, use_nothing, error);
}
