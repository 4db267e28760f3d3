/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-check.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/checksum.h"
#include "host/file-id.h"

/* A guest that comes back finds its clock set on by as much: what it has meant to do daily, or
 * every hour, it then does at once, in the middle of a test. */
#define MAX_AGE (24 * 60 * 60)

/* Far more than a manifest or the state of a VM's devices has: what is not ours is not read. */
#define MAX_READ (256 * 1024 * 1024)

static gboolean
fail(GError **error, const char *name, const char *why)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "its file \"%s\" %s", name, why);
    return FALSE;
}

static gboolean
fail_open(GError **error, const char *name)
{
    g_autofree char *why = g_strconcat("cannot be read: ", g_strerror(errno), NULL);

    return fail(error, name, why);
}

static gboolean
read_fd(int fd, GByteArray *bytes)
{
    guint8 part[65536];
    ssize_t n;

    while ((n = read(fd, part, sizeof part)) != 0) {
        if (n < 0 && errno != EINTR)
            return FALSE;
        if (n > 0)
            g_byte_array_append(bytes, part, (guint)n);
        if (bytes->len <= MAX_READ)
            continue;
        errno = EFBIG;
        return FALSE;
    }
    return TRUE;
}

static GBytes *
read_file(const AqrWarmSlot *slot, const char *name, GError **error)
{
    GByteArray *bytes = g_byte_array_new();
    int fd = aqr_warm_slot_open_file(slot, name);
    gboolean well = fd >= 0 && read_fd(fd, bytes);

    if (!well)
        fail_open(error, name);
    if (fd >= 0)
        close(fd);
    if (well)
        return g_byte_array_free_to_bytes(bytes);
    g_byte_array_unref(bytes);
    return NULL;
}

static AqrWarmManifest *
read_manifest(const AqrWarmSlot *slot, GError **error)
{
    g_autoptr(GBytes) bytes = read_file(slot, AQR_WARM_MANIFEST, error);
    g_autofree char *text = NULL, *key = aqr_warm_store_key(aqr_warm_slot_get_name(slot));
    g_autoptr(AqrWarmManifest) manifest = NULL;

    if (bytes == NULL)
        return NULL;
    text = g_strndup(g_bytes_get_data(bytes, NULL) != NULL ? g_bytes_get_data(bytes, NULL) : "",
                     g_bytes_get_size(bytes));
    manifest = aqr_warm_manifest_parse(text, error);
    if (manifest == NULL || g_str_equal(manifest->key, key))
        return g_steal_pointer(&manifest);
    fail(error, AQR_WARM_MANIFEST, "is of another VM");
    return NULL;
}

static gboolean
check_size(const AqrWarmSlot *slot, const char *name, const AqrWarmPart *part, GError **error)
{
    struct stat status;

    if (fstatat(aqr_warm_slot_get_fd(slot), name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return fail_open(error, name);
    if (!S_ISREG(status.st_mode) || (guint64)status.st_size != part->size)
        return fail(error, name, "is not as long as it was");
    return TRUE;
}

static gboolean
is_fresh(const AqrWarmManifest *manifest, GError **error)
{
    gint64 age = g_get_real_time() / G_USEC_PER_SEC - manifest->made;

    if (age < MAX_AGE && age > -MAX_AGE)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST, "it is older than a day");
    return FALSE;
}

static gboolean
check_files(const AqrWarmManifest *manifest, GError **error)
{
    for (guint i = 0; i < manifest->files->len; i++) {
        const AqrFileId *then = g_ptr_array_index(manifest->files, i);
        g_autoptr(AqrFileId) now = aqr_file_id_stat(then->path, error);

        if (now == NULL)
            return FALSE;
        if (aqr_file_id_equal(then, now))
            continue;
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "\"%s\" is another file by now", then->path);
        return FALSE;
    }
    return TRUE;
}

AqrWarmState
aqr_warm_check_look(const AqrWarmSlot *slot, AqrWarmManifest **manifest, GError **error)
{
    *manifest = NULL;
    if (aqr_warm_slot_is_dropped(slot))
        return AQR_WARM_IS_DROPPED;
    *manifest = read_manifest(slot, error);
    if (*manifest == NULL)
        return AQR_WARM_IS_DAMAGED;
    if (!aqr_warm_slot_has_lock(slot)) {
        fail(error, AQR_WARM_LOCK, "is missing");
        return AQR_WARM_IS_DAMAGED;
    }
    if (!check_size(slot, AQR_WARM_MEMORY, &(*manifest)->memory, error) ||
        !check_size(slot, AQR_WARM_DISK, &(*manifest)->disk, error) ||
        !check_size(slot, AQR_WARM_STATE, &(*manifest)->state, error))
        return AQR_WARM_IS_DAMAGED;
    if (!is_fresh(*manifest, error) || !check_files(*manifest, error))
        return AQR_WARM_IS_STALE;
    return AQR_WARM_IS_READY;
}

static gboolean
check_sum(const char *name, const char *checksum, const AqrWarmPart *part, GError **error)
{
    if (g_strcmp0(checksum, part->checksum) == 0)
        return TRUE;
    return fail(error, name, "is not what was written");
}

static gboolean
verify_file(const AqrWarmSlot *slot, const char *name, const AqrWarmPart *part, GError **error)
{
    int fd = aqr_warm_slot_open_file(slot, name);
    g_autofree char *checksum = NULL;
    guint64 size;

    if (fd < 0)
        return fail_open(error, name);
    checksum = aqr_checksum_file(fd, &size);
    if (checksum == NULL)
        fail_open(error, name);
    close(fd);
    return checksum != NULL && check_sum(name, checksum, part, error);
}

GBytes *
aqr_warm_check_all(const AqrWarmSlot *slot, const AqrWarmManifest *manifest, GError **error)
{
    g_autoptr(GBytes) state = read_file(slot, AQR_WARM_STATE, error);
    g_autofree char *checksum = state == NULL ? NULL : aqr_checksum_bytes(state);

    if (state == NULL || !check_sum(AQR_WARM_STATE, checksum, &manifest->state, error) ||
        !verify_file(slot, AQR_WARM_MEMORY, &manifest->memory, error) ||
        !verify_file(slot, AQR_WARM_DISK, &manifest->disk, error))
        return NULL;
    return g_steal_pointer(&state);
}
