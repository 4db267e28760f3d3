/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "support/fake-host.h"

typedef enum { INT, U64, STRING, STRV } Type;
typedef enum { FACTS, CONF, GPU, DEVICE } Base;

#define OF(name, base, struct_type, member, type)              \
    {                                                          \
        name, G_STRUCT_OFFSET(struct_type, member), base, type \
    }
#define FACT(member, type) OF(#member, FACTS, AqrHostFacts, member, type)

static const struct {
    const char *name;
    glong offset;
    Base base;
    Type type;
} members[] = {
    FACT(is_root, INT),
    FACT(user.exists, INT),
    FACT(user_is_caller, INT),
    FACT(missing_groups, STRV),
    FACT(memlock_now.soft, U64),
    FACT(memlock_now.hard, U64),
    FACT(cpu_virt, INT),
    FACT(kvm.exists, INT),
    FACT(kvm_trouble, STRING),
    FACT(n_iommu_groups, INT),
    FACT(command_line, STRING),
    FACT(kernel_release, STRING),
    FACT(ram_mib, U64),
    FACT(hugepages_mib, U64),
    FACT(has_amd_cpu, INT),
    FACT(vfio, INT),
    FACT(vfio_pci, INT),
    FACT(vfio_type1, INT),
    FACT(udev.has_rule, INT),
    FACT(udev.group, STRING),
    FACT(udev.mode, STRING),
    FACT(udev.n_bad, INT),
    FACT(qemu_version, STRING),
    FACT(qemu_vfio, INT),
    FACT(qemu_driver, INT),
    FACT(libvirt_socket.exists, INT),
    FACT(libvirt_trouble, STRING),
    FACT(has_ovmf, INT),
    FACT(has_qemu_img, INT),
    FACT(has_mmdebstrap, INT),
    FACT(has_build_qemu, INT),
    FACT(autopkgtest_version, STRING),
    FACT(apt_proxy, STRING),
    FACT(has_debci, INT),
    FACT(gpus_trouble, STRING),
    FACT(host_groups, STRV),
    FACT(missing_gpus, STRV),
    FACT(lease_dir.exists, INT),
    FACT(lease_dir.owner.uid, INT),
    FACT(lease_dir.owner.mode, INT),
    OF("vfio_conf.autoload", CONF, AqrVfioConf, autoload, INT),
    OF("vfio_conf.disable_idle_d3", CONF, AqrVfioConf, disable_idle_d3, INT),
    OF("gpu.held_by", GPU, AqrHostGpu, held_by, STRING),
    OF("gpu.quarantined", GPU, AqrHostGpu, quarantined, STRING),
    OF("gpu.node.exists", GPU, AqrHostGpu, node.exists, INT),
    OF("gpu.node.owner.mode", GPU, AqrHostGpu, node.owner.mode, INT),
    OF("gpu.boot_vga", DEVICE, AqrPciDevice, boot_vga, INT),
    OF("gpu.d3cold_allowed", DEVICE, AqrPciDevice, d3cold_allowed, INT),
    OF("gpu.has_parent", DEVICE, AqrPciDevice, has_parent, INT),
    OF("gpu.iommu_group", DEVICE, AqrPciDevice, iommu_group, INT),
    OF("gpu.power_state", DEVICE, AqrPciDevice, power_state, STRING),
};

static const struct {
    const char *word;
    gint64 value;
} words[] = {
    { "false", FALSE },
    { "true", TRUE },
    { "unknown", AQR_FACT_UNKNOWN }, /* of a module, too */
    { "no", AQR_FACT_NO },
    { "yes", AQR_FACT_YES },
    { "loaded", AQR_MODULE_LOADED },
    { "missing", AQR_MODULE_MISSING },
    { "max", -1 },
};

static gint64
number_of(const char *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(value, words[i].word) == 0)
            return words[i].value;
    }
    return g_ascii_strtoll(value, NULL, 0);
}

static void
set_member(void *place, Type type, const char *value)
{
    switch (type) {
    case INT:
        *(int *)place = (int)number_of(value);
        return;
    case U64:
        *(guint64 *)place = (guint64)number_of(value);
        return;
    case STRING:
        g_free(*(char **)place);
        *(char **)place = *value == '\0' ? NULL : g_strdup(value);
        return;
    case STRV:
        g_strfreev(*(GStrv *)place);
        *(GStrv *)place = *value == '\0' ? NULL : g_strsplit(value, " ", -1);
        return;
    }
}

/* --- what is more than a member -------------------------------------------- */

/* The checks see it const. */
static AqrGpu *
gpu_of(AqrHostFacts *facts)
{
    return (AqrGpu *)fake_host_gpu(facts)->gpu;
}

static void
set_groups(AqrHostFacts *facts, const char *value)
{
    fake_host_set_groups(&facts->user, value);
}

static void
set_debci(AqrHostFacts *facts, const char *value)
{
    facts->has_debci = facts->debci.exists = TRUE;
    fake_host_set_groups(&facts->debci, value);
}

static void
set_memlock(AqrHostFacts *facts, const char *value)
{
    guint64 limit = (guint64)number_of(value);

    facts->memlock = (AqrMemlock){ .soft = limit, .hard = limit };
    facts->memlock_now = facts->memlock;
}

static void
set_space(AqrHostFacts *facts, const char *value)
{
    AqrHostSpace *space = g_ptr_array_index(facts->spaces, 0);

    space->free_mib = (guint64)number_of(value);
}

static void
read_modprobe(AqrHostFacts *facts, const char *value)
{
    aqr_vfio_conf_read_modprobe(facts->vfio_conf, value);
}

static void
add_unreadable(AqrHostFacts *facts, const char *value)
{
    g_ptr_array_add(facts->unreadable, g_strdup(value));
}

static void
keep_gpus(AqrHostFacts *facts, const char *value)
{
    g_ptr_array_set_size(facts->gpus, (int)number_of(value));
}

static void
keep_together(AqrHostFacts *facts, const char *value)
{
    g_ptr_array_set_size(gpu_of(facts)->together, (int)number_of(value));
}

static void
add_foreign(AqrHostFacts *facts, const char *value)
{
    g_ptr_array_add(gpu_of(facts)->foreign, fake_host_function(facts, (guint)number_of(value)));
}

static void
set_gfx(AqrHostFacts *facts, const char *value)
{
    set_member(&gpu_of(facts)->gfx, STRING, value);
}

static void
set_atomics(AqrHostFacts *facts, const char *value)
{
    gpu_of(facts)->atomics = strcmp(value, "no") == 0 ? AQR_ATOMICS_NO : AQR_ATOMICS_UNKNOWN;
    set_member(&gpu_of(facts)->atomics_reason, STRING, "why not");
}

static void
set_driver0(AqrHostFacts *facts, const char *value)
{
    set_member(&fake_host_function(facts, 0)->driver, STRING, value);
}

static void
set_driver1(AqrHostFacts *facts, const char *value)
{
    set_member(&fake_host_function(facts, 1)->driver, STRING, value);
}

static void
set_resets(AqrHostFacts *facts, const char *value)
{
    set_member(&fake_host_function(facts, 0)->reset_methods, STRV, value);
}

static void
lose(AqrHostFacts *facts, G_GNUC_UNUSED const char *value)
{
    guint8 ones[64];

    memset(ones, 0xff, sizeof ones);
    fake_host_function(facts, 0)->config = g_bytes_new(ones, sizeof ones);
}

static const struct {
    const char *name;
    void (*spoil)(AqrHostFacts *facts, const char *value);
} others[] = {
    { "groups", set_groups },   { "debci", set_debci },        { "memlock", set_memlock },
    { "space", set_space },     { "modprobe", read_modprobe }, { "unreadable", add_unreadable },
    { "gpus", keep_gpus },      { "together", keep_together }, { "foreign", add_foreign },
    { "gfx", set_gfx },         { "atomics", set_atomics },    { "driver0", set_driver0 },
    { "driver1", set_driver1 }, { "resets", set_resets },      { "lost", lose },
};

static gboolean
spoil_member(AqrHostFacts *facts, const char *name, const char *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        char *base = (char *)facts;

        if (strcmp(name, members[i].name) != 0)
            continue;
        if (members[i].base == CONF)
            base = (char *)facts->vfio_conf;
        else if (members[i].base == GPU)
            base = (char *)fake_host_gpu(facts);
        else if (members[i].base == DEVICE)
            base = (char *)fake_host_function(facts, 0);
        set_member(base + members[i].offset, members[i].type, value);
        return TRUE;
    }
    return FALSE;
}

static gboolean
spoil_other(AqrHostFacts *facts, const char *name, const char *value)
{
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        if (strcmp(name, others[i].name) == 0) {
            others[i].spoil(facts, value);
            return TRUE;
        }
    }
    return FALSE;
}

/* "kvm.exists=no" */
static void
spoil(AqrHostFacts *facts, const char *one)
{
    g_auto(GStrv) parts = g_strsplit(one, "=", 2);

    if (parts[1] == NULL ||
        (!spoil_member(facts, parts[0], parts[1]) && !spoil_other(facts, parts[0], parts[1])))
        g_error("there is no such fact: %s", one);
}

void
fake_host_spoil(AqrHostFacts *facts, const char *spoilt)
{
    g_auto(GStrv) each = g_strsplit(spoilt, "; ", -1);

    for (char **one = each; *one != NULL && **one != '\0'; one++)
        spoil(facts, *one);
}
