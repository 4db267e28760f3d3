/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/gpu-health.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fake-gpu.h"
#include "host/udev-wake.h"
#include "support/check-main.h"
#include "support/lasting-child.h"

#define GPU "0000:03:00.0"
#define DIR "/sys/bus/pci/devices/" GPU
#define PORT "/sys/bus/pci/devices/0000:02:00.0"
#define CONFIG DIR "/config"

static FakeGpu fake;
static GString *notes;

static void
set_up(void)
{
    fake_gpu_set_up(&fake);
    notes = g_string_new(NULL);
    for (guint i = 0; i < fake.gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(fake.gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        fake_gpu_write_config(&fake, address, 0x10);
    }
}

static void
tear_down(void)
{
    g_string_free(notes, TRUE);
    fake_gpu_tear_down(&fake);
}

static void
note(const char *text, G_GNUC_UNUSED gpointer data)
{
    const char *prefix = "GPU " GPU ": trying ";

    ck_assert(g_str_has_prefix(text, prefix));
    g_string_append_printf(notes, "%s%s", notes->len == 0 ? "" : ", ", text + strlen(prefix));
}

/* --- a look -------------------------------------------------------------- */

static const struct {
    const char *address;
    int byte;
    const char *power;
    const char *says; /* NULL: it is well */
} looks[] = {
    { GPU, 0x10, "D0", NULL },
    { GPU, 0x10, "D3cold", NULL }, /* and has woken up */
    { GPU, 0xff, "D0", GPU " has fallen off the bus" },
    { GPU, 0xff, "D3cold", GPU " is stuck in D3cold" },
    { "0000:03:00.1", 0xff, "unknown", "0000:03:00.1 has fallen off the bus" },
};

START_TEST(sees_what_is)
{
    g_autofree char *power =
        g_build_filename("/sys/bus/pci/devices", looks[_i].address, "power_state", NULL);
    g_autoptr(GError) error = NULL;

    fake_gpu_write_config(&fake, looks[_i].address, looks[_i].byte);
    fake_gpu_write(&fake, power, looks[_i].power);
    ck_assert(aqr_gpu_health_check(fake.gpu, &error) == (looks[_i].says == NULL));
    if (looks[_i].says != NULL) {
        ck_assert_msg(strstr(error->message, looks[_i].says) != NULL, "%s", error->message);
        ck_assert_error(error, AQR_ERROR_GPU);
    }
}
END_TEST

static void
take_away(void)
{
    fake_gpu_remove(&fake, DIR); /* the link; nobody finds the directory now */
}

START_TEST(misses_what_has_gone)
{
    g_autoptr(GError) error = NULL;

    take_away();
    ck_assert(!aqr_gpu_health_check(fake.gpu, &error));
    ck_assert_ptr_nonnull(strstr(error->message, GPU " has gone"));
    ck_assert_error(error, AQR_ERROR_GPU);
}
END_TEST

/* --- the ladder ---------------------------------------------------------- */

#define AWAKE "keeping it awake"
#define RESET "its own reset"
#define PORT_RESET "a reset of the port above"
#define RESCAN "removal and a rescan"

/* What heals leads to the configuration space, which is short then, but not all ones. */
static const struct {
    const char *heals; /* NULL: nothing does */
    gboolean foreign;  /* something else is below the port */
    const char *notes;
} ladders[] = {
    { DIR "/power/control", FALSE, AWAKE },
    { DIR "/reset", FALSE, AWAKE ", " RESET },
    { PORT "/reset_subordinate", FALSE, AWAKE ", " PORT_RESET },
    { PORT "/reset_subordinate", TRUE, AWAKE ", " RESCAN },
    { PORT "/rescan", FALSE, AWAKE ", " RESCAN },
    { NULL, FALSE, AWAKE ", " RESCAN },
};

static void
make_healing(const char *path)
{
    g_autofree char *real = fake_sysfs_path(fake.sysfs, path);
    g_autofree char *config = fake_sysfs_path(fake.sysfs, CONFIG);

    fake_gpu_write(&fake, path, "");
    ck_assert_int_eq(unlink(real), 0);
    ck_assert_int_eq(symlink(config, real), 0);
}

static gboolean
recover(gint64 timeout, GError **error)
{
    AqrPatience patience = aqr_patience(timeout, NULL);

    return aqr_gpu_health_recover(fake.gpu, &patience, note, NULL, error);
}

START_TEST(climbs)
{
    g_autoptr(GError) error = NULL;
    gboolean healed = ladders[_i].heals != NULL &&
                      (!ladders[_i].foreign || strstr(ladders[_i].heals, "subordinate") == NULL);

    fake_gpu_write_config(&fake, GPU, 0xff);
    if (ladders[_i].heals != NULL)
        make_healing(ladders[_i].heals);
    if (ladders[_i].foreign)
        fake_gpu_write(&fake, PORT "/0000:03:01.0/class", "0x010802\n");
    ck_assert(recover(20 * G_TIME_SPAN_SECOND, &error) == healed);
    ck_assert_str_eq(notes->str, ladders[_i].notes);
    if (!healed) {
        ck_assert_ptr_nonnull(
            strstr(error->message, "GPU " GPU " stays sick after " AWAKE ", " RESCAN ": " GPU));
        ck_assert_ptr_nonnull(strstr(error->message, "restart the host"));
        ck_assert_error(error, AQR_ERROR_GPU);
    }
}
END_TEST

START_TEST(resets_what_is_well)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *written = NULL;

    fake_gpu_write(&fake, DIR "/reset", "");
    ck_assert(recover(20 * G_TIME_SPAN_SECOND, &error));
    ck_assert_str_eq(notes->str, AWAKE ", " RESET);
    written = fake_gpu_read(&fake, DIR "/reset");
    ck_assert_str_eq(written, "1");
}
END_TEST

START_TEST(leaves_what_is_used)
{
    g_autoptr(GError) error = NULL;
    GPid pid;

    fake_gpu_write(&fake, "/dev/vfio/22", "");
    pid = fake_gpu_open(&fake, "/dev/vfio/22");
    ck_assert(!recover(20 * G_TIME_SPAN_SECOND, &error));
    ck_assert_error(error, AQR_ERROR_GPU);
    ck_assert_str_eq(notes->str, "");
    lasting_child_end(pid);
}
END_TEST

/* A step that blocks takes what time there is, and no more. */
START_TEST(is_bounded)
{
    g_autofree char *real = fake_sysfs_path(fake.sysfs, DIR "/reset");
    gint64 before = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;

    fake_gpu_write_config(&fake, GPU, 0xff);
    unlink(real);
    ck_assert_int_eq(mkfifo(real, 0600), 0); /* which nobody reads */
    ck_assert(!recover(G_TIME_SPAN_SECOND / 2, &error));
    ck_assert_str_eq(notes->str, AWAKE ", " RESET);
    ck_assert_int_lt(g_get_monotonic_time() - before, 10 * G_TIME_SPAN_SECOND);
}
END_TEST

/* Of a patience that is over already, nothing begins; that a look took long is no reason. */
START_TEST(begins_nothing_late)
{
    g_autoptr(GError) error = NULL;

    fake_gpu_write_config(&fake, GPU, 0xff);
    ck_assert(!recover(-1, &error));
    ck_assert_str_eq(notes->str, "");
    ck_assert_ptr_nonnull(strstr(error->message, "stays sick after nothing: " GPU));
    g_clear_error(&error);
    ck_assert(!aqr_gpu_health_recover(fake.gpu, NULL, note, NULL, &error));
    ck_assert_str_eq(notes->str, AWAKE ", " RESCAN);
}
END_TEST

START_TEST(does_not_remove_a_virtual_function)
{
    AqrPciDevice *device = (AqrPciDevice *)fake.gpu->device;
    g_autofree char *removed = NULL;

    fake_gpu_write(&fake, DIR "/remove", "");
    fake_gpu_write(&fake, DIR "/reset", "");
    fake_gpu_write_config(&fake, GPU, 0xff);
    device->is_vf = TRUE;
    ck_assert(!recover(0, NULL));
    device->is_vf = FALSE;
    ck_assert_str_eq(notes->str, AWAKE ", " RESET);
    removed = fake_gpu_read(&fake, DIR "/remove");
    ck_assert_str_eq(removed, "");
}
END_TEST

static const struct {
    const char *driver, *sound; /* of its function 1 */
    const char *says;           /* NULL: it may be reset */
} drivers[] = {
    { "vfio-pci", "vfio-pci", NULL },
    { "mlx5_vfio_pci", NULL, NULL },
    { NULL, NULL, NULL },
    { "amdgpu", NULL, GPU " has the driver amdgpu" },
    { "amdgpu", NULL, "virsh nodedev-detach pci_0000_03_00_0" },
    { "vfio-pci", "snd_hda_intel", "0000:03:00.1 has the driver snd_hda_intel" },
};

START_TEST(resets_what_the_host_does_not_use)
{
    g_autoptr(GError) error = NULL;

    for (guint i = 0; i < fake.gpu->together->len; i++) {
        const AqrPciDevice *device = g_ptr_array_index(fake.gpu->together, i);
        g_autofree char *address = aqr_pci_address_to_string(&device->address);

        fake_gpu_bind(&fake, address, i == 0 ? drivers[_i].driver : drivers[_i].sound);
    }
    ck_assert(aqr_gpu_health_check_reset(fake.gpu, &error) == (drivers[_i].says == NULL));
    if (drivers[_i].says != NULL) {
        ck_assert_msg(strstr(error->message, drivers[_i].says) != NULL, "%s", error->message);
        ck_assert_error(error, AQR_ERROR_GPU);
    }
}
END_TEST

/* What shares the group would be kept awake, reset and removed too. */
START_TEST(leaves_what_is_not_its_own)
{
    g_autoptr(GError) error = NULL;

    g_ptr_array_add(fake.gpu->foreign, fake.gpu->together->pdata[1]);
    ck_assert(!aqr_gpu_health_check_reset(fake.gpu, &error));
    ck_assert_ptr_nonnull(strstr(error->message, "0000:03:00.1 shares its IOMMU group"));
    ck_assert_error(error, AQR_ERROR_GPU);
    g_clear_error(&error);
    ck_assert(!recover(0, &error));
    ck_assert_error(error, AQR_ERROR_GPU);
    ck_assert_str_eq(notes->str, "");
    g_ptr_array_set_size(fake.gpu->foreign, 0);
}
END_TEST

/* --- what comes back ----------------------------------------------------- */

/* Of a thread, as what happens in the main context wakes it anyway. */
static gpointer
put_back(gpointer data)
{
    g_autofree char *real = fake_sysfs_path(fake.sysfs, DIR);
    const char *device = data; /* "../../../devices/..." */
    g_autofree char *path = g_strconcat("/sys", device + strlen("../../.."), NULL);

    /* So that it waits by then, of which no event tells. Where it does not yet, the test
     * proves less, and passes. */
    g_usleep(G_USEC_PER_SEC / 10);
    ck_assert_int_eq(symlink(device, real), 0);
    fake_sysfs_tell(fake.sysfs, path, "add");
    return NULL;
}

/* Woken by the kernel's event: there is no other end to this wait. */
START_TEST(waits_for_what_comes_back)
{
    g_autofree char *real = fake_sysfs_path(fake.sysfs, DIR);
    g_autofree char *device = g_file_read_link(real, NULL);
    g_autoptr(GError) error = NULL;
    GThread *thread;

    ck_assert_ptr_nonnull(device);
    take_away();
    thread = g_thread_new("kernel", put_back, device);
    ck_assert(recover(0, &error));
    ck_assert_str_eq(notes->str, AWAKE ", " RESCAN);
    g_thread_join(thread);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_loop_test(tcase, sees_what_is, 0, G_N_ELEMENTS(looks));
    tcase_add_test(tcase, misses_what_has_gone);
    tcase_add_loop_test(tcase, climbs, 0, G_N_ELEMENTS(ladders));
    tcase_add_test(tcase, resets_what_is_well);
    tcase_add_test(tcase, leaves_what_is_used);
    tcase_add_test(tcase, is_bounded);
    tcase_add_test(tcase, begins_nothing_late);
    tcase_add_test(tcase, does_not_remove_a_virtual_function);
    tcase_add_loop_test(tcase, resets_what_the_host_does_not_use, 0, G_N_ELEMENTS(drivers));
    tcase_add_test(tcase, leaves_what_is_not_its_own);
    tcase_add_test(tcase, waits_for_what_comes_back);
}
