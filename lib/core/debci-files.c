/* SPDX-License-Identifier: GPL-2.0-or-later */

/* debci sources the files of conf.d as shell, with "set -eu", sorted by name, before it sets
 * its defaults; 4.4 reads them again in each program. So a list is added to, and debci_arch is
 * never set: it would beat the --arch of the worker. */
#include "core/debci-files.h"

#include "core/amqp-url.h"
#include "core/debci-units.h"

/* --- what is said ------------------------------------------------------------ */

void
aqr_debci_wish_settle(AqrDebciWish *wish, const AqrDebciKept *kept)
{
    if (wish->amqp_server == NULL) {
        wish->amqp_server = kept->amqp_server;
        wish->amqp_apart = kept->amqp_apart;
    } else if (*wish->amqp_server == '\0') {
        wish->amqp_server = NULL;
    }
    if (wish->suites == NULL)
        wish->suites = kept->suites;
    else if (*wish->suites == NULL)
        wish->suites = NULL;
    if (wish->backend_args == NULL)
        wish->backend_args = kept->backend_args;
    else if (*wish->backend_args == '\0')
        wish->backend_args = NULL;
}

gboolean
aqr_debci_wish_has_amqp_file(const AqrDebciWish *wish)
{
    return wish->amqp_apart ||
           (wish->amqp_server != NULL && aqr_amqp_url_has_password(wish->amqp_server));
}

/* --- /etc/debci/conf.d ------------------------------------------------------- */

static void
add_words(GString *text, const char *list, const char *words)
{
    g_string_append_printf(text,
                           "for rocm_qemu_word in %s; do\n"
                           "    case \" ${%s:-} \" in\n"
                           "        *\" $rocm_qemu_word \"*) ;;\n"
                           "        *) %s=\"${%s:+$%s }$rocm_qemu_word\" ;;\n"
                           "    esac\n"
                           "done\n",
                           words, list, list, list, list);
}

static void
add_backends(GString *text)
{
    g_string_append(text, "\n# debci's own default, lxc, stays in the list where it is installed.\n"
                          "if [ -z \"${debci_backend_list:-}\" ]; then\n"
                          "    debci_backend_list=${debci_backend:-}\n"
                          "    if [ -z \"$debci_backend_list\" ] && "
                          "command -v lxc-create >/dev/null; then\n"
                          "        debci_backend_list=lxc\n"
                          "    fi\n"
                          "fi\n");
    add_words(text, "debci_backend_list", AQR_DEBCI_BACKEND);
}

/* The base architecture's image serves all variants. Those of workers that were made before
 * stay: a GPU in quarantine is to come back. A variant in the list would have
 * debci-update-worker hand it to every backend, lxc among them, which would fail; only who
 * takes requests must know it, and debci_arch_skip_list (4.4) keeps update-worker from it. Those
 * of 3.6 and 3.12 do fail there, every day, when all images of the base architecture are made. */
static void
add_archs(GString *text, const AqrDebciPlan *plan, const AqrDebciFacts *debci)
{
    g_autofree char *variants = aqr_debci_units_archs(plan, debci);
    g_autofree char *all = g_strdup_printf("%s %s", AQR_DEBCI_ARCH, variants);

    g_string_append(text, "\n# debci-update-worker makes one image for all variants of it.\n");
    if (!debci->has_collector || plan->workers->len == 0) {
        add_words(text, "debci_arch_list", AQR_DEBCI_ARCH);
        return;
    }
    add_words(text, "debci_arch_list", all);
    g_string_append(text, "# So that requests for them are taken, but no image is made.\n");
    add_words(text, "debci_arch_skip_list", variants);
}

static void
add_amqp(GString *text, const AqrDebciWish *wish)
{
    g_autofree char *quoted = NULL;

    if (aqr_debci_wish_has_amqp_file(wish)) {
        g_string_append(text, "\n# Apart, for others than debci may not read it.\n"
                              "if [ -r " AQR_DEBCI_AMQP_FILE " ]; then\n"
                              "    . " AQR_DEBCI_AMQP_FILE "\n"
                              "fi\n");
        return;
    }
    if (wish->amqp_server == NULL)
        return;
    quoted = g_shell_quote(wish->amqp_server);
    g_string_append_printf(text, "\ndebci_amqp_server=%s\n", quoted);
}

static void
add_backend_args(GString *text, const char *args)
{
    g_autofree char *quoted = args == NULL ? NULL : g_shell_quote(args);

    if (quoted != NULL)
        g_string_append_printf(text,
                               "\n# For autopkgtest-virt-qemu-rocm.\n"
                               "debci_autopkgtest_args_qemu_rocm=%s\n",
                               quoted);
}

char *
aqr_debci_files_conf(const AqrDebciPlan *plan, const AqrDebciFacts *debci, const AqrDebciWish *wish)
{
    g_autofree char *suites = wish->suites == NULL ? NULL : g_strjoinv(" ", wish->suites);
    GString *text =
        g_string_new("# Its name comes behind others', so that what they say is added to.\n");

    add_backends(text);
    add_archs(text, plan, debci);
    if (suites != NULL) {
        g_string_append(text, "\n# debci's own default is the suite that it tests by default.\n"
                              "debci_suite_list=${debci_suite_list:-${debci_suite:-unstable}}\n");
        add_words(text, "debci_suite_list", suites);
    }
    g_string_append(text, "unset rocm_qemu_word\n");
    add_amqp(text, wish);
    add_backend_args(text, wish->backend_args);
    return g_string_free(text, FALSE);
}

char *
aqr_debci_files_amqp(const char *url)
{
    g_autofree char *quoted = g_shell_quote(url);

    return g_strdup_printf("debci_amqp_server=%s\n", quoted);
}

/* --- the unit ---------------------------------------------------------------- */

/* (transfer full): start-worker says why. While it fails, the template's Restart=on-failure and
 * RestartSec=5 start it anew, seldom enough for systemd's limit of five starts in ten seconds. */
static char *
write_start(const AqrDebciWorker *worker, const AqrDebciFacts *debci)
{
    if (aqr_debci_facts_is_old(debci))
        return g_strdup_printf("# It looks for the images and the GPU first, as later ones do.\n"
                               "ExecStart=/usr/share/debci/backends/" AQR_DEBCI_BACKEND
                               "/start-worker %s\n",
                               worker->arch);
    return g_strdup_printf(
        "ExecStart=/usr/share/debci/bin/debci worker --arch %s --backend " AQR_DEBCI_BACKEND "\n",
        worker->arch);
}

/* systemd sends SIGTERM to all processes of the unit, QEMU among them, which then drops the
 * guest, and its GPU, as it stands. So rocm-debci-stop comes first. What PAM would allow
 * (limits.d) does not reach a unit. */
char *
aqr_debci_files_unit(const AqrDebciWorker *worker, const AqrHostFacts *facts,
                     const AqrDebciFacts *debci, const AqrDebciWish *wish)
{
    gboolean daemon = aqr_debci_plan_wants_daemon(facts);
    g_autofree char *start = write_start(worker, debci);

    return g_strdup_printf(
        "# A template's drop-in is overruled by its name; to change this one, add one behind it.\n"
        "%s"
        "[Service]\n"
        "ExecStart=\n"
        "%s"
        "# The guest powers itself off, and its GPU is given back, before anything is killed.\n"
        "ExecStop=\n"
        "ExecStop=-%s\n"
        "TimeoutStopSec=5min\n"
        "%s",
        daemon ? "[Unit]\n# It stops before what it needs for that.\nAfter=libvirtd.service "
                 "virtqemud.service\n\n"
               : "",
        start, wish->stop_program,
        daemon ? "" : "# VFIO pins the guest's memory.\nLimitMEMLOCK=infinity\n");
}
