/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"

static gboolean
check_device(GError **error)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int version;

    if (fd < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "/dev/kvm: %s; load kvm and be in the group kvm, or use --accel=tcg",
                    g_strerror(errno));
        return FALSE;
    }
    version = ioctl(fd, KVM_GET_API_VERSION, 0);
    close(fd);
    if (version == KVM_API_VERSION)
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST, "/dev/kvm is not KVM's; use --accel=tcg");
    return FALSE;
}

/* A KVM without hardware virtualisation (PVM, in some clouds' machines) takes
 * only guests made for it: an ordinary kernel hangs or stops early. */
static gboolean
check_processor(GError **error)
{
    g_autofree char *text = NULL;

    if (g_file_get_contents("/proc/cpuinfo", &text, NULL, NULL) &&
        g_regex_match_simple("^flags\\s*:.* (vmx|svm)( |$)", text, G_REGEX_MULTILINE, 0))
        return TRUE;
    g_set_error_literal(error, AQR_ERROR, AQR_ERROR_HOST,
                        "there is a /dev/kvm, but the processor offers neither VT-x nor AMD-V, so "
                        "ordinary guests do not run on it; use --accel=tcg");
    return FALSE;
}

static gboolean
check_kvm(GError **error)
{
    return check_device(error) && check_processor(error);
}

gboolean
aqr_accel_choose(AqrAccel wanted, AqrAccel *accel, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (wanted == AQR_ACCEL_KVM && !check_kvm(error))
        return FALSE;
    *accel = wanted == AQR_ACCEL_TCG || !check_kvm(&why) ? AQR_ACCEL_TCG : AQR_ACCEL_KVM;
    return TRUE;
}
