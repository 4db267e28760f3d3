/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/copy.h"

#include "base/error.h"

gboolean
aqr_copy_plan(const char *from, const char *to, gboolean down, AqrCopy *copy, GError **error)
{
    if (*from == '\0' || *to == '\0') {
        g_set_error_literal(error, AQR_ERROR, AQR_ERROR_PROTOCOL, "a path to copy is empty");
        return FALSE;
    }
    if (g_str_has_suffix(from, "/") != g_str_has_suffix(to, "/")) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_PROTOCOL,
                    "cannot copy \"%s\" to \"%s\": both must end in \"/\", or neither", from, to);
        return FALSE;
    }
    *copy = (AqrCopy){
        .down = down,
        .directory = g_str_has_suffix(from, "/"),
        .host = down ? from : to,
        .guest = down ? to : from,
    };
    return TRUE;
}

/* Fewer, larger pieces than tar's 10 KiB: packing and unpacking in a guest is quicker. */
#define RECORD "--blocking-factor=256"

/* The path is the script's $1, so it needs no quoting. */
static GStrv
new_script(const char *script, const char *path)
{
    const char *words[] = { "sh", "-c", script, "sh", path, NULL };

    return g_strdupv((GStrv)words);
}

GStrv
aqr_copy_guest_argv(const AqrCopy *copy)
{
    if (!copy->directory && !copy->down)
        return new_script("exec cat <\"$1\"", copy->guest);
    if (!copy->directory)
        return new_script(copy->executable ? "cat >\"$1\" && chmod +x -- \"$1\""
                                           : "exec cat >\"$1\"",
                          copy->guest);
    if (copy->down)
        return new_script(
            "[ -d \"$1\" ] || mkdir -- \"$1\" || exit; cd -- \"$1\" && exec "
            "tar --warning=none --extract --preserve-permissions --no-same-owner " RECORD
            " --file=-",
            copy->guest);
    return new_script("cd -- \"$1\" && exec tar --warning=none --create " RECORD " --file=- .",
                      copy->guest);
}

GStrv
aqr_copy_host_argv(const AqrCopy *copy)
{
    const char *pack[] = {
        "tar",         "--warning=none", "--create", RECORD, "--file=-",
        "--directory", copy->host,       ".",        NULL,
    };
    const char *unpack[] = {
        "setpriv",
        "--bounding-set=-mknod",
        "--inh-caps=-mknod", /* that was for root; FIFOs can be made without it */
        "tar",
        "--warning=none",
        "--extract",
        "--preserve-permissions",
        "--no-same-owner",
        "--file=-",
        "--directory",
        copy->host,
        NULL,
    };

    if (copy->down)
        return g_strdupv((GStrv)pack);
    return g_strdupv((GStrv)unpack + (copy->privileged ? 0 : 3));
}

GStrv
aqr_copy_merge_argv(const char *from, const char *to)
{
    const char *script = "unset TAR_OPTIONS; "
                         "tar --warning=none --create --file=- --directory \"$1\" . | "
                         "tar --warning=none --extract --preserve-permissions --no-same-owner "
                         "--file=- --directory \"$2\"";
    const char *words[] = { "bash", "-o", "pipefail", "-c", script, "bash", from, to, NULL };

    return g_strdupv((GStrv)words);
}
