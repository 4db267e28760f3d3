/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-facts.h"

#include <string.h>

/* A line is a subject, its name, a key and what sysfs says. Six lines of "resource" are
 * BARs. udev gives a node its group after the node has come. */
const char aqr_gpu_facts_script[] =
    "root=$1 mark=$2\n"
    "exec 2>/dev/null\n"
    "[ -n \"$root\" ] || ! udevadm settle --timeout=10 >/dev/null || echo settled\n"
    "for d in \"$root\"/sys/bus/pci/devices/*; do\n"
    "  read -r vendor <\"$d/vendor\" && read -r class <\"$d/class\" || continue\n"
    "  case $vendor/$class in 0x1002/0x03* | 0x1002/0x1200*) ;; *) continue ;; esac\n"
    "  it=\"pci ${d##*/}\"\n"
    "  read -r device <\"$d/device\" && echo \"$it device $device\"\n"
    "  driver=$(readlink \"$d/driver\") && echo \"$it driver ${driver##*/}\"\n"
    "  n=0\n"
    "  while [ $n -lt 6 ] && read -r bar; do\n"
    "    echo \"$it bar $bar\"; n=$((n + 1))\n"
    "  done <\"$d/resource\"\n"
    "  for r in \"$d\"/drm/renderD*; do\n"
    "    [ ! -e \"$r\" ] || echo \"$it minor ${r##*/renderD}\"\n"
    "  done\n"
    "done\n"
    "for d in \"$root\"/sys/class/kfd/kfd/topology/nodes/*; do\n"
    "  it=\"kfd ${d##*/}\"\n"
    "  while read -r key value; do\n"
    "    case $key in simd_count | gfx_target_version | vendor_id | domain | location_id | "
    "drm_render_minor)\n"
    "      echo \"$it $key $value\" ;;\n"
    "    esac\n"
    "  done <\"$d/properties\"\n"
    "  for l in \"$d\"/io_links/*/properties; do\n"
    "    while read -r key value; do\n"
    "      [ \"$key\" != flags ] || echo \"$it flags $value\"\n"
    "    done <\"$l\"\n"
    "  done\n"
    "done\n"
    "for n in \"$root\"/dev/kfd \"$root\"/dev/dri/renderD*; do\n"
    "  [ -e \"$n\" ] || continue\n"
    "  set -- $(ls -ld \"$n\")\n"
    "  echo \"node ${n#\"$root\"} $1 $3 $4\"\n"
    "done\n"
    "read -r release <\"$root/proc/sys/kernel/osrelease\" && echo \"kernel $release\"\n"
    "m=$root/sys/module/amdgpu\n"
    "if [ -d \"$m\" ]; then\n"
    "  read -r state <\"$m/initstate\" || state=live\n"
    "  echo \"amdgpu $state\"\n"
    "else\n"
    "  grep -q '/amdgpu\\.ko' \"$root/lib/modules/$release/modules.dep\"\n"
    "  case $? in 0) echo amdgpu there ;; 1) echo amdgpu none ;; esac\n"
    "fi\n"
    "for f in \"$root\"/lib/firmware/amdgpu/*; do\n"
    "  [ ! -e \"$f\" ] || { echo firmware there; break; }\n"
    "done\n"
    "[ -z \"$mark\" ] || [ ! -w \"$root/dev/kmsg\" ] || echo \"$mark\" >\"$root/dev/kmsg\"\n"
    "echo end\n";

#define MAX_GPUS 64u
#define MAX_KFD_NODES 512u /* 64 GPUs, in 8 partitions each */
#define MAX_NODES 512u
#define MAX_MINORS 64u
#define MAX_WORD 80u

#define IORESOURCE_MEM 0x200u        /* Linux, include/linux/ioport.h */
#define IORESOURCE_UNSET 0x20000000u /* it has a size, and no address */

static void
free_gpu(gpointer data)
{
    AqrGuestGpu *gpu = data;

    g_free(gpu->driver);
    g_array_unref(gpu->minors);
    g_free(gpu);
}

static void
free_node(gpointer data)
{
    AqrGuestNode *node = data;

    g_free(node->path);
    g_free(node->mode);
    g_free(node->owner);
    g_free(node->group);
    g_free(node);
}

void
aqr_gpu_facts_free(AqrGpuFacts *facts)
{
    if (facts == NULL)
        return;
    g_ptr_array_unref(facts->gpus);
    g_array_unref(facts->kfd);
    g_ptr_array_unref(facts->nodes);
    g_free(facts->kernel);
    g_free(facts);
}

/* --- words -------------------------------------------------------------- */

static gboolean
is_plain(const char *word)
{
    if (*word == '\0' || strlen(word) > MAX_WORD)
        return FALSE;
    for (; *word != '\0'; word++) {
        if (!g_ascii_isalnum(*word) && strchr("/_.:+~-", *word) == NULL)
            return FALSE;
    }
    return TRUE;
}

static gboolean
read_decimal(const char *word, guint64 max, guint64 *number)
{
    return g_ascii_string_to_unsigned(word, 10, 0, max, number, NULL);
}

static gboolean
read_hex(const char *word, guint64 max, guint64 *number)
{
    return g_str_has_prefix(word, "0x") &&
           g_ascii_string_to_unsigned(word + 2, 16, 0, max, number, NULL);
}

/* --- PCI ---------------------------------------------------------------- */

static AqrGuestGpu *
get_gpu(AqrGpuFacts *facts, const char *name)
{
    AqrPciAddress address;
    AqrGuestGpu *gpu;

    if (!aqr_pci_address_parse(name, &address, NULL))
        return NULL;
    for (guint i = 0; i < facts->gpus->len; i++) {
        gpu = facts->gpus->pdata[i];
        if (aqr_pci_address_equal(&gpu->address, &address))
            return gpu;
    }
    if (facts->gpus->len >= MAX_GPUS)
        return NULL;
    gpu = g_new0(AqrGuestGpu, 1);
    gpu->address = address;
    gpu->minors = g_array_new(FALSE, FALSE, sizeof(unsigned));
    g_ptr_array_add(facts->gpus, gpu);
    return gpu;
}

/* amdgpu can do without its port, and without an expansion ROM that is not mapped. */
static void
take_bar(AqrGuestGpu *gpu, char **words)
{
    guint64 start, end, flags;

    if (g_strv_length(words) != 3 || !read_hex(words[0], G_MAXUINT64, &start) ||
        !read_hex(words[1], G_MAXUINT64, &end) || !read_hex(words[2], G_MAXUINT64, &flags) ||
        (flags & IORESOURCE_MEM) == 0)
        return;
    gpu->has_memory = TRUE;
    if (start == 0 || (flags & IORESOURCE_UNSET) != 0)
        gpu->unassigned = TRUE;
}

static void
take_pci(AqrGpuFacts *facts, char **words)
{
    AqrGuestGpu *gpu = g_strv_length(words) < 3 ? NULL : get_gpu(facts, words[0]);
    const char *key;
    const char *value;
    guint64 number;

    if (gpu == NULL)
        return;
    key = words[1];
    value = words[2];
    if (g_str_equal(key, "device") && read_hex(value, G_MAXUINT16, &number)) {
        gpu->device = (guint16)number;
    } else if (g_str_equal(key, "driver") && is_plain(value)) {
        g_free(gpu->driver);
        gpu->driver = g_strdup(value);
    } else if (g_str_equal(key, "bar")) {
        take_bar(gpu, words + 2);
    } else if (g_str_equal(key, "minor") && read_decimal(value, G_MAXUINT16, &number) &&
               gpu->minors->len < MAX_MINORS) {
        unsigned minor = (unsigned)number;

        g_array_append_val(gpu->minors, minor);
    }
}

/* --- KFD ---------------------------------------------------------------- */

static AqrKfdNode *
get_kfd_node(AqrGpuFacts *facts, guint64 number)
{
    AqrKfdNode added = { .number = number };

    for (guint i = 0; i < facts->kfd->len; i++) {
        AqrKfdNode *node = &g_array_index(facts->kfd, AqrKfdNode, i);

        if (node->number == number)
            return node;
    }
    if (facts->kfd->len >= MAX_KFD_NODES)
        return NULL;
    g_array_append_val(facts->kfd, added);
    return &g_array_index(facts->kfd, AqrKfdNode, facts->kfd->len - 1);
}

static void
take_kfd(AqrGpuFacts *facts, char **words)
{
    static const struct {
        const char *key;
        gsize offset;
    } members[] = {
        { "vendor_id", G_STRUCT_OFFSET(AqrKfdNode, vendor) },
        { "simd_count", G_STRUCT_OFFSET(AqrKfdNode, simd_count) },
        { "gfx_target_version", G_STRUCT_OFFSET(AqrKfdNode, gfx_version) },
        { "domain", G_STRUCT_OFFSET(AqrKfdNode, domain) },
        { "location_id", G_STRUCT_OFFSET(AqrKfdNode, location) },
        { "drm_render_minor", G_STRUCT_OFFSET(AqrKfdNode, minor) },
    };
    guint64 number, value;
    AqrKfdNode *node;

    if (g_strv_length(words) != 3 || !read_decimal(words[0], G_MAXUINT32, &number) ||
        !read_decimal(words[2], G_MAXUINT32, &value))
        return;
    node = get_kfd_node(facts, number);
    if (node == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        if (g_str_equal(words[1], members[i].key))
            G_STRUCT_MEMBER(guint64, node, members[i].offset) = value;
    }
    if (g_str_equal(words[1], "flags"))
        node->links |= value;
}

gboolean
aqr_gpu_facts_is_of(const AqrKfdNode *node, const AqrGuestGpu *gpu)
{
    guint64 slot = (guint64)gpu->address.bus << 8 | (guint64)gpu->address.slot << 3;

    return node->domain == gpu->address.domain && (node->location & ~(guint64)7) == slot;
}

/* --- the rest ----------------------------------------------------------- */

static void
take_node(AqrGpuFacts *facts, char **words)
{
    AqrGuestNode *node;

    if (g_strv_length(words) != 4 || facts->nodes->len >= MAX_NODES)
        return;
    for (gsize i = 0; i < 4; i++) {
        if (!is_plain(words[i]))
            return;
    }
    node = g_new0(AqrGuestNode, 1);
    node->path = g_strdup(words[0]);
    node->mode = g_strdup(words[1]);
    node->owner = g_strdup(words[2]);
    node->group = g_strdup(words[3]);
    g_ptr_array_add(facts->nodes, node);
}

const AqrGuestNode *
aqr_gpu_facts_node(const AqrGpuFacts *facts, const char *path)
{
    for (guint i = 0; i < facts->nodes->len; i++) {
        const AqrGuestNode *node = facts->nodes->pdata[i];

        if (g_str_equal(node->path, path))
            return node;
    }
    return NULL;
}

static void
take_kernel(AqrGpuFacts *facts, char **words)
{
    if (words[0] == NULL || !is_plain(words[0]))
        return;
    g_free(facts->kernel);
    facts->kernel = g_strdup(words[0]);
}

static void
take_amdgpu(AqrGpuFacts *facts, char **words)
{
    if (g_strcmp0(words[0], "live") == 0)
        facts->amdgpu = AQR_AMDGPU_LOADED;
    else if (g_strcmp0(words[0], "coming") == 0)
        facts->amdgpu = AQR_AMDGPU_COMING;
    else if (g_strcmp0(words[0], "there") == 0)
        facts->amdgpu = AQR_AMDGPU_THERE;
    else if (g_strcmp0(words[0], "none") == 0)
        facts->amdgpu = AQR_AMDGPU_NONE;
}

static void
take_firmware(AqrGpuFacts *facts, G_GNUC_UNUSED char **words)
{
    facts->firmware = TRUE;
}

static void
take_settled(AqrGpuFacts *facts, G_GNUC_UNUSED char **words)
{
    facts->settled = TRUE;
}

static void
take_end(AqrGpuFacts *facts, G_GNUC_UNUSED char **words)
{
    facts->complete = TRUE;
}

static void
take_line(AqrGpuFacts *facts, char **words)
{
    static const struct {
        const char *subject;
        void (*take)(AqrGpuFacts *facts, char **words);
    } subjects[] = {
        { "pci", take_pci },         { "kfd", take_kfd },       { "node", take_node },
        { "kernel", take_kernel },   { "amdgpu", take_amdgpu }, { "firmware", take_firmware },
        { "settled", take_settled }, { "end", take_end },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        if (g_str_equal(words[0], subjects[i].subject))
            subjects[i].take(facts, words + 1);
    }
}

static int
by_address(gconstpointer one, gconstpointer other)
{
    const AqrGuestGpu *a = *(AqrGuestGpu *const *)one, *b = *(AqrGuestGpu *const *)other;

    return aqr_pci_address_compare(&a->address, &b->address);
}

AqrGpuFacts *
aqr_gpu_facts_parse(const char *text)
{
    AqrGpuFacts *facts = g_new0(AqrGpuFacts, 1);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    facts->gpus = g_ptr_array_new_with_free_func(free_gpu);
    facts->kfd = g_array_new(FALSE, FALSE, sizeof(AqrKfdNode));
    facts->nodes = g_ptr_array_new_with_free_func(free_node);
    for (char **line = lines; *line != NULL; line++) {
        g_auto(GStrv) words = g_strsplit(*line, " ", 8);

        if (words[0] != NULL)
            take_line(facts, words);
    }
    g_ptr_array_sort(facts->gpus, by_address);
    return facts;
}
