/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "gpu-asker.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

#include "support/check-main.h"
#include "support/data.h"

FakeGpu asker_host; /* its sysfs alone */
char *asker_dir;
char *asker_leases;
char *asker_table;

void
asker_make_host(const char *fixture)
{
    asker_host.sysfs = fake_sysfs_new(fixture);
    fake_gpu_write(&asker_host, "/sys/kernel/iommu_groups/31/type", "DMA\n");
    fake_gpu_write(&asker_host, "/sys/bus/pci/drivers/vfio-pci/new_id", "");
    fake_gpu_write(&asker_host, "/sys/module/vfio_iommu_type1/initstate", "live\n");
    fake_gpu_write(&asker_host, "/dev/vfio/vfio", "");
}

void
asker_set_up(void)
{
    g_autofree char *given = test_data_path("../data/amdgpu-gfx.tsv");
    g_autofree char *text = NULL;

    asker_dir = test_make_dir();
    asker_leases = g_build_filename(asker_dir, "leases", NULL);
    asker_table = g_build_filename(asker_dir, "table", NULL);
    ck_assert(g_file_get_contents(given, &text, NULL, NULL));
    ck_assert(g_file_set_contents(asker_table, text, -1, NULL));
    g_setenv("AQR_LEASE_DIR", asker_leases, TRUE);
    g_set_prgname("gpu-hold-test");
    signal(SIGPIPE, SIG_IGN);
    asker_make_host("instinct-mi210");
}

void
asker_tear_down(void)
{
    fake_sysfs_free(asker_host.sysfs);
    test_remove_dir(asker_dir);
    g_free(asker_leases);
    g_free(asker_table);
}

/* --- to ask for some --------------------------------------------------- */

static void
keep_notes(const char *text, gpointer data)
{
    if (data != NULL)
        g_string_append_printf(data, "%s\n", text);
}

void
asker_ask(Asker *asker, const char *word, int wait)
{
    const char *words[] = { word, NULL };

    asker->selectors = aqr_gpu_selectors_parse(words, NULL);
    ck_assert_ptr_nonnull(asker->selectors);
    asker->config = (AqrGpuHoldConfig){
        .request = { .selectors = asker->selectors, .ram_mib = 1024, .table = asker_table },
        .wait = wait * G_TIME_SPAN_SECOND,
        .purpose = "a test",
        .keeper = g_getenv("AQR_TEST_KEEPER"),
        .note = keep_notes,
    };
}

void
asker_clear(Asker *asker)
{
    g_ptr_array_unref(asker->selectors);
}
/* (transfer full): the address of the only one. */
char *
asker_address(const AqrGpuHold *hold)
{
    const GPtrArray *gpus = aqr_gpu_hold_get_gpus(hold);

    ck_assert_uint_eq(gpus->len, 1);
    return aqr_gpu_address(g_ptr_array_index(gpus, 0));
}

AqrGpuHold *
asker_take(const Asker *asker)
{
    g_autoptr(GError) error = NULL;
    AqrGpuHold *hold = aqr_gpu_hold_take(&asker->config, &error);

    ck_assert_no_error(error);
    return hold;
}

void
asker_gets(const char *word, const char *wanted)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(AqrGpuHold) hold = NULL;
    g_autofree char *address = NULL;

    asker_ask(&asker, word, 0);
    hold = asker_take(&asker);
    address = asker_address(hold);
    ck_assert_str_eq(address, wanted);
}

void
asker_fails(const char *word, int wait, int code, const char *says)
{
    g_auto(Asker) asker = { 0 };
    g_autoptr(GError) error = NULL;

    asker_ask(&asker, word, wait);
    ck_assert_ptr_null(aqr_gpu_hold_take(&asker.config, &error));
    ck_assert_msg(strstr(error->message, says) != NULL, "%s", error->message);
    ck_assert_error(error, code);
}

AqrLease *
asker_lease(const char *slot)
{
    AqrLease *taken = aqr_lease_take(slot, "another", NULL);

    ck_assert_ptr_nonnull(taken);
    return taken;
}

static gboolean
are_free(G_GNUC_UNUSED gpointer data)
{
    return !aqr_lease_is_held(ONE, NULL) && !aqr_lease_is_held(OTHER, NULL);
}

static void
wake(G_GNUC_UNUSED gpointer data)
{
}

/* The test's time-out ends a wait for what does not come. */
void
asker_wait_free(void)
{
    g_autoptr(AqrLeaseWatch) watch = aqr_lease_watch_new(wake, NULL, NULL);
    AqrPatience patience = aqr_patience(0, NULL);

    ck_assert(aqr_wait_until(are_free, NULL, "the leases", &patience, NULL));
}
