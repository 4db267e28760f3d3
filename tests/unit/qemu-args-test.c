/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/qemu-args.h"

#include "support/check-main.h"

static const char *const splits[][2] = {
    { NULL, "" },
    { "", "" },
    { "  ", "" },
    { "-device virtio-rng-pci", "-device|virtio-rng-pci" },
    { "  -smbios  type=11,value=a\t-nodefaults\n", "-smbios|type=11,value=a|-nodefaults" },
    { "-name 'a b'", "-name|'a|b'" }, /* no quoting */
    { "-append a\\ b", "-append|a\\|b" },
};

START_TEST(splits_words)
{
    g_auto(GStrv) words = aqr_qemu_args_split(splits[_i][0]);
    g_autofree char *joined = g_strjoinv("|", words);

    ck_assert_str_eq(joined, splits[_i][1]);
}
END_TEST

static const struct {
    const char *options;
    gboolean has_cpu;
    const char *machine;
} rows[] = {
    { "", FALSE, NULL },
    { "-cpu max", TRUE, NULL },
    { "--cpu max,+vmx", TRUE, NULL },
    { "-device cpu", FALSE, NULL },
    { "-cpus 2", FALSE, NULL },
    { "-machine q35", FALSE, "q35" },
    { "--machine pc,smm=off", FALSE, "pc" },
    { "-M pc-q35-7.2", FALSE, "pc-q35-7.2" },
    { "-machine smm=off,type=pc", FALSE, "pc" },
    { "-machine smm=on", FALSE, NULL },
    { "-machine q35 -machine smm=on", FALSE, "q35" },
    { "-machine q35 -machine pc", FALSE, "pc" },
    { "-machine", FALSE, NULL },
    { "-cpu max -machine", TRUE, NULL },
};

START_TEST(knows_cpu_and_machine)
{
    g_auto(GStrv) words = aqr_qemu_args_split(rows[_i].options);
    g_autofree char *machine = aqr_qemu_args_machine((const char *const *)words);

    ck_assert_int_eq(aqr_qemu_args_have((const char *const *)words, "cpu"), rows[_i].has_cpu);
    ck_assert_pstr_eq(machine, rows[_i].machine);
}
END_TEST

START_TEST(knows_nothing_of_nothing)
{
    ck_assert(!aqr_qemu_args_have(NULL, "cpu"));
    ck_assert_ptr_null(aqr_qemu_args_machine(NULL));
}
END_TEST

static const struct {
    const char *options, *foreign;
} foreigners[] = {
    { NULL, NULL },
    { "-cpu Nehalem -machine pc,hpet=off", NULL },
    { "--device virtio-rng-pci -smbios type=11,value=x", NULL },
    { "-drive if=virtio,file=/data.qcow2", "-drive" },
    { "-cpu max -hdb /data", "-hdb" },
    { "-device loader,file=/rom", "loader,file=/rom" },
    { "-device vfio-pci,host=03:00.0", "vfio-pci,host=03:00.0" },
    { "-object memory-backend-file,id=x", "-object" },
    { "-no-such-thing", "-no-such-thing" },
    { "-snapshot", NULL },
    { "-snapshot -drive file=/data.qcow2", "-drive" },
};

START_TEST(tells_foreign)
{
    g_auto(GStrv) args = aqr_qemu_args_split(foreigners[_i].options);

    ck_assert_pstr_eq(aqr_qemu_args_foreign((const char *const *)args), foreigners[_i].foreign);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, splits_words, 0, G_N_ELEMENTS(splits));
    tcase_add_loop_test(tcase, knows_cpu_and_machine, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, knows_nothing_of_nothing);
    tcase_add_loop_test(tcase, tells_foreign, 0, G_N_ELEMENTS(foreigners));
}
