/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-bind.h"

#include <string.h>

#include "fake-gpu.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

#define GPU "0000:03:00.0"
#define DIR "/sys/bus/pci/devices/" GPU
#define AS_IT_WAS \
    "0000:03:00.0=amdgpu 0000:03:00.1=snd_hda_intel 0000:03:00.2=xhci_hcd 0000:03:00.3="

static FakeGpu fake;

static void
set_up(void)
{
    fake_gpu_set_up(&fake);
}

static void
tear_down(void)
{
    fake_gpu_tear_down(&fake);
}

static AqrGpuDrivers *
parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    AqrGpuDrivers *drivers = aqr_gpu_drivers_parse(text, &error);

    ck_assert_no_error(error);
    return drivers;
}

START_TEST(takes_down_what_is)
{
    g_autoptr(AqrGpuDrivers) drivers = NULL;
    g_autofree char *text = NULL;

    drivers = aqr_gpu_drivers_of(fake.gpus);
    text = aqr_gpu_drivers_to_string(drivers);
    ck_assert_str_eq(text, AS_IT_WAS);
    ck_assert(aqr_gpu_drivers_are_back(drivers));
}
END_TEST

START_TEST(takes_down_overrides)
{
    g_autoptr(AqrGpuDrivers) drivers = NULL;
    g_autofree char *text = NULL;

    fake_gpu_bind(&fake, GPU, "vfio-pci");
    fake_gpu_write(&fake, DIR "/driver_override", "vfio-pci\n");
    fake_gpu_write(&fake, "/sys/bus/pci/devices/0000:03:00.1/driver_override", "(null)\n");
    drivers = aqr_gpu_drivers_of(fake.gpus);
    text = aqr_gpu_drivers_to_string(drivers);
    ck_assert(g_str_has_prefix(
        text, "0000:03:00.0=vfio-pci:vfio-pci 0000:03:00.1=snd_hda_intel 0000:03:00.2="));
}
END_TEST

static const struct {
    const char *text, *back; /* NULL: refused */
} texts[] = {
    { AS_IT_WAS, AS_IT_WAS },
    { "", "" },
    { " 03:00.0=a  04:00.0= ", "0000:03:00.0=a 0000:04:00.0=" },
    { "03:00.0=:vfio-pci", "0000:03:00.0=:vfio-pci" },
    { "03:00.0=a:", "0000:03:00.0=a" },
    { "03:00.0", NULL },
    { "03:00=amdgpu", NULL },
    { "=amdgpu", NULL },
    { "03:00.0=../x", NULL },
    { "03:00.0=..", NULL },
    { "03:00.0=x%2fy", NULL },
    { "03:00.0=a%zz", NULL },
    { "03:00.0=amd%20.gpu%2b:a%3ab", "0000:03:00.0=amd%20.gpu%2B:a%3Ab" },
    { "03:00.0=a:b/c", NULL },
    { "03:00.0=a\n", NULL },
};

START_TEST(is_a_text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrGpuDrivers) drivers = aqr_gpu_drivers_parse(texts[_i].text, &error);
    g_autofree char *text = drivers == NULL ? NULL : aqr_gpu_drivers_to_string(drivers);

    ck_assert_pstr_eq(text, texts[_i].back);
    if (drivers == NULL)
        ck_assert_error(error, AQR_ERROR_USAGE);
}
END_TEST

static void
check_written(const char *path, const char *wanted)
{
    g_autofree char *text = fake_gpu_read(&fake, path);

    ck_assert_pstr_eq(text, wanted);
}

static void
make_attributes(void)
{
    fake_gpu_write(&fake, DIR "/driver_override", "vfio-pci\n");
    fake_gpu_write(&fake, "/sys/bus/pci/drivers/vfio-pci/unbind", "");
    fake_gpu_write(&fake, "/sys/bus/pci/drivers_probe", "");
    fake_gpu_bind(&fake, GPU, "vfio-pci");
}

/* No kernel does anything here: what is asked of it is seen, and that it did not do it. */
START_TEST(asks_the_kernel)
{
    g_autoptr(AqrGpuDrivers) drivers = parse("0000:03:00.0=amdgpu 0000:03:00.1=snd_hda_intel");
    g_autoptr(GError) error = NULL;

    make_attributes();
    ck_assert(!aqr_gpu_drivers_are_back(drivers));
    ck_assert(!aqr_gpu_drivers_restore(drivers, &error));
    ck_assert_str_eq(error->message,
                     "cannot give 0000:03:00.0 back to amdgpu: amdgpu does not take it back; see "
                     "the kernel's messages");
    ck_assert_error(error, AQR_ERROR_GPU);
    check_written("/sys/bus/pci/drivers/vfio-pci/unbind", GPU);
    check_written("/sys/bus/pci/drivers_probe", GPU);
    check_written(DIR "/driver_override", "\n");
}
END_TEST

START_TEST(unbinds_only_what_had_none)
{
    g_autoptr(AqrGpuDrivers) drivers = parse("0000:03:00.0=:pci-stub");
    g_autoptr(GError) error = NULL;

    make_attributes();
    ck_assert(!aqr_gpu_drivers_restore(drivers, &error));
    ck_assert_error(error, AQR_ERROR_GPU);
    check_written("/sys/bus/pci/drivers/vfio-pci/unbind", GPU);
    check_written("/sys/bus/pci/drivers_probe", "");
    check_written(DIR "/driver_override", "pci-stub");
}
END_TEST

START_TEST(leaves_what_is_right)
{
    g_autoptr(AqrGpuDrivers) drivers = parse("0000:03:00.0=vfio-pci 0000:09:00.0=amdgpu");
    g_autoptr(GError) error = NULL;

    make_attributes();
    ck_assert(aqr_gpu_drivers_are_back(drivers)); /* the other one has gone */
    ck_assert(aqr_gpu_drivers_restore(drivers, &error));
    check_written("/sys/bus/pci/drivers/vfio-pci/unbind", "");
    check_written("/sys/bus/pci/drivers_probe", "");
    check_written(DIR "/driver_override", "\n"); /* as it was */
}
END_TEST

START_TEST(leaves_what_is_used)
{
    g_autoptr(AqrGpuDrivers) drivers = parse("0000:03:00.0=amdgpu");
    g_autoptr(GError) error = NULL;
    GPid pid;

    make_attributes();
    fake_gpu_write(&fake, "/dev/vfio/22", "");
    pid = fake_gpu_open(&fake, "/dev/vfio/22");
    ck_assert(!aqr_gpu_drivers_restore(drivers, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "it is used by pid "));
    ck_assert_error(error, AQR_ERROR_GPU);
    check_written("/sys/bus/pci/drivers/vfio-pci/unbind", "");
    check_written("/sys/bus/pci/drivers_probe", "");
    lasting_child_end(pid);
}
END_TEST

/* The first failure is told, and the others are tried. */
START_TEST(tries_all)
{
    g_autoptr(AqrGpuDrivers) drivers = parse("0000:03:00.1=none 0000:03:00.0=amdgpu");
    g_autoptr(GError) error = NULL;

    make_attributes(); /* but no unbind of snd_hda_intel */
    ck_assert(!aqr_gpu_drivers_restore(drivers, &error));
    ck_assert_ptr_nonnull(
        strstr(error->message, "cannot give 0000:03:00.1 back to none: cannot write"));
    check_written("/sys/bus/pci/drivers/vfio-pci/unbind", GPU);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, takes_down_what_is);
    tcase_add_test(tcase, takes_down_overrides);
    tcase_add_loop_test(tcase, is_a_text, 0, G_N_ELEMENTS(texts));
    tcase_add_test(tcase, asks_the_kernel);
    tcase_add_test(tcase, unbinds_only_what_had_none);
    tcase_add_test(tcase, leaves_what_is_right);
    tcase_add_test(tcase, leaves_what_is_used);
    tcase_add_test(tcase, tries_all);
}
