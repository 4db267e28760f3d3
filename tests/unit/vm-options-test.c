/* SPDX-License-Identifier: GPL-2.0-or-later */

/* What the command line says. What it comes to on a host is left to the guests'
 * tests. */
#include "cli/vm-options.h"

#include <string.h>

#include "support/check-main.h"

static gboolean
parse(AqrVmOptions *options, const char *line, GError **error)
{
    g_autofree char *whole = g_strconcat("server ", line, NULL);
    g_auto(GStrv) argv = NULL;
    int argc;

    ck_assert(g_shell_parse_argv(whole, &argc, &argv, NULL));
    return aqr_vm_options_parse(options, argc, argv, "s", "d", error);
}

/* What one of them says, as text. */
static char *
tell(const AqrVmOptions *o, const char *option)
{
    if (g_str_equal(option, "image"))
        return g_strjoinv(" ", o->images);
    if (g_str_equal(option, "qemu-command"))
        return g_strdup(o->qemu_command);
    if (g_str_equal(option, "qemu-options"))
        return g_strdup(o->qemu_options);
    if (g_str_equal(option, "shared-dir"))
        return g_strjoinv(" ", o->shared_dirs);
    if (g_str_equal(option, "baseimage"))
        return g_strdup(o->base_image ? "yes" : NULL);
    if (g_str_equal(option, "remark"))
        return g_strdup(aqr_vm_options_remark(o));
    if (g_str_equal(option, "gpus"))
        return g_strdup_printf("%u", o->gpu_selectors->len);
    if (g_str_equal(option, "gpu-wait"))
        return g_strdup_printf("%d", o->gpu_wait);
    if (g_str_equal(option, "gpu-ready"))
        return g_strdup_printf("%d", (int)o->gpu_ready);
    if (g_str_equal(option, "gpu-force"))
        return g_strdup(o->gpu_force ? "yes" : NULL);
    if (g_str_equal(option, "artifacts"))
        return g_strdup(o->artifacts);
    if (g_str_equal(option, "cpus"))
        return g_strdup_printf("%d", o->cpus);
    ck_abort_msg("%s", option);
}

static const struct {
    const char *line;
    const char *option, *value;
} taken[] = {
    { "a.qcow2", "image", "a.qcow2" },
    { "a b c", "image", "a b c" },
    { "--cpus=2 a", "cpus", "2" },
    { "a --cpus 2", "cpus", "2" },
    { "-c 2 a", "cpus", "2" },
    { "a -c2 b", "cpus", "2" },
    { "a -c2 b", "image", "a b" },
    { "a -dc 2 -", "image", "a -" },
    { "a", "qemu-command", NULL },
    { "--qemu-command=qemu-system-x86_64 a", "qemu-command", "qemu-system-x86_64" },
    { "--qemu-command /bin/q a", "qemu-command", "/bin/q" },
    { "a -q /bin/q", "qemu-command", "/bin/q" },
    { "a -q/bin/q", "qemu-command", "/bin/q" },
    { "--qemu-options='-device virtio-rng-pci' a", "qemu-options", "-device virtio-rng-pci" },
    { "a --qemu-options '-cpu max'", "qemu-options", "-cpu max" },
    { "a --qemu-options -snapshot b", "qemu-options", "-snapshot" },
    { "a --qemu-options= b", "qemu-options", "" },
    { "--shared-dir=src=/a,dst=/b i --shared-dir src=c,dst=/d,rw", "shared-dir",
      "src=/a,dst=/b src=c,dst=/d,rw" },
    { "a", "baseimage", NULL },
    { "a --baseimage", "baseimage", "yes" },
    { "a --boot=ieee1275", "remark",
      "--boot=ieee1275 is for POWER machines; a PC boots by BIOS instead" },
    { "a --boot=ieee1275 --efi", "remark", NULL },
    { "a --boot=none", "remark", NULL },
    { "a", "remark", NULL },
    { "a", "gpus", "1" }, /* any */
    { "a --gpu=none", "gpus", "0" },
    { "--gpu 03:00.0 a --gpu=gfx1030", "gpus", "2" },
    { "a", "gpu-wait", "0" },
    { "a --gpu-wait=90", "gpu-wait", "90" },
    { "a", "gpu-ready", "3" },
    { "a --gpu-ready=none", "gpu-ready", "0" },
    { "a", "gpu-force", NULL },
    { "a --gpu-force", "gpu-force", "yes" },
    { "a", "artifacts", NULL },
    { "--artifacts /srv/a a", "artifacts", "/srv/a" },
    { "a --artifacts=", "artifacts", "" },
    { "--qemu-architecture x86_64 a", "image", "a" },
    { "a --qemu-architecture=x86_64", "image", "a" },
    { "--dpkg-architecture=amd64 a", "image", "a" },
    { "a --dpkg-architecture amd64", "image", "a" },
    { "--qemu-architecture=x86_64 --dpkg-architecture=arm64 a", "image", "a" },
};

START_TEST(takes)
{
    g_auto(AqrVmOptions) options = { 0 };
    g_autoptr(GError) error = NULL;
    g_autofree char *value = NULL;
    gboolean done = parse(&options, taken[_i].line, &error);

    ck_assert_no_error(error);
    ck_assert(done);
    value = tell(&options, taken[_i].option);
    ck_assert_pstr_eq(value, taken[_i].value);
}
END_TEST

static const struct {
    const char *line;
    const char *message;
} refused[] = {
    { "", "no image" },
    { "--cpus=2", "no image" },
    { "a --cpus=-1", "not negative" },
    { "a --cpus=many", "many" },
    { "a --no-such-option", "--no-such-option" },
    { "a --gpu=some", "\"some\"" },
    { "a --gpu=none --gpu=any", "none" },
    { "a --gpu-wait=-1", "not negative" },
    { "a --gpu-ready=yes", "--gpu-ready: \"yes\"" },
    { "a --qemu-architecture=aarch64", "\"aarch64\"" },
    { "a --dpkg-architecture=arm64", "\"aarch64\"" },
    { "a --dpkg-architecture=amd64 -q qemu-system-arm", "runs guests of arm" },
    { "a -q qemu-system-arm", "\"arm\"" },
    { "a --shared-dir=/srv", "it must be src=DIR,dst=DIR" },
    { "a --shared-dir=src=/a,dst=/b --shared-dir=src=/a,dst=b", "src=/a,dst=b:" },
};

START_TEST(refuses)
{
    g_auto(AqrVmOptions) options = { 0 };
    g_autoptr(GError) error = NULL;

    ck_assert(!parse(&options, refused[_i].line, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_msg(strstr(error->message, refused[_i].message) != NULL, "%s", error->message);
    ck_assert_error(error, AQR_ERROR_USAGE);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, takes, 0, G_N_ELEMENTS(taken));
    tcase_add_loop_test(tcase, refuses, 0, G_N_ELEMENTS(refused));
}
