/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ssh.h"

#include <glib/gstdio.h>

#include "base/printable.h"
#include "cli/program.h"
#include "core/ssh-config.h"
#include "host/child.h"
#include "host/guest-run.h"

#define TIMEOUT (60 * G_TIME_SPAN_SECOND)
#define GUEST_DIR "/run/rocm-testbed-ssh"

/* $1: the public key. Prints the host's, or what is wrong. Nothing of the guest's own settings
 * counts, so none can keep us out; what is in /run goes with the VM. */
static const char script[] =
    "exec 2>&1\n"
    "umask 022\n"
    "cd / && mkdir -p /run/sshd " GUEST_DIR " && cd " GUEST_DIR " || exit\n"
    "if ! [ -x /usr/sbin/sshd ] || ! command -v ssh-keygen >/dev/null; then\n"
    "  echo 'it has no ssh server; install openssh-server in the image'\n"
    "  exit 1\n"
    "fi\n"
    "[ -e host_key ] || ssh-keygen -q -t ed25519 -N '' -C '' -f host_key || exit\n"
    "echo \"$1\" >authorized_keys\n"
    "cat >sshd_config <<END\n"
    "HostKey " GUEST_DIR "/host_key\n"
    "AuthorizedKeysFile " GUEST_DIR "/authorized_keys\n"
    "AuthenticationMethods publickey\n"
    "PermitRootLogin prohibit-password\n"
    "UsePAM yes\n"
    "PrintMotd no\n"
    "AcceptEnv LANG LC_*\n"
    "X11Forwarding yes\n"
    "Subsystem sftp internal-sftp\n"
    "END\n"
    "exec cat host_key.pub\n";

/* --- the keys ----------------------------------------------------------- */

static gboolean
make_key(const char *file, const AqrPatience *patience, GError **error)
{
    const char *const argv[] = { "ssh-keygen",    "-q", "-t", "ed25519", "-N", "", "-C",
                                 "rocm-qemu-run", "-f", file, NULL };
    g_autofree char *output = NULL;

    if (g_file_test(file, G_FILE_TEST_EXISTS))
        return TRUE;
    output = aqr_child_run(argv, AQR_ERROR_HOST, "make a key for ssh (package openssh-client)",
                           patience, error);
    return output != NULL;
}

/* (transfer full): the guest's host key, a line. */
static char *
set_up_guest(AqrGuestLink *link, const char *key, const AqrPatience *patience, GError **error)
{
    const char *const argv[] = { "sh", "-c", script, "sh", key, NULL };
    g_autofree char *output = NULL, *shown = NULL;
    int status;

    if (!aqr_guest_run(link, argv, patience, &output, &status, error))
        return NULL;
    if (status == 0 && g_str_has_prefix(output, "ssh-ed25519 "))
        return g_strdup(g_strdelimit(output, "\n", '\0'));
    shown = aqr_printable_line(output, 300);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "--ssh: cannot let ssh into the guest: %s",
                shown);
    return NULL;
}

/* --- what ssh is told ---------------------------------------------------- */

static gboolean
write_file(const char *dir, const char *name, const char *text, GError **error)
{
    g_autofree char *file = g_build_filename(dir, name, NULL);
    g_autoptr(GError) failed = NULL;

    if (g_file_set_contents_full(file, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &failed))
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST, failed->message);
    return FALSE;
}

static gboolean
write_files(const AqrLiveConfig *config, const char *user, const char *host_key, GError **error)
{
    const AqrSshConfig what = {
        .user = user == NULL ? "root" : user,
        .exec_argv = config->exec_argv,
        .command = "/usr/sbin/sshd -i -f " GUEST_DIR "/sshd_config",
        .dir = config->work_dir,
    };
    g_autofree char *text = aqr_ssh_config(&what);
    g_autofree char *known = g_strdup_printf(AQR_SSH_HOST " %s\n", host_key);

    return write_file(config->work_dir, "known_hosts", known, error) &&
           write_file(config->work_dir, "ssh_config", text, error);
}

gboolean
ssh_let_in(const AqrLiveConfig *config, AqrLiveWorld *world, const char *user, GError **error)
{
    AqrPatience patience = aqr_patience(TIMEOUT, config->stop);
    g_autofree char *file = g_build_filename(config->work_dir, "ssh-key", NULL);
    g_autofree char *public_file = g_strconcat(file, ".pub", NULL);
    g_autofree char *key = NULL, *host_key = NULL;

    if (!make_key(file, &patience, error))
        return FALSE;
    if (!g_file_get_contents(public_file, &key, NULL, NULL)) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "ssh-keygen has not made \"%s\"",
                    public_file);
        return FALSE;
    }
    host_key = set_up_guest(aqr_live_world_get_link(world), g_strchomp(key), &patience, error);
    if (host_key == NULL || !write_files(config, user, host_key, error))
        return FALSE;
    aqr_program_say("log in with: ssh -F %s/ssh_config " AQR_SSH_HOST, config->work_dir);
    return TRUE;
}
