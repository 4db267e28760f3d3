/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/fake-host.h"

#define GPU_GID 105

/* What the GPU of the facts points to. */
typedef struct {
    GPtrArray *devices, *gpus;
} Owner;

static void
free_owner(gpointer data)
{
    Owner *owner = data;

    g_ptr_array_unref(owner->gpus);
    g_ptr_array_unref(owner->devices);
    g_free(owner);
}

static void
free_device(gpointer data)
{
    aqr_pci_device_free(data);
}

static AqrPciDevice *
make_function(guint8 number, guint16 device_id, guint32 class, const char *driver)
{
    const AqrPciAddress address = { .bus = 3, .function = number };
    AqrPciDevice *device = aqr_pci_device_new(&address);

    device->parent = (AqrPciAddress){ .bus = 2 };
    device->has_parent = TRUE;
    device->vendor = 0x1002;
    device->device = device_id;
    device->class = class;
    device->iommu_group = 15;
    device->driver = g_strdup(driver);
    device->power_state = g_strdup("D0");
    device->d3cold_allowed = TRUE;
    return device;
}

static void
add_gpu(AqrHostFacts *facts, const char *driver, const char *audio_driver)
{
    g_autoptr(AqrGpuTable) table =
        aqr_gpu_table_parse("73bf gfx1030 discrete high Navi 21\tAMD Radeon RX 6800 XT\n", NULL);
    Owner *owner = g_new0(Owner, 1);
    AqrHostGpu *found = g_new0(AqrHostGpu, 1);
    AqrGpu *gpu;

    owner->devices = g_ptr_array_new_with_free_func(free_device);
    g_ptr_array_add(owner->devices, make_function(0, 0x73bf, 0x030000, driver));
    g_ptr_array_add(owner->devices, make_function(1, 0xab28, 0x040300, audio_driver));
    owner->gpus = aqr_gpu_list(owner->devices, table);
    facts->owner = owner;
    facts->free_owner = free_owner;
    gpu = g_ptr_array_index(owner->gpus, 0);
    gpu->atomics = AQR_ATOMICS_YES;
    g_clear_pointer(&gpu->atomics_reason, g_free);
    found->gpu = gpu;
    found->node.path = g_strdup("/dev/vfio/15");
    found->node.exists = AQR_FACT_NO;
    g_ptr_array_add(facts->gpus, found);
}

AqrHostGpu *
fake_host_gpu(AqrHostFacts *facts)
{
    return g_ptr_array_index(facts->gpus, 0);
}

AqrPciDevice *
fake_host_function(AqrHostFacts *facts, guint number)
{
    Owner *owner = facts->owner;

    return g_ptr_array_index(owner->devices, number);
}

static void
add_space(AqrHostFacts *facts, const char *path, const char *purpose)
{
    AqrHostSpace *space = g_new0(AqrHostSpace, 1);

    space->path = g_strdup(path);
    space->purpose = purpose;
    space->free_mib = 100 * 1024;
    g_ptr_array_add(facts->spaces, space);
}

static void
add_node(AqrHostNode *node, const char *path, guint32 gid, guint32 mode)
{
    aqr_host_node_clear(node);
    node->path = g_strdup(path);
    node->exists = AQR_FACT_YES;
    node->owner = (AqrPathOwner){ .gid = gid, .mode = mode };
}

/* Each has a number of its own: "kvm" is 105, and so on. */
void
fake_host_set_groups(AqrHostUser *user, const char *groups)
{
    static const char *const names[] = { "kvm", "render", "libvirt" };

    g_strfreev(user->groups);
    g_clear_pointer(&user->gids, g_array_unref);
    user->groups = g_strsplit(groups, " ", -1);
    user->gids = g_array_new(FALSE, FALSE, sizeof(guint32));
    for (guint32 i = 0; i < G_N_ELEMENTS(names); i++) {
        guint32 gid = GPU_GID + i;

        if (aqr_host_user_is_in(user, names[i]))
            g_array_append_val(user->gids, gid);
    }
}

static void
set_up_programs(AqrHostFacts *facts)
{
    facts->qemu_version = g_strdup("QEMU emulator version 10.0.13 (Debian)");
    facts->qemu_vfio = AQR_FACT_YES;
    facts->qemu_driver = AQR_FACT_YES;
    facts->has_ovmf = facts->has_qemu_img = facts->has_mmdebstrap = facts->has_build_qemu = TRUE;
    facts->autopkgtest_version = g_strdup("5.49");
    facts->apt_proxy = g_strdup("http://127.0.0.1:3142");
}

static AqrHostFacts *
make_host(void)
{
    AqrHostFacts *facts = aqr_host_facts_new();

    facts->cpu_virt = AQR_FACT_YES;
    facts->has_amd_cpu = TRUE;
    add_node(&facts->kvm, "/dev/kvm", GPU_GID, 020660);
    facts->n_iommu_groups = 40;
    facts->command_line = g_strdup("root=/dev/sda1 quiet");
    facts->kernel_release = g_strdup("6.12.107+deb13-amd64");
    facts->ram_mib = 64 * 1024;
    add_space(facts, "/tmp", "overlays");
    facts->vfio = facts->vfio_pci = facts->vfio_type1 = AQR_MODULE_THERE;
    add_node(&facts->lease_dir, "/run/lock/rocm-gpu", 0, 041777);
    facts->host_groups = g_strsplit("kvm render libvirt", " ", -1);
    facts->user.exists = TRUE;
    facts->user_is_caller = TRUE;
    set_up_programs(facts);
    return facts;
}

AqrHostFacts *
fake_host_new(void)
{
    AqrHostFacts *facts = make_host();

    facts->is_root = TRUE;
    facts->user.name = g_strdup("root");
    fake_host_set_groups(&facts->user, "root");
    add_node(&facts->libvirt_socket, "/run/libvirt/libvirt-sock", 0, 0140666);
    add_gpu(facts, "amdgpu", "snd_hda_intel");
    return facts;
}

AqrHostFacts *
fake_host_new_for_user(void)
{
    AqrHostFacts *facts = make_host();

    facts->user.name = g_strdup("rocky");
    facts->user.uid = 1000;
    fake_host_set_groups(&facts->user, "rocky kvm render");
    facts->memlock = (AqrMemlock){ .soft = AQR_MEMLOCK_UNLIMITED, .hard = AQR_MEMLOCK_UNLIMITED };
    facts->memlock_now = facts->memlock;
    facts->libvirt_socket.owner.mode = 0140666; /* where a row says that it is there */
    facts->vfio_conf->autoload = TRUE;
    facts->udev.has_rule = TRUE;
    facts->udev.group = g_strdup("render");
    facts->udev.mode = g_strdup("0660");
    add_gpu(facts, "vfio-pci", "vfio-pci");
    add_node(&fake_host_gpu(facts)->node, "/dev/vfio/15", GPU_GID + 1, 020660);
    return facts;
}

AqrHostFacts *
fake_host_new_bare(void)
{
    AqrHostFacts *facts = aqr_host_facts_new();

    facts->user.name = g_strdup("rocky");
    facts->user.exists = TRUE;
    facts->user.uid = 1000;
    facts->user_is_caller = TRUE;
    facts->cpu_virt = AQR_FACT_NO;
    facts->kvm.path = g_strdup("/dev/kvm");
    facts->kvm.exists = AQR_FACT_NO;
    facts->lease_dir.path = g_strdup("/run/lock/rocm-gpu");
    facts->lease_dir.exists = AQR_FACT_NO;
    facts->memlock_now = (AqrMemlock){ .soft = 8 << 20, .hard = 8 << 20 };
    facts->qemu_driver = AQR_FACT_NO;
    return facts;
}
