/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/kernel-log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define RECORD_MAX 8192 /* the kernel's CONSOLE_EXT_LOG_MAX; a shorter buffer gets EINVAL */

struct AqrKernelLog {
    int fd;
};

static const char *const telling[] = { "vfio",  "amdgpu", "kfd",    "pcieport", "pci 0", "AER:",
                                       "iommu", "DMAR",   "AMD-Vi", "drm",      "kvm",   "qemu" };

AqrKernelLog *
aqr_kernel_log_new(void)
{
    int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    AqrKernelLog *log;

    if (fd < 0)
        return NULL;
    lseek(fd, 0, SEEK_END);
    log = g_new0(AqrKernelLog, 1);
    log->fd = fd;
    return log;
}

void
aqr_kernel_log_free(AqrKernelLog *log)
{
    if (log == NULL)
        return;
    close(log->fd);
    g_free(log);
}

/* "6,339,5140900,-;message", and lines that begin with a blank (the kernel's
 * Documentation/ABI/testing/dev-kmsg). */
static void
add_record(GString *text, char *record)
{
    char *message = strchr(record, ';');
    char *end = message == NULL ? NULL : strchr(message, '\n');

    if (message == NULL)
        return;
    if (end != NULL)
        *end = '\0';
    for (gsize i = 0; i < G_N_ELEMENTS(telling); i++) {
        if (strstr(message, telling[i]) == NULL)
            continue;
        g_string_append_printf(text, "%s\n", message + 1);
        return;
    }
}

char *
aqr_kernel_log_read(AqrKernelLog *log)
{
    GString *text = g_string_new(NULL);
    char record[RECORD_MAX + 1];

    for (;;) {
        ssize_t n = read(log->fd, record, RECORD_MAX);

        if (n < 0 && (errno == EPIPE || errno == EINTR)) /* some were overwritten; go on */
            continue;
        if (n <= 0)
            return g_string_free(text, FALSE);
        record[n] = '\0';
        add_record(text, record);
    }
}
