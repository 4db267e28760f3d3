/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/stage.h"

#include <errno.h>
#include <ftw.h>
#include <glib/gstdio.h>

#include "base/error.h"
#include "core/copy.h"
#include "host/child.h"
#include "host/workdir.h"

struct AqrStage {
    char *target;
    char *detour; /* NULL: straight into the target */
};

/* What cannot be looked at may be one, or hold one. */
static int
stop_at_link(G_GNUC_UNUSED const char *path, G_GNUC_UNUSED const struct stat *status, int type,
             G_GNUC_UNUSED struct FTW *position)
{
    return type == FTW_SL || type == FTW_DNR || type == FTW_NS;
}

/* The "." follows the target itself, which is the caller's choice. */
static gboolean
holds_link(const char *target)
{
    g_autofree char *path = g_strconcat(target, "/.", NULL);

    return nftw(path, stop_at_link, 16, FTW_PHYS) != 0;
}

static char *
make_detour(const char *target, GError **error)
{
    g_autofree char *path = g_build_filename(target, ".aqr-XXXXXX", NULL);

    if (g_mkdtemp(path) != NULL)
        return g_steal_pointer(&path);
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot make a directory in \"%s\": %s", target,
                g_strerror(errno));
    return NULL;
}

AqrStage *
aqr_stage_new(const char *target, GError **error)
{
    g_autoptr(AqrStage) stage = g_new0(AqrStage, 1);

    stage->target = g_strdup(target);
    if (holds_link(target)) {
        stage->detour = make_detour(target, error);
        if (stage->detour == NULL)
            return NULL;
    }
    return g_steal_pointer(&stage);
}

void
aqr_stage_free(AqrStage *stage)
{
    if (stage == NULL)
        return;
    if (stage->detour != NULL)
        aqr_workdir_remove(stage->detour, -1);
    g_free(stage->detour);
    g_free(stage->target);
    g_free(stage);
}

const char *
aqr_stage_dir(const AqrStage *stage)
{
    return stage->detour != NULL ? stage->detour : stage->target;
}

/* A tar of ours names each directory before what is in it, and so replaces a link by
 * the directory instead of going through it. */
gboolean
aqr_stage_merge(AqrStage *stage, const AqrPatience *patience, GError **error)
{
    g_auto(GStrv) argv = NULL;
    g_autofree char *output = NULL;

    if (stage->detour == NULL)
        return TRUE;
    argv = aqr_copy_merge_argv(stage->detour, stage->target);
    output =
        aqr_child_run((const char *const *)argv, AQR_ERROR_HOST, "merge a copy", patience, error);
    return output != NULL;
}
