/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/vm-evidence.h"

#include "support/check-main.h"

static const struct {
    AqrStart how;
    AqrAccel accel;
    const char *qemu, *json;
} rows[] = {
    { AQR_START_COLD, AQR_ACCEL_TCG, "7.2.22",
      "{\"start\":\"cold\",\"domain\":\"a\",\"accelerator\":\"tcg\",\"qemu\":\"7.2.22\"" },
    { AQR_START_RESTORED, AQR_ACCEL_KVM, "10.0 (Debian)",
      "{\"start\":\"restored\",\"domain\":\"a\",\"accelerator\":\"kvm\",\"qemu\":\"10.0 "
      "(Debian)\"" },
    { AQR_START_TO_SAVE, AQR_ACCEL_TCG, NULL,
      "{\"start\":\"to be saved\",\"domain\":\"a\",\"accelerator\":\"tcg\",\"qemu\":null" },
};

START_TEST(tells)
{
    g_autoptr(AqrVmSpec) spec = aqr_vm_spec_new();
    g_autofree char *json = NULL;
    g_autofree char *wanted = g_strconcat(rows[_i].json, ",\"cpus\":2,\"ram_mib\":4096}", NULL);

    spec->name = g_strdup("a");
    spec->accel = rows[_i].accel;
    spec->cpus = 2;
    spec->ram_mib = 4096;
    json = aqr_vm_evidence(spec, rows[_i].how, rows[_i].qemu);
    ck_assert_str_eq(json, wanted);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, tells, 0, G_N_ELEMENTS(rows));
}
