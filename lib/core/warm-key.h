/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What a saved VM depends on: if any of it is another, the VM must be saved anew. */

/* A file as stat(2) describes it. */
typedef struct {
    char *path; /* absolute */
    guint64 device, inode, size;
    gint64 modified, changed; /* nanoseconds since 1970 */
} AqrFileId;

typedef struct {
    char *shape;      /* the domain's XML without what differs from one VM to the next */
    GPtrArray *files; /* AqrFileId: images with what they are overlays of, QEMU, firmware */
    char *agent;      /* checksum of the agent in the guest */
    char *host;       /* processor, kernel, libvirt: what a guest was told of them stays with it */
    char *guest;      /* what was set in the guest before it was saved: the time zone */
    char *version;    /* ours */
} AqrWarmFacts;

/* The files are kept beside the name: so it can be seen later which pairs are of no use. */
typedef struct {
    char *name;       /* 32 hexadecimal digits */
    GPtrArray *files; /* AqrFileId; the first is the image */
} AqrWarmKey;

AqrFileId *aqr_file_id_new(const char *path) G_GNUC_WARN_UNUSED_RESULT;
AqrFileId *aqr_file_id_copy(const AqrFileId *id) G_GNUC_WARN_UNUSED_RESULT;
void aqr_file_id_free(AqrFileId *id);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrFileId, aqr_file_id_free)
gboolean aqr_file_id_equal(const AqrFileId *a, const AqrFileId *b);

/* An empty list that frees them. */
GPtrArray *aqr_file_ids_new(void) G_GNUC_WARN_UNUSED_RESULT;

AqrWarmKey *aqr_warm_key_new(const AqrWarmFacts *facts) G_GNUC_WARN_UNUSED_RESULT;
void aqr_warm_key_free(AqrWarmKey *key);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmKey, aqr_warm_key_free)

/* Whether @text has the form of a key's name. */
gboolean aqr_warm_key_is_name(const char *text);

AqrWarmFacts *aqr_warm_facts_new(void) G_GNUC_WARN_UNUSED_RESULT;
void aqr_warm_facts_free(AqrWarmFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrWarmFacts, aqr_warm_facts_free)
