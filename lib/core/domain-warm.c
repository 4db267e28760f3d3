/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/domain-warm.h"

#include "core/domain-xml.h"

#define MEMORY "aqr-ram"

static void
write_arg(AqrXml *xml, const char *value)
{
    aqr_xml_empty(xml, "qemu:arg", "value", value, NULL);
}

/* QEMU takes a comma for the end of a value, and two for one. */
static char *
escape_commas(const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, ",", -1);

    return g_strjoinv(",,", parts);
}

void
aqr_domain_warm_write_args(AqrXml *xml, const AqrVmSpec *spec)
{
    gboolean restored = spec->warm.use == AQR_WARM_RESTORE;
    g_autofree char *path = NULL, *memory = NULL;

    if (spec->warm.use == AQR_WARM_NONE)
        return;
    path = escape_commas(spec->warm.memory);
    memory = g_strdup_printf("memory-backend-file,id=" MEMORY ",size=%" G_GUINT64_FORMAT
                             "M,mem-path=%s,share=%s",
                             spec->ram_mib, path, restored ? "off" : "on");
    write_arg(xml, "-object");
    write_arg(xml, memory);
    write_arg(xml, "-machine");
    write_arg(xml, "memory-backend=" MEMORY);
    if (restored) {
        write_arg(xml, "-incoming");
        write_arg(xml, "defer");
    }
}

/* The guest mounts shared directories after it was restored, wherever they are. */
static GPtrArray *
blank_dirs(const GPtrArray *dirs)
{
    GPtrArray *blank = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_shared_dir_free);

    for (guint i = 0; i < dirs->len; i++) {
        const AqrSharedDir *dir = g_ptr_array_index(dirs, i);
        AqrSharedDir *copy = g_new0(AqrSharedDir, 1);

        copy->source = g_strdup("/");
        copy->target = g_strdup("/");
        copy->writable = dir->writable;
        g_ptr_array_add(blank, copy);
    }
    return blank;
}

char *
aqr_domain_warm_shape(const AqrVmSpec *spec)
{
    g_autoptr(GPtrArray) dirs = blank_dirs(spec->shared_dirs);
    g_autoptr(GArray) companions = g_array_new(FALSE, FALSE, sizeof(AqrPciAddress));
    char nothing[] = "";
    AqrVmSpec blank = *spec; /* borrows all of it */

    blank.name = blank.overlay = blank.socket_dir = nothing;
    blank.nvram = spec->nvram == NULL ? NULL : nothing;
    blank.owner = 0;
    blank.since = 0;
    blank.shared_dirs = dirs;
    blank.gpus.companions = companions;
    blank.warm = (AqrVmWarm){ .use = AQR_WARM_SAVE, .memory = nothing };
    return aqr_domain_xml(&blank);
}
