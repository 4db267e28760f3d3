/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "cli/with-testbed.h"

/* The VM that an image is booted in, to prove it or to bring it up to date: without a GPU,
 * never warm, and small. */

typedef struct {
    AqrVmPlace *place; /* the same for all VMs of a process */
    const char *image;
    const char *boot;    /* as --boot: "auto", "bios", "efi"; NULL: auto */
    const char *accel;   /* as --accel; so with the others; NULL: by default */
    const char *connect; /* NULL: LIBVIRT_DEFAULT_URI, or libvirt inside of this process */
    int ram_mib;         /* 0: 1 GiB */
    int timeout;         /* seconds that a boot may take; 0: by default */
    gboolean show_boot;
    /* A stage begins: "booting by EFI"; with NULL the last one has ended well. NULL: nobody is
     * told. */
    void (*stage)(const char *what, gpointer data);
    gpointer data;
} GuestConfig;

void guest_stage(const GuestConfig *config, const char *what);

/* What is done with it: the guest is up, aqr_live_world.run() runs something in it. */
typedef gboolean (*GuestUse)(AqrLiveWorld *world, gpointer data, GError **error);

/* Boots it, calls @use, and ends it. @write: what the guest writes goes to the image itself, and
 * when @use is done the guest must power itself off; otherwise all of it is dropped. */
gboolean guest_with(const GuestConfig *config, AqrStop *stop, gboolean write, GuestUse use,
                    gpointer data, GError **error);

/* Whether it could be booted, as far as that can be said of any image in that place: libvirt is
 * there, and its QEMU reaches the files. */
gboolean guest_try(const GuestConfig *config, AqrStop *stop, GError **error);
