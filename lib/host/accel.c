/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/accel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/error.h"

static gboolean
check_kvm(GError **error)
{
    int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
    int version;

    if (fd < 0) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST,
                    "/dev/kvm: %s; be in the group kvm, or use --accel=tcg", g_strerror(errno));
        return FALSE;
    }
    version = ioctl(fd, KVM_GET_API_VERSION, 0);
    close(fd);
    if (version != KVM_API_VERSION) {
        g_set_error(error, AQR_ERROR, AQR_ERROR_HOST, "/dev/kvm is not a usable KVM");
        return FALSE;
    }
    return TRUE;
}

gboolean
aqr_accel_choose(AqrAccel wanted, AqrAccel *accel, GError **error)
{
    g_autoptr(GError) why = NULL;

    if (wanted == AQR_ACCEL_TCG || (wanted == AQR_ACCEL_AUTO && !check_kvm(&why))) {
        *accel = AQR_ACCEL_TCG;
        return TRUE;
    }
    if (wanted == AQR_ACCEL_KVM && !check_kvm(error))
        return FALSE;
    *accel = AQR_ACCEL_KVM;
    return TRUE;
}
