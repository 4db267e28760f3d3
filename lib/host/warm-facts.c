/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-facts.h"

#include <sys/utsname.h>

#include "aqr-config.h"
#include "host/file-id.h"

/* NULL: there is no such file, and that is all right. */
static gboolean
add_file(AqrWarmFacts *facts, const char *path, GError **error)
{
    AqrFileId *id;

    if (path == NULL)
        return TRUE;
    id = aqr_file_id_stat(path, error);
    if (id == NULL)
        return FALSE;
    g_ptr_array_add(facts->files, id);
    return TRUE;
}

static gboolean
add_chain(AqrWarmFacts *facts, const AqrDisk *disk, GError **error)
{
    for (; disk != NULL; disk = disk->backing) {
        if (!add_file(facts, disk->file, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean
add_files(AqrWarmFacts *facts, const AqrWarmSource *source, GError **error)
{
    const GPtrArray *disks = source->spec->disks;

    for (guint i = 0; i < disks->len; i++) {
        if (!add_chain(facts, g_ptr_array_index(disks, i), error))
            return FALSE;
    }
    return add_file(facts, source->emulator, error) &&
           add_file(facts, source->spec->firmware, error) && add_file(facts, source->vars, error);
}

/* Of the first of them: the lines up to an empty one. x86 calls it flags, others Features. */
char *
aqr_warm_facts_processor(const char *text)
{
    static const char *const wanted[] = { "model name", "flags", "Features" };
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    GString *found = g_string_new(NULL);

    for (char **line = lines; *line != NULL && **line != '\0'; line++) {
        for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
            if (g_str_has_prefix(*line, wanted[i]))
                g_string_append_printf(found, "%s\n", *line);
        }
    }
    return g_string_free(found, FALSE);
}

/* TCG's guests see neither the host's processor nor its kernel. */
static char *
describe_host(const AqrWarmSource *source)
{
    g_autofree char *text = NULL, *processor = NULL;
    struct utsname kernel;

    if (!source->kvm)
        return g_strdup(source->libvirt);
    if (!g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL))
        text = g_strdup("");
    processor = aqr_warm_facts_processor(text);
    return g_strdup_printf("%s\n%s\n%s", source->libvirt, uname(&kernel) == 0 ? kernel.release : "",
                           processor);
}

AqrWarmFacts *
aqr_warm_facts_collect(const AqrWarmSource *source, GError **error)
{
    g_autoptr(AqrWarmFacts) facts = aqr_warm_facts_new();

    if (!add_files(facts, source, error))
        return NULL;
    facts->shape = g_strdup(source->shape);
    facts->agent = g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, source->agent);
    facts->host = describe_host(source);
    facts->guest = g_strdup(source->guest);
    facts->version = g_strdup(AQR_VERSION);
    return g_steal_pointer(&facts);
}
