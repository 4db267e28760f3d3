/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of host/host-facts that reads configuration. */
#include "host/config-files.h"
#include "host/host-facts.h"

static const char *const modprobe_dirs[] = { "/etc/modprobe.d",           "/run/modprobe.d",
                                             "/usr/local/lib/modprobe.d", "/usr/lib/modprobe.d",
                                             "/lib/modprobe.d",           NULL };
static const char *const modules_dirs[] = {
    "/etc/modules-load.d",     "/run/modules-load.d", "/usr/local/lib/modules-load.d",
    "/usr/lib/modules-load.d", "/lib/modules-load.d", NULL
};
static const char *const udev_dirs[] = { "/etc/udev/rules.d",           "/run/udev/rules.d",
                                         "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d",
                                         "/lib/udev/rules.d",           NULL };
static const char *const limits_dirs[] = { "/etc/security/limits.d", NULL };

static void
take_modprobe(const char *text, gpointer data)
{
    aqr_vfio_conf_read_modprobe(data, text);
}

static void
take_modules_load(const char *text, gpointer data)
{
    aqr_vfio_conf_read_modules_load(data, text);
}

static void
take_udev(const char *text, gpointer data)
{
    aqr_udev_rules_read(data, text);
}

static void
take_limits(const char *text, gpointer data)
{
    AqrHostFacts *facts = data;

    aqr_limits_conf_read(&facts->memlock, text, &facts->user);
}

void
aqr_host_facts_add_config(AqrHostFacts *facts, const AqrHostQuery *query)
{
    const AqrConfigRoot root = { query->root, facts->unreadable };
    const char *leases = g_getenv("AQR_LEASE_DIR");

    aqr_config_files_read(&root, modprobe_dirs, ".conf", take_modprobe, facts->vfio_conf);
    if (facts->command_line != NULL)
        aqr_vfio_conf_read_command_line(facts->vfio_conf, facts->command_line);
    aqr_config_file_read(&root, "/etc/modules", take_modules_load, facts->vfio_conf);
    aqr_config_files_read(&root, modules_dirs, ".conf", take_modules_load, facts->vfio_conf);
    aqr_config_files_read(&root, udev_dirs, ".rules", take_udev, &facts->udev);
    aqr_config_file_read(&root, "/etc/security/limits.conf", take_limits, facts);
    aqr_config_files_read(&root, limits_dirs, ".conf", take_limits, facts);
    aqr_host_node_look(query->root,
                       leases != NULL && *leases != '\0' ? leases : "/run/lock/rocm-gpu",
                       &facts->lease_dir);
}
