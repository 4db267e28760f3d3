/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-slot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "host/checksum.h"
#include "host/file-id.h"
#include "host/file-lock.h"

/* A guest that comes back finds its clock set on by as much: what it has meant to do daily, or
 * every hour, it then does at once, in the middle of a test. */
#define MAX_AGE (24 * 60 * 60)

/* Far more than a manifest or the state of a VM's devices has: what is not ours is not read. */
#define MAX_READ (256 * 1024 * 1024)

struct AqrWarmSlot {
    const AqrWarmCache *cache;
    char *name;
    int fd;   /* of the directory */
    int lock; /* -1: there is no such file, so it is damaged */
};

static int
open_file(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;

    if (fd < 0 || (fstat(fd, &status) == 0 && S_ISREG(status.st_mode)))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

AqrWarmSlot *
aqr_warm_slot_open(const AqrWarmCache *cache, const char *name)
{
    int fd = openat(cache->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    AqrWarmSlot *slot;

    if (fd < 0)
        return NULL;
    slot = g_new0(AqrWarmSlot, 1);
    slot->cache = cache;
    slot->name = g_strdup(name);
    slot->fd = fd;
    slot->lock = open_file(fd, AQR_WARM_LOCK, O_RDWR);
    return slot;
}

static gboolean
is_dropped(const AqrWarmSlot *slot)
{
    return faccessat(slot->fd, AQR_WARM_MANIFEST, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* One that is being made has no manifest yet. */
static gboolean
is_draft(const AqrWarmSlot *slot)
{
    return g_str_has_suffix(slot->name, "." AQR_WARM_MAKING);
}

void
aqr_warm_slot_free(AqrWarmSlot *slot)
{
    if (slot == NULL)
        return;
    if (!is_draft(slot) && is_dropped(slot))
        aqr_warm_slot_drop_unused(slot);
    if (slot->lock >= 0)
        close(slot->lock);
    close(slot->fd);
    g_free(slot->name);
    g_free(slot);
}

int
aqr_warm_slot_get_fd(const AqrWarmSlot *slot)
{
    return slot->fd;
}

const char *
aqr_warm_slot_get_name(const AqrWarmSlot *slot)
{
    return slot->name;
}

char *
aqr_warm_slot_file(const AqrWarmSlot *slot, const char *name)
{
    return g_build_filename(slot->cache->path, slot->name, name, NULL);
}

/* --- who has it -------------------------------------------------------- */

gboolean
aqr_warm_slot_use(AqrWarmSlot *slot)
{
    return slot->lock < 0 || aqr_file_lock_try(slot->lock, AQR_FILE_LOCK_SHARED);
}

gboolean
aqr_warm_slot_is_used(const AqrWarmSlot *slot)
{
    return slot->lock >= 0 && aqr_file_lock_is_held(slot->lock);
}

void
aqr_warm_slot_drop(AqrWarmSlot *slot)
{
    unlinkat(slot->fd, AQR_WARM_MANIFEST, 0);
}

gboolean
aqr_warm_slot_drop_unused(AqrWarmSlot *slot)
{
    if (slot->lock >= 0 && !aqr_file_lock_try(slot->lock, AQR_FILE_LOCK_ALONE))
        return FALSE;
    aqr_warm_slot_drop(slot);
    aqr_warm_store_remove(slot->cache, slot->name);
    return TRUE;
}

/* --- what is wrong with it --------------------------------------------- */

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
    int fd = open_file(slot->fd, name, O_RDONLY);
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
    g_autofree char *text = NULL, *key = aqr_warm_store_key(slot->name);
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

    if (fstatat(slot->fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
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

AqrWarmSlotState
aqr_warm_slot_look(const AqrWarmSlot *slot, AqrWarmManifest **manifest, GError **error)
{
    *manifest = NULL;
    if (is_dropped(slot))
        return AQR_WARM_SLOT_DROPPED;
    *manifest = read_manifest(slot, error);
    if (*manifest == NULL)
        return AQR_WARM_SLOT_DAMAGED;
    if (slot->lock < 0) {
        fail(error, AQR_WARM_LOCK, "is missing");
        return AQR_WARM_SLOT_DAMAGED;
    }
    if (!check_size(slot, AQR_WARM_MEMORY, &(*manifest)->memory, error) ||
        !check_size(slot, AQR_WARM_DISK, &(*manifest)->disk, error) ||
        !check_size(slot, AQR_WARM_STATE, &(*manifest)->state, error))
        return AQR_WARM_SLOT_DAMAGED;
    if (!is_fresh(*manifest, error) || !check_files(*manifest, error))
        return AQR_WARM_SLOT_STALE;
    return AQR_WARM_SLOT_READY;
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
    int fd = open_file(slot->fd, name, O_RDONLY);
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
aqr_warm_slot_verify(const AqrWarmSlot *slot, const AqrWarmManifest *manifest, GError **error)
{
    g_autoptr(GBytes) state = read_file(slot, AQR_WARM_STATE, error);
    g_autofree char *checksum = state == NULL ? NULL : aqr_checksum_bytes(state);

    if (state == NULL || !check_sum(AQR_WARM_STATE, checksum, &manifest->state, error) ||
        !verify_file(slot, AQR_WARM_MEMORY, &manifest->memory, error) ||
        !verify_file(slot, AQR_WARM_DISK, &manifest->disk, error))
        return NULL;
    return g_steal_pointer(&state);
}

/* --- for the cache's order --------------------------------------------- */

guint64
aqr_warm_slot_bytes(const AqrWarmSlot *slot)
{
    static const char *const names[] = { AQR_WARM_MEMORY, AQR_WARM_DISK, AQR_WARM_STATE,
                                         AQR_WARM_MANIFEST };
    struct stat status;
    guint64 bytes = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        if (fstatat(slot->fd, names[i], &status, AT_SYMLINK_NOFOLLOW) == 0)
            bytes += (guint64)status.st_blocks * 512;
    }
    return bytes;
}

gint64
aqr_warm_slot_used(const AqrWarmSlot *slot)
{
    struct stat status;

    if (fstat(slot->lock < 0 ? slot->fd : slot->lock, &status) < 0)
        return 0;
    return status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
}

void
aqr_warm_slot_touch(AqrWarmSlot *slot)
{
    if (slot->lock >= 0 && futimens(slot->lock, NULL) < 0) {
        /* Then it goes sooner than it should. */
    }
}
