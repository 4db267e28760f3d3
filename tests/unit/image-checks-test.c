/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-checks.h"

#include <string.h>

#include "support/check-main.h"
#include "support/data.h"

#define GOOD "fuzz/corpus/image-facts/good"

static const char *const severities[] = { "PASS", "WARN", "FAIL" };

/* What is said of it, without what is well unless @all. */
static char *
tell(const GPtrArray *findings, gboolean all)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < findings->len; i++) {
        const AqrFinding *finding = g_ptr_array_index(findings, i);

        if (all || finding->severity != AQR_PASS)
            g_string_append_printf(text, "%s %s %s\n", severities[finding->severity], finding->id,
                                   finding->title);
    }
    return g_string_free(text, FALSE);
}

static char *
judge(const char *text, const AqrImageDemand *demand, gboolean all)
{
    g_autoptr(AqrImageFacts) facts = aqr_image_facts_parse(text);
    g_autoptr(GPtrArray) findings = aqr_image_checks_judge(facts, demand);

    return tell(findings, all);
}

START_TEST(a_good_image_passes)
{
    g_autofree char *text = test_data_read(GOOD, NULL);
    const AqrImageDemand demand = { 0 };
    g_autofree char *told = judge(text, &demand, TRUE);

    ck_assert_str_eq(told, "PASS image.system Debian GNU/Linux 13 (trixie), amd64\n"
                           "PASS image.programs the programs that autopkgtest needs\n"
                           "PASS image.shell a root shell on hvc1\n"
                           "PASS image.ssh an ssh server that starts with the system\n"
                           "PASS image.dmesg an ordinary user may read the kernel's log\n"
                           "PASS image.apt APT works, and has lists of packages\n"
                           "PASS image.sources APT has sources of source packages\n"
                           "PASS image.packages 5 packages\n"
                           "PASS image.hostname its own name, \"host\", resolves\n"
                           "PASS image.room 4.8 GiB free on /\n"
                           "PASS image.units all units have started\n"
                           "PASS image.kernel Linux 6.12.117+deb13-amd64\n"
                           "PASS image.amdgpu the module amdgpu loads\n"
                           "PASS image.firmware firmware of AMD's GPUs: firmware-amd-graphics "
                           "20250410-2\n"
                           "PASS image.groups the groups render and video\n"
                           "PASS image.users in the groups render and video: user, debci\n");
}
END_TEST

/* Each way to spoil it: all of what is replaced, by what, and what is named then. */
static const struct {
    const char *from, *to;
    const char *told;
} spoils[] = {
    { "\nend", "", "FAIL image.system it did not answer all questions\n" },
    { "os PRETTY_NAME \"Debian GNU/Linux 13 (trixie)\"", "",
      "WARN image.system unknown: what system it is: it has no /etc/os-release\n" },
    { "\nend", "\nmissing tar\nmissing dpkg-source\nend",
      "FAIL image.programs programs that autopkgtest needs: no tar, dpkg-source\n" },
    { "shell hvc1", "", "WARN image.shell a root shell on ttyS1, none on hvc1\n" },
    { "shell ", "", "FAIL image.shell no root shell on hvc1 or ttyS1\n" },
    { "ssh there\nssh on", "ssh none", "FAIL image.ssh no ssh server\n" },
    { "ssh on", "", "FAIL image.ssh the ssh server does not start with the system\n" },
    { "dmesg yes", "dmesg no",
      "FAIL image.dmesg an ordinary user may not read the kernel's log with dmesg\n" },
    { "dmesg yes", "",
      "WARN image.dmesg unknown: whether an ordinary user may read the kernel's log\n" },
    { "\nend", "\napt E: broken\nend", "FAIL image.apt APT does not work: E: broken\n" },
    { "\nend", "\napt \nend", "FAIL image.apt APT does not work: it does not say why\n" },
    { "source ", "", "FAIL image.apt APT has no sources of packages\n" },
    { "\nlist\n", "\nupdate works\n", "" },
    { "\nend", "\nupdate fails E: no way\nend",
      "FAIL image.apt APT cannot fetch lists of packages: E: no way\n" },
    { "\nlist\n", "\nupdate fails E: no way\n",
      "FAIL image.apt APT has no lists of packages, and cannot fetch them: E: no way\n" },
    { "source ", "\nupdate fails E: no way\nx ",
      "FAIL image.apt APT cannot fetch lists of packages: E: no way\n" },
    { "source deb-src", "",
      "WARN image.sources APT has no sources of source packages, which \"autopkgtest PACKAGE\" "
      "wants\n" },
    { "package ii  tar", "package iF  tar",
      "FAIL image.packages packages that are installed by half: tar\n" },
    { "host known", "host unknown",
      "WARN image.hostname its own name, \"host\", does not resolve\n" },
    { "free 5033164", "free 1048576", "WARN image.room only 1.0 GiB free on /\n" },
    { "free 5033164", "", "WARN image.room unknown: how much room / has\n" },
    { "\nend", "\nunit a.service\nunit b.mount\nend",
      "WARN image.units units that failed when it booted: a.service, b.mount\n" },
    { "deb13-amd64", "deb13-cloud-amd64",
      "FAIL image.kernel Linux 6.12.117+deb13-cloud-amd64, a cloud kernel, which has no amdgpu\n" },
    { "kernel ", "", "WARN image.kernel unknown: which kernel it runs\n" },
    { "amdgpu there\namdgpu loads", "amdgpu none",
      "FAIL image.amdgpu the kernel has no module amdgpu\n" },
    { "amdgpu loads", "amdgpu fails modprobe: no",
      "FAIL image.amdgpu the module amdgpu does not load: modprobe: no\n" },
    { "amdgpu there\namdgpu loads", "",
      "WARN image.amdgpu unknown: whether the kernel has the module amdgpu\n" },
    { "firmware ", "", "FAIL image.firmware no firmware of AMD's GPUs\n" },
    { "group render", "", "FAIL image.groups there is no group render\n" },
    { "group ", "", "FAIL image.groups there is no group render, video\n" },
    { "user debci debci audio video render", "nobody debci",
      "FAIL image.users users who may not use GPUs: there is no user debci\n" },
    { " audio video render", " audio render",
      "FAIL image.users users who may not use GPUs: user is not in video, debci is not in "
      "video\n" },
    { " user audio video render", "",
      "FAIL image.users users who may not use GPUs: user is not in render, video\n" },
};

START_TEST(names_what_is_lacking)
{
    g_autofree char *good = test_data_read(GOOD, NULL);
    g_autoptr(GString) text = g_string_new(good);
    const AqrImageDemand demand = { 0 };
    g_autofree char *told = NULL;

    ck_assert_uint_gt(g_string_replace(text, spoils[_i].from, spoils[_i].to, 0), 0);
    told = judge(text->str, &demand, FALSE);
    ck_assert_str_eq(told, spoils[_i].told);
}
END_TEST

/* What is only a GPU's business, and what nothing at all is said of. */
START_TEST(without_a_gpu_it_is_a_warning)
{
    const AqrImageDemand demand = { .no_gpu = TRUE };
    g_autofree char *told = judge("kernel 6.1-cloud-amd64\namdgpu none\n", &demand, FALSE);

    ck_assert_ptr_nonnull(strstr(told, "WARN image.kernel Linux 6.1-cloud-amd64, a cloud kernel"));
    ck_assert_ptr_nonnull(strstr(told, "WARN image.amdgpu the kernel has no module"));
    ck_assert_ptr_nonnull(strstr(told, "WARN image.firmware no firmware"));
    ck_assert_ptr_nonnull(strstr(told, "FAIL image.system it did not answer"));
}
END_TEST

static const struct {
    const char *gfx, *address;
    const char *told;
} gpus[] = {
    { "gfx1030", "0000:03:00.0",
      "PASS image.gpu-firmware firmware of gfx1030 (GPU 0000:03:00.0 of this host)\n" },
    { "gfx1030", NULL, "PASS image.gpu-firmware firmware of gfx1030\n" },
    { "gfx1201", "0000:03:00.0",
      "FAIL image.gpu-firmware firmware of gfx1201 (GPU 0000:03:00.0 of this host): missing "
      "(gc_12_0_1)\n" },
    { "gfx1103", NULL,
      "WARN image.gpu-firmware firmware of some of gfx1103: missing (gc_11_0_4)\n" },
    { "gfx9999", NULL, "WARN image.gpu-firmware unknown: whether there is firmware of gfx9999\n" },
    { NULL, "0000:03:00.0",
      "WARN image.gpu-firmware unknown: whether there is firmware of an unknown gfx target (GPU "
      "0000:03:00.0 of this host)\n" },
};

START_TEST(looks_for_the_firmware_of_a_gpu)
{
    AqrImageGpu gpu = { (char *)gpus[_i].gfx, (char *)gpus[_i].address };
    g_autofree char *good = test_data_read(GOOD, NULL);
    g_autofree char *table = test_data_read("../data/amdgpu-firmware.tsv", NULL);
    g_autoptr(AqrGpuFirmware) firmware = aqr_gpu_firmware_parse(table, NULL);
    g_autoptr(GPtrArray) wanted = g_ptr_array_new();
    const AqrImageDemand demand = { .gpus = wanted, .firmware = firmware };
    g_autofree char *told = NULL;
    const char *last;

    g_ptr_array_add(wanted, &gpu);
    told = judge(good, &demand, TRUE);
    last = strstr(told, "\nPASS image.users");
    ck_assert_ptr_nonnull(last);
    ck_assert_str_eq(strchr(last + 1, '\n') + 1, gpus[_i].told);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_test(tcase, a_good_image_passes);
    tcase_add_loop_test(tcase, names_what_is_lacking, 0, G_N_ELEMENTS(spoils));
    tcase_add_test(tcase, without_a_gpu_it_is_a_warning);
    tcase_add_loop_test(tcase, looks_for_the_firmware_of_a_gpu, 0, G_N_ELEMENTS(gpus));
}
