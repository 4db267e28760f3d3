/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/debci-setup.h"

#include "core/amqp-url.h"
#include "core/setup-plan.h"
#include "core/subid.h"

/* Its name comes behind those of others: a drop-in of the template, debci's documentation has
 * one that sets ExecStart=, does not win. */
#define UNIT_FILE "/etc/systemd/system/%s.d/zz-rocm-qemu.conf"
#define IMAGE_DIR "/var/lib/debci/" AQR_DEBCI_BACKEND

/* --- the user ---------------------------------------------------------------- */

/* What the daemon does need not be set up for a QEMU of his own. For once the group is
 * joined: a debci worker has to be trusted with root's rights anyway (its sudoers file). */
static void
plan_user(const AqrHostFacts *facts, GPtrArray *steps)
{
    static const char *const argv[] = { "usermod", "--append",     "--groups",
                                        "libvirt", AQR_DEBCI_USER, NULL };
    gboolean joins = facts->user.exists && aqr_debci_plan_wants_daemon(facts) &&
                     !aqr_host_facts_has_daemon(facts);
    AqrHostFacts then = *facts;
    g_autoptr(GPtrArray) own = NULL;
    g_auto(GStrv) groups = NULL;

    if (joins) {
        g_autofree char *list = g_strjoinv(" ", facts->user.groups);
        g_autofree char *more = g_strconcat(list, " libvirt", NULL);

        groups = g_strsplit(more, " ", -1);
        then.user.groups = groups;
        aqr_setup_step_add_command(steps, "group-libvirt", argv);
    }
    own = aqr_setup_plan_make(&then);
    g_ptr_array_extend_and_steal(steps, g_steal_pointer(&own));
}

static void
plan_subids(const AqrHostFacts *facts, const char *text, const char *option, GPtrArray *steps)
{
    guint32 first = text == NULL ? 0 : aqr_subid_next(text);
    g_autofree char *range = g_strdup_printf("%u-%u", first, first + AQR_SUBID_COUNT - 1);
    const char *const argv[] = { "usermod", option, range, AQR_DEBCI_USER, NULL };

    if (first != 0 && !aqr_subid_has(text, AQR_DEBCI_USER, facts->user.uid))
        aqr_setup_step_add_command(
            steps, g_str_equal(option, "--add-subuids") ? "subuids" : "subgids", argv);
}

/* --- files ------------------------------------------------------------------- */

static void
plan_images(GPtrArray *steps)
{
    AqrSetupStep *step = aqr_setup_step_add_directory(steps, "debci-images", IMAGE_DIR, 0755);

    step->user = step->group = AQR_DEBCI_USER;
}

static void
plan_amqp(const AqrDebciWish *wish, GPtrArray *steps)
{
    const char *url = wish->amqp_server;
    g_autofree char *text = NULL, *masked = NULL, *shown = NULL;
    AqrSetupStep *step;

    if (url == NULL || !aqr_debci_wish_has_amqp_file(wish))
        return;
    text = aqr_debci_files_amqp(url);
    masked = aqr_amqp_url_mask(url);
    shown = aqr_debci_files_amqp(masked);
    step = aqr_setup_step_add_file(steps, "debci-amqp", AQR_DEBCI_AMQP_FILE, text);
    step->shown = g_strconcat(aqr_setup_mark, shown, NULL);
    step->mode = 0640;
    step->group = AQR_DEBCI_USER;
}

static void
plan_units(const AqrDebciPlan *plan, const AqrHostFacts *facts, const AqrDebciFacts *debci,
           const AqrDebciWish *wish, GPtrArray *steps)
{
    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);
        g_autofree char *path = g_strdup_printf(UNIT_FILE, worker->unit);
        g_autofree char *text = aqr_debci_files_unit(worker, facts, debci, wish);

        aqr_setup_step_add_file(steps, "debci-unit", path, text);
    }
}

GPtrArray *
aqr_debci_setup_steps(const AqrDebciPlan *plan, const AqrHostFacts *facts,
                      const AqrDebciFacts *debci, const AqrDebciWish *wish)
{
    GPtrArray *steps = aqr_setup_steps_new();
    g_autofree char *conf = NULL;

    if (plan->workers->len == 0)
        return steps;
    plan_user(facts, steps);
    plan_subids(facts, debci->subuid, "--add-subuids", steps);
    plan_subids(facts, debci->subgid, "--add-subgids", steps);
    plan_images(steps);
    plan_amqp(wish, steps);
    conf = aqr_debci_files_conf(plan, debci, wish);
    aqr_setup_step_add_file(steps, "debci-conf", AQR_DEBCI_CONF_FILE, conf);
    if (debci->kept.amqp_apart && !aqr_debci_wish_has_amqp_file(wish))
        aqr_setup_step_add_removal(steps, "debci-amqp", AQR_DEBCI_AMQP_FILE);
    plan_units(plan, facts, debci, wish, steps);
    return steps;
}

/* --- and then ---------------------------------------------------------------- */

/* Of each suite, for a worker waits for them all: what was asked for is added to others'. As
 * whoever debci-update-worker runs as: up to 3.12 that is root, whose stamp files debci could
 * not touch. */
static void
add_images(GStrvBuilder *next, const AqrDebciFacts *debci)
{
    g_autofree char *command =
        g_strdup_printf("for suite in $(debci config --values-only suite_list); do "
                        "%sdebci setup --suite=$suite --arch=%s --backend=%s; done",
                        aqr_debci_facts_is_old(debci) ? "" : "sudo -u " AQR_DEBCI_USER " ",
                        AQR_DEBCI_ARCH, AQR_DEBCI_BACKEND);

    g_strv_builder_add(next, command);
}

static void
add_units(GStrvBuilder *next, const AqrDebciPlan *plan)
{
    g_autoptr(GString) command = g_string_new("systemctl enable --now");

    for (guint i = 0; i < plan->workers->len; i++) {
        const AqrDebciWorker *worker = g_ptr_array_index(plan->workers, i);

        g_string_append_printf(command, " '%s'", worker->unit);
    }
    g_strv_builder_add(next, command->str);
}

GStrv
aqr_debci_setup_next(const AqrDebciPlan *plan, const AqrDebciFacts *debci)
{
    g_autoptr(GStrvBuilder) next = g_strv_builder_new();

    if (plan->workers->len > 0) {
        g_strv_builder_add(next, "rocm-qemu-setup -u " AQR_DEBCI_USER);
        g_strv_builder_add(next, "systemctl daemon-reload");
        add_images(next, debci);
        add_units(next, plan);
    }
    return g_strv_builder_end(next);
}
