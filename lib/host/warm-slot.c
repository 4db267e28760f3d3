/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-slot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/file-lock.h"

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

gboolean
aqr_warm_slot_is_dropped(const AqrWarmSlot *slot)
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
    if (!is_draft(slot) && aqr_warm_slot_is_dropped(slot))
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

gboolean
aqr_warm_slot_has_lock(const AqrWarmSlot *slot)
{
    return slot->lock >= 0;
}

int
aqr_warm_slot_open_file(const AqrWarmSlot *slot, const char *name)
{
    return open_file(slot->fd, name, O_RDONLY);
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
