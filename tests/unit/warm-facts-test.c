/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/warm-facts.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/file-id.h"
#include "support/check-main.h"
#include "support/data.h"

static char *dir;
static AqrVmSpec *spec;
static AqrWarmSource source;

static char *
make_file(const char *name)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(dir, name, NULL);

    g_file_set_contents(path, name, -1, &error);
    ck_assert_no_error(error);
    return path;
}

static AqrDisk *
make_disk(const char *name, AqrDisk *backing)
{
    g_autofree char *path = make_file(name);
    AqrDisk *disk = aqr_disk_new(path, "qcow2");

    disk->backing = backing;
    return disk;
}

static void
set_up(void)
{
    dir = test_make_dir();
    spec = aqr_vm_spec_new();
    g_ptr_array_add(spec->disks, make_disk("image", make_disk("below", NULL)));
    g_ptr_array_add(spec->disks, make_disk("second", NULL));
    spec->firmware = make_file("code");
    source = (AqrWarmSource){
        .spec = spec,
        .shape = "<domain/>",
        .vars = make_file("vars"),
        .emulator = make_file("qemu"),
        .libvirt = "9.0.0",
        .guest = "UTC",
        .agent = g_bytes_new_static("agent", 5),
    };
}

static void
tear_down(void)
{
    aqr_vm_spec_free(spec);
    g_bytes_unref(source.agent);
    g_free((char *)source.vars);
    g_free((char *)source.emulator);
    test_remove_dir(dir);
}

START_TEST(names_the_files)
{
    static const char *const names[] = { "image", "below", "second", "qemu", "code", "vars" };
    g_autoptr(GError) error = NULL;
    g_autoptr(AqrWarmFacts) facts = aqr_warm_facts_collect(&source, &error);

    ck_assert_no_error(error);
    ck_assert_uint_eq(facts->files->len, G_N_ELEMENTS(names));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename(dir, names[i], NULL);
        g_autoptr(AqrFileId) id = aqr_file_id_stat(path, NULL);

        ck_assert(aqr_file_id_equal(g_ptr_array_index(facts->files, i), id));
        ck_assert_uint_eq(id->size, strlen(names[i]));
        ck_assert_int_gt(id->modified, (gint64)1000000000 * 1000000000);
    }
}
END_TEST

START_TEST(does_without_some)
{
    g_autoptr(AqrWarmFacts) facts = NULL;

    g_clear_pointer(&spec->firmware, g_free);
    g_free((char *)g_steal_pointer(&source.vars));
    g_free((char *)g_steal_pointer(&source.emulator));
    facts = aqr_warm_facts_collect(&source, NULL);
    ck_assert_uint_eq(facts->files->len, 3);
}
END_TEST

START_TEST(wants_the_files)
{
    g_autofree char *path = g_build_filename(dir, "below", NULL);
    g_autoptr(GError) error = NULL;

    ck_assert_int_eq(g_unlink(path), 0);
    ck_assert_ptr_null(aqr_warm_facts_collect(&source, &error));
    ck_assert_ptr_nonnull(strstr(error->message, path));
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

/* What is on a block device changes without a trace; /dev/null is as little a file. */
START_TEST(wants_regular_files)
{
    AqrDisk *image = g_ptr_array_index(spec->disks, 0);
    g_autoptr(GError) error = NULL;

    g_free(image->file);
    image->file = g_strdup("/dev/null");
    ck_assert_ptr_null(aqr_warm_facts_collect(&source, &error));
    ck_assert_str_eq(error->message,
                     "\"/dev/null\" is no regular file, so nobody can tell whether it has changed");
    ck_assert_error(error, AQR_ERROR_HOST);
}
END_TEST

START_TEST(tells_the_rest)
{
    g_autoptr(AqrWarmFacts) facts = aqr_warm_facts_collect(&source, NULL);

    ck_assert_str_eq(facts->shape, "<domain/>");
    ck_assert_str_eq(facts->agent,
                     "d4f0bc5a29de06b510f9aa428f1eedba926012b591fef7a518e776a7c9bd1824");
    ck_assert_str_eq(facts->host, "9.0.0");
    ck_assert_str_eq(facts->guest, "UTC");
    ck_assert_ptr_nonnull(facts->version);
}
END_TEST

START_TEST(tells_of_the_host_with_kvm)
{
    g_autoptr(AqrWarmFacts) facts = NULL;
    struct utsname kernel;

    source.kvm = TRUE;
    facts = aqr_warm_facts_collect(&source, NULL);
    ck_assert_int_eq(uname(&kernel), 0);
    ck_assert_ptr_nonnull(strstr(facts->host, kernel.release));
    ck_assert(g_str_has_prefix(facts->host, "9.0.0\n"));
}
END_TEST

static const struct {
    const char *text, *processor;
} processors[] = {
    { "processor\t: 0\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2000\nflags\t\t: fpu svm\nbugs\t: x\n\n"
      "processor\t: 1\nmodel name\t: Other\n\n",
      "model name\t: AMD EPYC\nflags\t\t: fpu svm\n" },
    { "processor\t: 0\nFeatures\t: fp asimd\n", "Features\t: fp asimd\n" },
    { "", "" },
};

START_TEST(knows_a_processor)
{
    g_autofree char *found = aqr_warm_facts_processor(processors[_i].text);

    ck_assert_str_eq(found, processors[_i].processor);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, names_the_files);
    tcase_add_test(tcase, does_without_some);
    tcase_add_test(tcase, wants_the_files);
    tcase_add_test(tcase, wants_regular_files);
    tcase_add_test(tcase, tells_the_rest);
    tcase_add_test(tcase, tells_of_the_host_with_kvm);
    tcase_add_loop_test(tcase, knows_a_processor, 0, G_N_ELEMENTS(processors));
}
