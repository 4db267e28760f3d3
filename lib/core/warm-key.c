/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-key.h"

#include <string.h>

#define NAME_DIGITS 32

AqrFileId *
aqr_file_id_new(const char *path)
{
    AqrFileId *id = g_new0(AqrFileId, 1);

    id->path = g_strdup(path);
    return id;
}

AqrFileId *
aqr_file_id_copy(const AqrFileId *id)
{
    AqrFileId *copy = g_new(AqrFileId, 1);

    *copy = *id;
    copy->path = g_strdup(id->path);
    return copy;
}

void
aqr_file_id_free(AqrFileId *id)
{
    if (id == NULL)
        return;
    g_free(id->path);
    g_free(id);
}

gboolean
aqr_file_id_equal(const AqrFileId *a, const AqrFileId *b)
{
    return g_strcmp0(a->path, b->path) == 0 && a->device == b->device && a->inode == b->inode &&
           a->size == b->size && a->modified == b->modified && a->changed == b->changed;
}

GPtrArray *
aqr_file_ids_new(void)
{
    return g_ptr_array_new_with_free_func((GDestroyNotify)aqr_file_id_free);
}

AqrWarmFacts *
aqr_warm_facts_new(void)
{
    AqrWarmFacts *facts = g_new0(AqrWarmFacts, 1);

    facts->files = aqr_file_ids_new();
    return facts;
}

void
aqr_warm_facts_free(AqrWarmFacts *facts)
{
    if (facts == NULL)
        return;
    g_free(facts->shape);
    g_clear_pointer(&facts->files, g_ptr_array_unref);
    g_free(facts->agent);
    g_free(facts->host);
    g_free(facts->guest);
    g_free(facts->version);
    g_free(facts);
}

/* --- the name ---------------------------------------------------------- */

static void
add_number(GChecksum *sum, guint64 number)
{
    guint64 bytes = GUINT64_TO_LE(number);

    g_checksum_update(sum, (const guchar *)&bytes, sizeof bytes);
}

/* With its length, so that no two lists of strings look alike. */
static void
add_string(GChecksum *sum, const char *text)
{
    gsize length = text == NULL ? 0 : strlen(text);

    add_number(sum, text == NULL ? G_MAXUINT64 : length);
    g_checksum_update(sum, (const guchar *)text, (gssize)length);
}

static void
add_file(GChecksum *sum, const AqrFileId *id)
{
    add_string(sum, id->path);
    add_number(sum, id->device);
    add_number(sum, id->inode);
    add_number(sum, id->size);
    add_number(sum, (guint64)id->modified);
    add_number(sum, (guint64)id->changed);
}

static char *
name_of(const AqrWarmFacts *facts)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

    add_string(sum, facts->shape);
    add_number(sum, facts->files->len);
    for (guint i = 0; i < facts->files->len; i++)
        add_file(sum, g_ptr_array_index(facts->files, i));
    add_string(sum, facts->agent);
    add_string(sum, facts->host);
    add_string(sum, facts->guest);
    add_string(sum, facts->version);
    return g_strndup(g_checksum_get_string(sum), NAME_DIGITS);
}

AqrWarmKey *
aqr_warm_key_new(const AqrWarmFacts *facts)
{
    AqrWarmKey *key = g_new0(AqrWarmKey, 1);

    key->name = name_of(facts);
    key->files = aqr_file_ids_new();
    for (guint i = 0; i < facts->files->len; i++)
        g_ptr_array_add(key->files, aqr_file_id_copy(g_ptr_array_index(facts->files, i)));
    return key;
}

void
aqr_warm_key_free(AqrWarmKey *key)
{
    if (key == NULL)
        return;
    g_free(key->name);
    g_clear_pointer(&key->files, g_ptr_array_unref);
    g_free(key);
}

gboolean
aqr_warm_key_is_name(const char *text)
{
    return strlen(text) == NAME_DIGITS && strspn(text, "0123456789abcdef") == NAME_DIGITS;
}
