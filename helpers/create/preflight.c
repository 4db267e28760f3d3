/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "preflight.h"

#include <errno.h>
#include <unistd.h>

#include "base/error.h"
#include "core/subid.h"
#include "prove.h"

/* Without, mmdebstrap has no users but one to make a system of. */
static gboolean
check_subids(const char *file, GError **error)
{
    g_autofree char *text = NULL;
    const char *user = g_get_user_name();

    g_file_get_contents(file, &text, NULL, NULL);
    if (aqr_subid_has(text == NULL ? "" : text, user, geteuid()))
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "%s gives %s no subordinate ids to build an image with; have root run \"usermod "
                "--add-subuids 100000-165535 --add-subgids 100000-165535 %s\"",
                file, user, user);
    return FALSE;
}

static gboolean
check_file(const char *file, int mode, const char *option, GError **error)
{
    if (file == NULL)
        return TRUE;
    if (access(file, mode) < 0)
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "%s: \"%s\": %s", option, file,
                    g_strerror(errno));
    else if (g_file_test(file, G_FILE_TEST_IS_REGULAR))
        return TRUE;
    else
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "%s: \"%s\" is no file", option, file);
    return FALSE;
}

gboolean
create_preflight(const CreateOptions *options, GError **error)
{
    if (!check_file(options->authorized_keys, R_OK, "--authorized-keys", error) ||
        !check_file(options->sources, R_OK, "--sources", error) ||
        !check_file(options->keyring, R_OK, "--keyring", error) ||
        !check_file(options->script, X_OK, "--script", error))
        return FALSE;
    if (!options->no_check && !prove_can(options->boot, options->accel, error))
        return FALSE;
    return geteuid() == 0 ||
           (check_subids("/etc/subuid", error) && check_subids("/etc/subgid", error));
}
