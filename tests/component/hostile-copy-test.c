/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What a hostile guest packs for a copy up: its tar is one that sends an archive made
 * here. Nothing of it may leave the target, nor be a device. */
#include <glib/gstdio.h>
#include <string.h>

#include "agent-link.h"
#include "host/guest-copy.h"
#include "support/check-main.h"
#include "support/data.h"

#define BLOCK 512

typedef struct {
    const char *name;
    char type;           /* of POSIX's ustar: '0' file, '1' hard link, '2' symbolic link ... */
    const char *content; /* or where the link goes */
} Member;

static char *dir;

/* --- the archive ------------------------------------------------------------ */

/* The test's directory for an "@" at the start. */
static char *
expand(const char *text)
{
    return *text == '@' ? g_strconcat(dir, text + 1, NULL) : g_strdup(text);
}

static void
write_checksum(char header[BLOCK])
{
    unsigned sum = 0;

    memset(header + 148, ' ', 8);
    for (int i = 0; i < BLOCK; i++)
        sum += (guint8)header[i];
    g_snprintf(header + 148, 8, "%06o", sum);
}

static void
add_member(GByteArray *archive, const Member *member)
{
    g_autofree char *name = expand(member->name);
    g_autofree char *content = expand(member->content);
    gboolean is_link = member->type == '1' || member->type == '2';
    gsize size = is_link ? 0 : strlen(content);
    char header[BLOCK] = { 0 }, data[BLOCK] = { 0 };

    g_strlcpy(header, name, 100);
    g_strlcpy(header + 100, "0000644", 8);
    g_strlcpy(header + 108, "0000000", 8);
    g_strlcpy(header + 116, "0000000", 8);
    g_snprintf(header + 124, 12, "%011o", (unsigned)size);
    g_strlcpy(header + 136, "00000000000", 12);
    header[156] = member->type;
    g_strlcpy(header + 157, is_link ? content : "", 100);
    g_strlcpy(header + 257, "ustar", 6);
    header[263] = header[264] = '0';       /* its version */
    g_strlcpy(header + 329, "0000001", 8); /* /dev/null is 1, 3 */
    g_strlcpy(header + 337, "0000003", 8);
    write_checksum(header);
    g_byte_array_append(archive, (const guint8 *)header, BLOCK);
    g_strlcpy(data, content, sizeof data);
    if (size > 0)
        g_byte_array_append(archive, (const guint8 *)data, BLOCK);
}

static void
write_archive(const Member *members)
{
    static const guint8 end[2 * BLOCK];
    g_autoptr(GByteArray) archive = g_byte_array_new();
    g_autofree char *path = g_strconcat(dir, "/archive", NULL);

    for (; members->name != NULL; members++)
        add_member(archive, members);
    g_byte_array_append(archive, end, sizeof end);
    ck_assert(g_file_set_contents(path, (const char *)archive->data, archive->len, NULL));
}

/* --- the guest -------------------------------------------------------------- */

/* Runs @script in the directory. */
static gboolean
shell(const char *script)
{
    const char *argv[] = { "sh", "-c", script, NULL };
    int status = -1;

    ck_assert(g_spawn_sync(dir, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL,
                           &status, NULL));
    return g_spawn_check_wait_status(status, NULL);
}

/* TAR_OPTIONS is one with which the host's tar would let anything through. */
static void
set_up_hostile(void)
{
    g_autofree char *before = g_strdup(g_getenv("PATH"));
    g_autofree char *path = NULL;

    dir = test_make_dir();
    path = g_strdup_printf("%s/bin:%s", dir, before);
    ck_assert(shell("mkdir bin outside target && echo secret >outside/secret && "
                    "printf '#!/bin/sh\\nexec cat %s/archive\\n' \"$PWD\" >bin/tar && "
                    "chmod +x bin/tar"));
    g_setenv("PATH", path, TRUE);
    set_up();
    g_setenv("PATH", before, TRUE);
    g_setenv("TAR_OPTIONS", "--absolute-names", TRUE);
}

static void
tear_down_hostile(void)
{
    tear_down();
    test_remove_dir(dir);
}

static AqrCopyResult
copy_up(void)
{
    g_autofree char *from = g_strconcat(dir, "/outside/", NULL);
    g_autofree char *to = g_strconcat(dir, "/target/", NULL);
    AqrPatience patience = aqr_patience(PATIENCE, NULL);
    g_autofree char *complaint = NULL;
    g_autoptr(GError) error = NULL;
    AqrCopyResult result;
    AqrCopy copy;

    ck_assert(aqr_copy_plan(from, to, FALSE, &copy, &error));
    ck_assert(aqr_guest_copy(agent->link, &copy, &patience, &result, &complaint, &error));
    ck_assert_no_error(error);
    return result;
}

static const struct {
    const char *before; /* what is in the target already */
    Member members[4];
    gboolean copied;
    const char *after; /* what must hold then */
} rows[] = {
    { ":", { { "a", '0', "text" }, { "l", '2', "a" } }, TRUE, "[ \"$(cat target/l)\" = text ]" },
    { ":", { { "@/outside/a", '0', "x" } }, TRUE, "[ -f target/\"$PWD\"/outside/a ]" },
    { ":", { { "../outside/a", '0', "x" } }, FALSE, ":" },
    { ":", { { "d/../../outside/a", '0', "x" } }, FALSE, ":" },
    { ":", { { "l", '2', "../outside" }, { "l/a", '0', "x" } }, FALSE, ":" },
    { ":", { { "l", '2', "@/outside" }, { "l/a", '0', "x" } }, FALSE, ":" },
    { ":", { { "l", '2', "@/outside/secret" }, { "l", '0', "x" } }, TRUE, ":" },
    { ":", { { "h", '1', "@/outside/secret" }, { "h", '0', "x" } }, FALSE, ":" },
    { ":", { { "l", '2', "../outside/secret" }, { "h", '1', "l" }, { "h", '0', "x" } }, TRUE, ":" },
    { ":", { { "null", '3', "" } }, FALSE, "[ ! -e target/null ]" },
    { ":", { { "disk", '4', "" } }, FALSE, "[ ! -e target/disk ]" },
    { ":", { { "fifo", '6', "" } }, TRUE, "[ -p target/fifo ]" },
    /* links that were there before */
    { "ln -s ../outside target/l", { { "l/a", '0', "x" } }, TRUE, "[ -f target/l/a ]" },
    { "ln -s ../outside/secret target/l", { { "l", '0', "x" } }, TRUE, "[ ! -L target/l ]" },
    { "mkdir target/d; ln -s ../../outside target/d/l; chmod 300 target/d",
      { { "d/l/a", '0', "x" } },
      TRUE,
      "chmod 700 target/d && [ -f target/d/l/a ]" },
    { "ln -s ../outside target/l", { { "null", '3', "" } }, FALSE, "[ ! -e target/null ]" },
    /* what is no harm is merged still */
    { "ln -s nowhere target/l; echo old >target/a; echo kept >target/k; mkdir target/d",
      { { "a", '0', "new" }, { "d/b", '0', "x" }, { "fifo", '6', "" } },
      TRUE,
      "[ $(readlink target/l) = nowhere ] && [ $(cat target/a) = new ] && [ -f target/d/b ] && "
      "[ $(cat target/k) = kept ] && [ -p target/fifo ]" },
};

START_TEST(stays_in_target)
{
    ck_assert(shell(rows[_i].before));
    write_archive(rows[_i].members);
    ck_assert_int_eq(copy_up(), rows[_i].copied ? AQR_COPY_DONE : AQR_COPY_FAILED);
    ck_assert(shell(rows[_i].after));
    ck_assert(shell("[ \"$(ls outside)\" = secret ] && [ \"$(cat outside/secret)\" = secret ]"));
    ck_assert(shell("! ls -d target/aqr-* 2>/dev/null"));
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up_hostile, tear_down_hostile);
    tcase_add_loop_test(tcase, stays_in_target, 0, G_N_ELEMENTS(rows));
}
