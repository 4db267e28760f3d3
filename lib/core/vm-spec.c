/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vm-spec.h"

#include "base/error.h"

AqrDisk *
aqr_disk_new(const char *file, const char *format)
{
    AqrDisk *disk = g_new0(AqrDisk, 1);

    disk->file = g_strdup(file);
    disk->format = g_strdup(format);
    return disk;
}

void
aqr_disk_free(AqrDisk *disk)
{
    while (disk != NULL) {
        AqrDisk *backing = disk->backing;

        g_free(disk->file);
        g_free(disk->format);
        g_free(disk);
        disk = backing;
    }
}

void
aqr_vm_warm_clear(AqrVmWarm *warm)
{
    warm->use = AQR_WARM_NONE;
    g_clear_pointer(&warm->memory, g_free);
    g_clear_pointer(&warm->disk, g_free);
}

AqrVmSpec *
aqr_vm_spec_new(void)
{
    AqrVmSpec *spec = g_new0(AqrVmSpec, 1);

    spec->disks = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_disk_free);
    spec->shared_dirs = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_shared_dir_free);
    spec->gpus.gpus = g_array_new(FALSE, FALSE, sizeof(AqrPciAddress));
    spec->gpus.companions = g_array_new(FALSE, FALSE, sizeof(AqrPciAddress));
    return spec;
}

void
aqr_vm_spec_free(AqrVmSpec *spec)
{
    if (spec == NULL)
        return;
    g_free(spec->name);
    g_free(spec->emulator);
    g_free(spec->firmware);
    g_free(spec->nvram);
    g_free(spec->overlay);
    g_ptr_array_unref(spec->disks);
    g_ptr_array_unref(spec->shared_dirs);
    g_array_unref(spec->gpus.gpus);
    g_array_unref(spec->gpus.companions);
    aqr_vm_warm_clear(&spec->warm);
    g_strfreev(spec->qemu_args);
    g_free(spec->socket_dir);
    g_free(spec);
}

static int
find_word(const char *const *words, const char *word)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (g_str_equal(words[i], word))
            return i;
    }
    return -1;
}

gboolean
aqr_accel_parse(const char *word, AqrAccel *accel, GError **error)
{
    static const char *const words[] = { "auto", "kvm", "tcg", NULL }; /* as in AqrAccel */
    int found = find_word(words, word);

    if (found < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                    "unknown accelerator \"%s\"; use auto, kvm or tcg", word);
        return FALSE;
    }
    *accel = (AqrAccel)found;
    return TRUE;
}

gboolean
aqr_boot_parse(const char *word, AqrBoot *boot, GError **error)
{
    static const char *const words[] = { "auto", "bios", "efi", NULL }; /* as in AqrBoot */
    int found = find_word(words, word);

    /* autopkgtest-virt-qemu's "none": no firmware of ours, QEMU's own. So it is with
     * "ieee1275", OpenFirmware, which a PC does not have. */
    if (g_str_equal(word, "none") || g_str_equal(word, "ieee1275"))
        found = AQR_BOOT_BIOS;
    if (found < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE,
                    "unknown boot mode \"%s\"; use auto, bios or efi", word);
        return FALSE;
    }
    *boot = (AqrBoot)found;
    return TRUE;
}

gboolean
aqr_warm_parse(const char *word, AqrWarmMode *mode, GError **error)
{
    static const char *const words[] = { "auto", "on", "off", NULL }; /* as in AqrWarmMode */
    int found = find_word(words, word);

    if (found < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_USAGE, "\"%s\" is none of auto, on and off", word);
        return FALSE;
    }
    *mode = (AqrWarmMode)found;
    return TRUE;
}

/* 3/4, and of that the part of the GPUs. */
static guint64
take_share(guint64 all, AqrGpuShare gpus)
{
    return gpus.own == 0 ? all * 3 / 4 : all * 3 * gpus.own / (4 * MAX(gpus.own, gpus.host));
}

unsigned
aqr_vm_spec_default_cpus(unsigned host_cpus, AqrGpuShare gpus)
{
    return MAX(1, (unsigned)take_share(host_cpus, gpus));
}

guint64
aqr_vm_spec_default_ram(guint64 host_mib, AqrGpuShare gpus)
{
    guint64 share = take_share(host_mib, gpus);

    return gpus.own > 0 ? share : MIN(share, 4096);
}

const char *
aqr_vm_spec_socket_name(AqrSocket which)
{
    static const char *const names[] = {
        [AQR_SOCKET_TTYS0] = "ttyS0", [AQR_SOCKET_TTYS1] = "ttyS1", [AQR_SOCKET_HVC0] = "hvc0",
        [AQR_SOCKET_HVC1] = "hvc1",   [AQR_SOCKET_LINK] = "link",
    };

    return names[which];
}

char *
aqr_vm_spec_socket_path(const char *socket_dir, AqrSocket which)
{
    return g_build_filename(socket_dir, aqr_vm_spec_socket_name(which), NULL);
}
