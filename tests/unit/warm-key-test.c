/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/warm-key.h"

#include <string.h>

#include "support/check-main.h"

static AqrFileId *
new_file(const char *path, guint64 seed)
{
    AqrFileId *id = aqr_file_id_new(path);

    id->device = seed;
    id->inode = seed + 1;
    id->size = seed + 2;
    id->modified = (gint64)seed + 3;
    id->changed = (gint64)seed + 4;
    return id;
}

static AqrWarmFacts *
new_facts(void)
{
    AqrWarmFacts *facts = aqr_warm_facts_new();

    facts->shape = g_strdup("<domain/>");
    g_ptr_array_add(facts->files, new_file("/image", 10));
    g_ptr_array_add(facts->files, new_file("/qemu", 20));
    facts->agent = g_strdup("agent");
    facts->host = g_strdup("host");
    facts->guest = g_strdup("guest");
    facts->version = g_strdup("1");
    return facts;
}

static char *
name_of(const AqrWarmFacts *facts)
{
    g_autoptr(AqrWarmKey) key = aqr_warm_key_new(facts);

    ck_assert(aqr_warm_key_is_name(key->name));
    return g_strdup(key->name);
}

static void
set(char **text, const char *value)
{
    g_free(*text);
    *text = g_strdup(value);
}

static AqrFileId *
file(AqrWarmFacts *facts, guint i)
{
    return g_ptr_array_index(facts->files, i);
}

/* --- what makes another one -------------------------------------------- */

typedef void (*Change)(AqrWarmFacts *facts);

#define SETS(name, code)                  \
    static void name(AqrWarmFacts *facts) \
    {                                     \
        code;                             \
    }

SETS(shape, set(&facts->shape, "<domain></domain>"))
SETS(no_shape, set(&facts->shape, NULL))
SETS(empty_shape, set(&facts->shape, ""))
SETS(agent, set(&facts->agent, "Agent"))
SETS(host, set(&facts->host, "host "))
SETS(guest, set(&facts->guest, ""))
SETS(no_guest, set(&facts->guest, NULL))
SETS(version, set(&facts->version, "2"))
SETS(path, set(&file(facts, 1)->path, "/qemu2"))
SETS(device, file(facts, 0)->device++)
SETS(inode, file(facts, 0)->inode++)
SETS(size, file(facts, 1)->size++)
SETS(modified, file(facts, 1)->modified++)
SETS(changed, file(facts, 0)->changed--)
SETS(fewer, g_ptr_array_remove_index(facts->files, 1))
SETS(none, g_ptr_array_set_size(facts->files, 0))
SETS(twice, g_ptr_array_add(facts->files, new_file("/qemu", 20)))

static void
other_order(AqrWarmFacts *facts)
{
    g_ptr_array_insert(facts->files, 0, g_ptr_array_steal_index(facts->files, 1));
}

/* The same bytes one behind the other. */
static void
other_bounds(AqrWarmFacts *facts)
{
    set(&facts->agent, "agenth");
    set(&facts->host, "ost");
}

static void
other_fields(AqrWarmFacts *facts)
{
    set(&facts->agent, "host");
    set(&facts->host, "agent");
}

static const Change changes[] = {
    shape,   no_shape, empty_shape, agent,       host,         guest,        no_guest,
    version, path,     device,      inode,       size,         modified,     changed,
    fewer,   none,     twice,       other_order, other_bounds, other_fields,
};

START_TEST(tells_apart)
{
    g_autoptr(AqrWarmFacts) facts = new_facts();
    g_autofree char *was = name_of(facts), *is = NULL;

    changes[_i](facts);
    is = name_of(facts);
    ck_assert_str_ne(was, is);
}
END_TEST

START_TEST(tells_all_apart)
{
    g_autoptr(GHashTable) names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autoptr(AqrWarmFacts) facts = new_facts();

        changes[i](facts);
        ck_assert(g_hash_table_add(names, name_of(facts)));
    }
}
END_TEST

START_TEST(is_the_same)
{
    g_autoptr(AqrWarmFacts) one = new_facts(), other = new_facts();
    g_autofree char *a = name_of(one), *b = name_of(other);

    ck_assert_str_eq(a, b);
}
END_TEST

START_TEST(keeps_the_files)
{
    AqrWarmFacts *facts = new_facts();
    g_autoptr(AqrWarmKey) key = aqr_warm_key_new(facts);
    g_autoptr(AqrFileId) image = new_file("/image", 10), qemu = new_file("/qemu", 20);

    aqr_warm_facts_free(facts);
    ck_assert_uint_eq(key->files->len, 2);
    ck_assert(aqr_file_id_equal(g_ptr_array_index(key->files, 0), image));
    ck_assert(aqr_file_id_equal(g_ptr_array_index(key->files, 1), qemu));
    ck_assert(!aqr_file_id_equal(image, qemu));
}
END_TEST

static const struct {
    const char *text;
    gboolean is;
} names[] = {
    { "0123456789abcdef0123456789abcdef", TRUE },
    { "0123456789abcdef0123456789abcde", FALSE },
    { "0123456789abcdef0123456789abcdef0", FALSE },
    { "0123456789ABCDEF0123456789abcdef", FALSE },
    { "0123456789abcdef0123456789abcde/", FALSE },
    { "..", FALSE },
    { "", FALSE },
};

START_TEST(knows_a_name)
{
    ck_assert(aqr_warm_key_is_name(names[_i].text) == names[_i].is);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells_apart, 0, G_N_ELEMENTS(changes));
    tcase_add_test(tcase, tells_all_apart);
    tcase_add_test(tcase, is_the_same);
    tcase_add_test(tcase, keeps_the_files);
    tcase_add_loop_test(tcase, knows_a_name, 0, G_N_ELEMENTS(names));
}
