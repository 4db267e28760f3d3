/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "core/warm-manifest.h"
#include "host/checksum.h"
#include "host/warm-cache.h"
#include "host/warm-evict.h"
#include "host/warm-slot.h"

#define MIB ((guint64)1024 * 1024)

struct AqrWarmDraft {
    const AqrWarmCache *cache;
    char *key;
    GPtrArray *files;
    char *name; /* of its directory; NULL: it has been published */
    char *memory, *disk;
    int lock; /* the right to make it */
    int fd;   /* of the directory */
};

static gboolean
fail(GError **error, const char *doing)
{
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "cannot save a VM: %s: %s; %s", doing,
                g_strerror(errno), AQR_WARM_REMEDY);
    return FALSE;
}

/* --- room -------------------------------------------------------------- */

/* What a guest that has just booted has written to its memory, and the overlay: 225 MiB of
 * 1024 and some 50 were seen of a Debian; one with much memory has more of the kernel's tables. */
static guint64
likely_size(guint64 ram_mib)
{
    return MIN(ram_mib, 512 + ram_mib / 16) * MIB;
}

/* It must be there before it is needed: QEMU would get a SIGBUS for want of it. */
static gboolean
make_room(const AqrWarmCache *cache, guint64 need, GError **error)
{
    struct statvfs status;

    if (need > cache->limit) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "a saved VM may take %" G_GUINT64_FORMAT
                    " MiB, and all of them together %" G_GUINT64_FORMAT
                    "; allow more with --warm-limit",
                    need / MIB, cache->limit / MIB);
        return FALSE;
    }
    aqr_warm_evict(cache, need, NULL);
    if (fstatvfs(cache->fd, &status) < 0)
        return fail(error, cache->path);
    if ((guint64)status.f_bavail * status.f_frsize >= need)
        return TRUE;
    g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                "no room for a saved VM: it may take %" G_GUINT64_FORMAT
                " MiB, and \"%s\" has %" G_GUINT64_FORMAT " left; %s",
                need / MIB, cache->path, (guint64)status.f_bavail * status.f_frsize / MIB,
                AQR_WARM_REMEDY);
    return FALSE;
}

/* --- a draft ----------------------------------------------------------- */

static gboolean
make_file(int dir, const char *name, guint64 size)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    gboolean made = fd >= 0 && ftruncate(fd, (off_t)size) == 0;

    if (fd >= 0)
        close(fd);
    return made;
}

static gboolean
make_files(AqrWarmDraft *draft, guint64 ram_mib, GError **error)
{
    if (mkdirat(draft->cache->fd, draft->name, 0700) < 0 ||
        fchmodat(draft->cache->fd, draft->name, aqr_warm_store_mode(), 0) < 0)
        return fail(error, draft->cache->path);
    draft->fd = openat(draft->cache->fd, draft->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (draft->fd < 0 || !make_file(draft->fd, AQR_WARM_LOCK, 0) ||
        !make_file(draft->fd, AQR_WARM_MEMORY, ram_mib * MIB))
        return fail(error, draft->cache->path);
    return TRUE;
}

AqrWarmDraft *
aqr_warm_cache_draft(AqrWarmCache *cache, const AqrWarmKey *key, guint64 ram_mib, GError **error)
{
    int lock = aqr_warm_store_lock(cache, key->name, error);
    g_autoptr(AqrWarmDraft) draft = NULL;

    if (lock < 0)
        return NULL;
    draft = g_new0(AqrWarmDraft, 1);
    draft->cache = cache;
    draft->key = g_strdup(key->name);
    draft->files = g_ptr_array_ref(key->files);
    draft->name = g_strconcat(key->name, "." AQR_WARM_MAKING, NULL);
    draft->memory = g_build_filename(cache->path, draft->name, AQR_WARM_MEMORY, NULL);
    draft->disk = g_build_filename(cache->path, draft->name, AQR_WARM_DISK, NULL);
    draft->lock = lock;
    draft->fd = -1;
    aqr_warm_store_remove(cache, draft->name);
    aqr_warm_store_sweep(cache);
    if (!make_room(cache, likely_size(ram_mib), error) || !make_files(draft, ram_mib, error))
        return NULL;
    return g_steal_pointer(&draft);
}

void
aqr_warm_draft_free(AqrWarmDraft *draft)
{
    if (draft == NULL)
        return;
    if (draft->name != NULL)
        aqr_warm_store_remove(draft->cache, draft->name);
    aqr_warm_store_unlock(draft->cache, draft->key, draft->lock);
    if (draft->fd >= 0)
        close(draft->fd);
    g_free(draft->key);
    g_ptr_array_unref(draft->files);
    g_free(draft->name);
    g_free(draft->memory);
    g_free(draft->disk);
    g_free(draft);
}

const char *
aqr_warm_draft_memory(const AqrWarmDraft *draft)
{
    return draft->memory;
}

const char *
aqr_warm_draft_disk(const AqrWarmDraft *draft)
{
    return draft->disk;
}

/* --- its end ----------------------------------------------------------- */

/* No fsync(2), here and below: after a crash of the host a file may lack what was written,
 * and then its checksum says so. */
static gboolean
write_file(int dir, const char *name, const void *bytes, gsize size)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    gsize done = 0;

    while (fd >= 0 && done < size) {
        ssize_t n = write(fd, (const char *)bytes + done, size - done);

        if (n < 0 && errno != EINTR)
            break;
        done += n < 0 ? 0 : (gsize)n;
    }
    if (fd < 0)
        return FALSE;
    return (close(fd) == 0) & (done == size);
}

typedef char *(*Sum)(int fd, guint64 *size);

static gboolean
sum_file(const AqrWarmDraft *draft, const char *name, Sum sum, AqrWarmPart *part)
{
    int fd = openat(draft->fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0)
        return FALSE;
    part->checksum = sum(fd, &part->size);
    close(fd);
    return part->checksum != NULL;
}

static gboolean
add_state(const AqrWarmDraft *draft, GBytes *state, AqrWarmPart *part)
{
    part->size = g_bytes_get_size(state);
    part->checksum = aqr_checksum_bytes(state);
    return write_file(draft->fd, AQR_WARM_STATE, g_bytes_get_data(state, NULL), part->size);
}

static gboolean
add_manifest(const AqrWarmDraft *draft, const AqrWarmManifest *manifest)
{
    g_autofree char *text = aqr_warm_manifest_to_string(manifest);

    return write_file(draft->fd, AQR_WARM_MANIFEST, text, strlen(text));
}

static gboolean
complete(const AqrWarmDraft *draft, GBytes *state, GError **error)
{
    AqrWarmKey key = { .name = draft->key, .files = draft->files };
    g_autoptr(AqrWarmManifest) manifest = aqr_warm_manifest_new(&key);

    manifest->made = g_get_real_time() / G_USEC_PER_SEC;
    if (!sum_file(draft, AQR_WARM_MEMORY, aqr_checksum_file_and_punch, &manifest->memory))
        return fail(error, draft->memory);
    if (!sum_file(draft, AQR_WARM_DISK, aqr_checksum_file, &manifest->disk))
        return fail(error, draft->disk);
    if (!add_state(draft, state, &manifest->state) || !add_manifest(draft, manifest) ||
        utimensat(draft->fd, AQR_WARM_LOCK, NULL, 0) < 0) /* as if it had been used just now */
        return fail(error, draft->cache->path);
    return TRUE;
}

gboolean
aqr_warm_draft_publish(AqrWarmDraft *draft, GBytes *state, GError **error)
{
    g_autofree char *name = g_strdup_printf("%s.%08x", draft->key, g_random_int());

    g_return_val_if_fail(draft->name != NULL, FALSE);
    if (!complete(draft, state, error))
        return FALSE;
    if (renameat2(draft->cache->fd, draft->name, draft->cache->fd, name, RENAME_NOREPLACE) < 0)
        return fail(error, draft->cache->path);
    g_clear_pointer(&draft->name, g_free);
    aqr_warm_evict(draft->cache, 0, name);
    return TRUE;
}
