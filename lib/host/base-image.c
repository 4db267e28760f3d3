/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/base-image.h"

#include <string.h>

#include "core/domain-disks.h"
#include "host/guest-script.h"

/* Who asks for /dev/baseimage wants to read it, as any user. The rules have to be
 * there before the disk is: udev's own would link its file systems' identifiers, and
 * LVM and the like would look for what is theirs. A guest that has restarted by itself has
 * forgotten them, and found the disk before. */
static const char write_rules[] =
    AQR_GUEST_SCRIPT "mkdir -p -m 755 /run/udev/rules.d\n"
                     "cat >/run/udev/rules.d/59-autopkgtest-baseimage.rules <<'END'\n"
                     "SUBSYSTEM!=\"block\", GOTO=\"baseimage_end\"\n"
                     "KERNEL!=\"vd*\", GOTO=\"baseimage_end\"\n"
                     "ATTRS{serial}!=\"" AQR_BASE_IMAGE_SERIAL "\", GOTO=\"baseimage_end\"\n"
                     "ENV{UDEV_DISABLE_PERSISTENT_STORAGE_RULES_FLAG}=\"1\"\n"
                     "OPTIONS+=\"link_priority=-1024\"\n"
                     "ENV{DEVTYPE}==\"disk\", SYMLINK+=\"baseimage\", MODE=\"0664\"\n"
                     "LABEL=\"baseimage_end\"\n"
                     "END\n"
                     "udevadm control --reload\n"
                     "udevadm trigger --subsystem-match=block "
                     "--attr-match=serial=" AQR_BASE_IMAGE_SERIAL "\n";

/* "udevadm wait" is there since systemd 251. An older one can only be asked again:
 * its "settle" does not wait for what the kernel has yet to find. */
static const char wait_for_disk[] =
    AQR_GUEST_SCRIPT "udevadm wait --timeout=60 /dev/baseimage >/dev/null 2>&1 ||\n"
                     "for i in 0 1 2 3 4 5 6 7 8 9; do\n"
                     "  udevadm settle --timeout=5 --exit-if-exists=/dev/baseimage || true\n"
                     "  [ ! -e /dev/baseimage ] || break\n"
                     "  sleep 1\n"
                     "done\n"
                     "[ -e /dev/baseimage ] || { echo 'the guest does not see it'; exit 1; }\n";

static gboolean
run_in_guest(AqrGuestLink *link, const char *script, const AqrPatience *patience, GError **error)
{
    const char *const argv[] = { "sh", "-c", script, NULL };

    return aqr_guest_script_run(link, "show the base image in the guest", argv, patience, error);
}

static gboolean
is_plugged(virDomainPtr handle)
{
    g_autofree char *xml = virDomainGetXMLDesc(handle, 0);

    return xml != NULL && strstr(xml, "'" AQR_BASE_IMAGE_ALIAS "'") != NULL;
}

gboolean
aqr_base_image_plug(AqrDomain *domain, AqrGuestLink *link, const AqrVmSpec *spec,
                    const AqrPatience *patience, GError **error)
{
    g_autofree char *xml = aqr_domain_disks_base_image(spec);
    virDomainPtr handle = aqr_domain_get_handle(domain);

    if (!run_in_guest(link, write_rules, patience, error))
        return FALSE;
    if (!is_plugged(handle) &&
        virDomainAttachDeviceFlags(handle, xml, VIR_DOMAIN_AFFECT_LIVE) < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot plug in the base image");
        return FALSE;
    }
    return run_in_guest(link, wait_for_disk, patience, error);
}

/* --- taking it out ----------------------------------------------------- */

typedef struct {
    const AqrDomain *domain;
    gboolean removed;
} Removal;

static void
handle_removal(G_GNUC_UNUSED virConnectPtr connection, G_GNUC_UNUSED virDomainPtr handle,
               const char *alias, void *data)
{
    Removal *removal = data;

    removal->removed = removal->removed || g_str_equal(alias, AQR_BASE_IMAGE_ALIAS);
}

static gboolean
is_out(gpointer data)
{
    const Removal *removal = data;

    return removal->removed || aqr_domain_end(removal->domain) != NULL;
}

static gboolean
take_out(virDomainPtr handle, Removal *removal, const AqrPatience *patience, GError **error)
{
    if (virDomainDetachDeviceAlias(handle, AQR_BASE_IMAGE_ALIAS, VIR_DOMAIN_AFFECT_LIVE) < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot take out the base image");
        return FALSE;
    }
    return aqr_wait_until(is_out, removal, "the guest to let go of the base image", patience,
                          error);
}

gboolean
aqr_base_image_unplug(AqrDomain *domain, const AqrPatience *patience, GError **error)
{
    virDomainPtr handle = aqr_domain_get_handle(domain);
    virConnectPtr connection = virDomainGetConnect(handle);
    Removal removal = { .domain = domain };
    gboolean done;
    int callback;

    if (aqr_domain_end(domain) != NULL || !is_plugged(handle))
        return TRUE;
    callback =
        virConnectDomainEventRegisterAny(connection, handle, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
                                         VIR_DOMAIN_EVENT_CALLBACK(handle_removal), &removal, NULL);
    if (callback < 0) {
        aqr_libvirt_set_error(error, AQR_ERROR_HOST, "cannot watch the base image");
        return FALSE;
    }
    done = take_out(handle, &removal, patience, error);
    virConnectDomainEventDeregisterAny(connection, callback);
    return done;
}
