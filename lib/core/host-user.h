/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

#include "core/path-access.h"

/* A user of the host as its databases have him: a plain value. */
typedef struct {
    char *name;
    gboolean exists; /* FALSE: only the name is known */
    guint32 uid;
    GArray *gids; /* of guint32: all of his groups; NULL: none */
    GStrv groups; /* and their names, as far as they have one; NULL: none */
} AqrHostUser;

void aqr_host_user_clear(AqrHostUser *user);

gboolean aqr_host_user_is_in(const AqrHostUser *user, const char *group);
gboolean aqr_host_user_has_gid(const AqrHostUser *user, guint32 gid);

/* Whether a file's mode lets him read and write it. TRUE too where an ACL decides. */
gboolean aqr_host_user_may_use(const AqrHostUser *user, const AqrPathOwner *owner);

/* Whether the libvirt daemon of the system's behind a socket of this mode lets him in. */
gboolean aqr_host_user_may_use_libvirt(const AqrHostUser *user, const AqrPathOwner *socket);
