/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/domain-disks.h"

#define BASE_IMAGE_TARGET "vdaa" /* one behind all that images can have */

#define PRINTED(name, ...) g_autofree char *name = g_strdup_printf(__VA_ARGS__)

/* The base image is shared, and its owner's: libvirt must not chown it. */
static void
write_untouched_source(AqrXml *xml, const char *file)
{
    aqr_xml_open(xml, "source", "file", file, NULL);
    aqr_xml_empty(xml, "seclabel", "model", "dac", "relabel", "no", NULL);
    aqr_xml_close(xml);
}

/* All of the chain is named: what libvirt had to find out for itself it would
 * also chown. */
static void
write_backing(AqrXml *xml, const AqrDisk *disk)
{
    if (disk == NULL) {
        aqr_xml_empty(xml, "backingStore", NULL);
        return;
    }
    aqr_xml_open(xml, "backingStore", "type", "file", NULL);
    aqr_xml_empty(xml, "format", "type", disk->format, NULL);
    write_untouched_source(xml, disk->file);
    write_backing(xml, disk->backing);
    aqr_xml_close(xml);
}

/* What was saved of the disk is one more layer. */
static void
write_saved(AqrXml *xml, const AqrVmSpec *spec)
{
    aqr_xml_open(xml, "backingStore", "type", "file", NULL);
    aqr_xml_empty(xml, "format", "type", "qcow2", NULL);
    write_untouched_source(xml, spec->warm.disk);
    write_backing(xml, g_ptr_array_index(spec->disks, 0));
    aqr_xml_close(xml);
}

static void
write_overlay(AqrXml *xml, const AqrVmSpec *spec)
{
    aqr_xml_open(xml, "disk", "type", "file", "device", "disk", NULL);
    /* The overlay does not outlive the VM: nothing needs to reach the platters. */
    aqr_xml_empty(xml, "driver", "name", "qemu", "type", "qcow2", "cache", "unsafe", "discard",
                  "unmap", NULL);
    aqr_xml_empty(xml, "source", "file", spec->overlay, NULL);
    if (spec->warm.disk != NULL)
        write_saved(xml, spec);
    else
        write_backing(xml, g_ptr_array_index(spec->disks, 0));
    aqr_xml_empty(xml, "target", "dev", "vda", "bus", "virtio", NULL);
    aqr_xml_close(xml);
}

/* It does outlive the VM: what the guest flushes reaches the platters. */
static void
write_image(AqrXml *xml, const AqrDisk *disk)
{
    aqr_xml_open(xml, "disk", "type", "file", "device", "disk", NULL);
    aqr_xml_empty(xml, "driver", "name", "qemu", "type", disk->format, "discard", "unmap", NULL);
    write_untouched_source(xml, disk->file);
    write_backing(xml, disk->backing);
    aqr_xml_empty(xml, "target", "dev", "vda", "bus", "virtio", NULL);
    aqr_xml_close(xml);
}

/* Leaves the disk open, for what only some have. */
static void
open_read_only(AqrXml *xml, const AqrDisk *disk, const char *target)
{
    aqr_xml_open(xml, "disk", "type", "file", "device", "disk", NULL);
    aqr_xml_empty(xml, "driver", "name", "qemu", "type", disk->format, NULL);
    write_untouched_source(xml, disk->file);
    write_backing(xml, disk->backing);
    aqr_xml_empty(xml, "target", "dev", target, "bus", "virtio", NULL);
    aqr_xml_empty(xml, "readonly", NULL);
}

static void
write_read_only(AqrXml *xml, const AqrDisk *disk, unsigned index)
{
    PRINTED(target, "vd%c", 'a' + (int)index);

    open_read_only(xml, disk, target);
    aqr_xml_close(xml);
}

void
aqr_domain_disks_write(AqrXml *xml, const AqrVmSpec *spec)
{
    if (spec->overlay == NULL)
        write_image(xml, g_ptr_array_index(spec->disks, 0));
    else
        write_overlay(xml, spec);
    for (unsigned i = 1; i < spec->disks->len; i++)
        write_read_only(xml, g_ptr_array_index(spec->disks, i), i);
}

/* It is only read, here and below the overlay: QEMU's locks do not object. */
char *
aqr_domain_disks_base_image(const AqrVmSpec *spec)
{
    const AqrDisk *base = g_ptr_array_index(spec->disks, 0);
    g_autoptr(AqrXml) xml = aqr_xml_new();

    open_read_only(xml, base, BASE_IMAGE_TARGET);
    aqr_xml_text(xml, "serial", AQR_BASE_IMAGE_SERIAL, NULL);
    aqr_xml_empty(xml, "alias", "name", AQR_BASE_IMAGE_ALIAS, NULL);
    aqr_xml_close(xml);
    return aqr_xml_end(xml);
}
