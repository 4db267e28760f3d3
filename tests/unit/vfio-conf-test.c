/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vfio-conf.h"

#include "support/check-main.h"

typedef void (*Read)(AqrVfioConf *conf, const char *text);
#define MODPROBE aqr_vfio_conf_read_modprobe
#define MODULES aqr_vfio_conf_read_modules_load
#define CMDLINE aqr_vfio_conf_read_command_line

static const struct {
    Read read;
    const char *text;
    const char *told;
} rows[] = {
    { MODPROBE, "", "" },
    { MODPROBE, "options vfio-pci ids=1002:73bf,1002:ab28\n", "ids 1002:73bf 1002:ab28; " },
    { MODPROBE, "options vfio_pci ids=1002:73bf\noptions vfio-pci ids=1002:73bf,\n",
      "ids 1002:73bf; " },
    { MODPROBE, "options vfio ids=1002:73bf\n# options vfio-pci ids=1002:73bf\n", "" },
    { MODPROBE, "options vfio-pci disable_vga=1 \\\n  disable_idle_d3=1\n", "idle; " },
    { MODPROBE, "options vfio-pci disable_idle_d3\n", "idle; " },
    { MODPROBE, "options vfio-pci disable_idle_d3=Y\n", "idle; " },
    { MODPROBE, "options vfio-pci disable_idle_d3=0\n", "" },
    { MODPROBE, "options vfio-pci disable_idle_d3x=1\n", "" },
    { MODPROBE, "softdep amdgpu pre: vfio-pci\n", "before amdgpu; " },
    { MODPROBE, "softdep amdgpu pre: vfio vfio_pci post: x\n", "before amdgpu; " },
    { MODPROBE, "softdep amdgpu post: vfio-pci\n", "" },
    { MODPROBE, "blacklist vfio-pci\nblacklist amdgpu\n", "blacklisted vfio_pci; " },
    { MODPROBE, "install vfio-pci /bin/false\n", "replaced vfio_pci; " },
    { MODPROBE, "install vfio-pci /sbin/x; /sbin/modprobe -i vfio-pci\n", "" },
    { MODPROBE, "options\nsoftdep\nblacklist\ninstall\noptions vfio-pci\n", "" },
    { MODULES, "vfio-pci\n", "autoload; " },
    { MODULES, "# vfio-pci\n; vfio-pci\nloop\n", "" },
    { MODULES, "loop\n  vfio_pci ids=1002:73bf\n", "autoload; " },
    { MODULES, "vfio\n", "" },
    { CMDLINE, "quiet vfio-pci.ids=1002:73bf\n", "ids 1002:73bf; " },
    { CMDLINE, "vfio_pci.disable_idle_d3=1", "idle; " },
    { CMDLINE, "modprobe.blacklist=amdgpu,vfio-pci,vfio", "blacklisted vfio_pci vfio; " },
    { CMDLINE, "module_blacklist=vfio_iommu_type1", "blacklisted vfio_iommu_type1; " },
    { CMDLINE, "xvfio-pci.ids=1 blacklist=vfio-pci", "" },
};

static void
tell(GString *told, const char *what, const GPtrArray *names)
{
    if (names->len == 0)
        return;
    g_string_append(told, what);
    for (guint i = 0; i < names->len; i++)
        g_string_append_printf(told, " %s", (const char *)g_ptr_array_index(names, i));
    g_string_append(told, "; ");
}

START_TEST(reads)
{
    g_autoptr(AqrVfioConf) conf = aqr_vfio_conf_new();
    g_autoptr(GString) told = g_string_new(NULL);

    rows[_i].read(conf, rows[_i].text);
    tell(told, "ids", conf->ids);
    tell(told, "before", conf->softdeps);
    tell(told, "blacklisted", conf->blacklisted);
    tell(told, "replaced", conf->replaced);
    g_string_append(told, conf->disable_idle_d3 ? "idle; " : "");
    g_string_append(told, conf->autoload ? "autoload; " : "");
    ck_assert_str_eq(told->str, rows[_i].told);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, reads, 0, G_N_ELEMENTS(rows));
}
