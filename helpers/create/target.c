/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "target.h"

#include <errno.h>
#include <stdlib.h>

/* Where what @link leads to is to be made, if nothing is there yet. */
static char *
follow(const char *link)
{
    g_autofree char *goal = g_file_read_link(link, NULL);
    g_autofree char *parent = g_path_get_dirname(link);
    char *beside = goal == NULL ? NULL : realpath(parent, NULL);
    g_autofree char *full = beside == NULL ? NULL : g_build_filename(beside, goal, NULL);

    free(beside);
    return full == NULL ? NULL : target_resolve(g_path_is_absolute(goal) ? goal : full);
}

char *
target_resolve(const char *image)
{
    g_autofree char *full = g_canonicalize_filename(image, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    g_autofree char *name = g_path_get_basename(full);
    char *there = realpath(full, NULL);
    char *target = there != NULL ? g_strdup(there) : NULL;

    if (target == NULL && errno == ENOENT)
        target = follow(full);
    free(there);
    there = target == NULL ? realpath(parent, NULL) : NULL;
    if (target == NULL)
        target = g_build_filename(there == NULL ? parent : there, name, NULL);
    free(there);
    return target;
}

char *
target_draft(const char *target)
{
    g_autofree char *parent = g_path_get_dirname(target);
    g_autofree char *name = g_path_get_basename(target);
    g_autofree char *hidden = g_strconcat(".", name, ".new", NULL);

    return g_build_filename(parent, hidden, "image", NULL);
}
