/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "values.h"

#include <string.h>

#include "base/error.h"
#include "core/gpu-table.h"
#include "core/vm-spec.h"

/* GiB of the file system that build-image wants at least. */
#define LEAST_SIZE 2

G_GNUC_PRINTF(2, 3)
static gboolean
refuse(GError **error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (error != NULL)
        *error = g_error_new_valist(AQR_ERROR, AQR_ERROR_USAGE, format, args);
    va_end(args);
    return FALSE;
}

/* --- what an image is built of ------------------------------------------ */

/* An image that is there has all of it already. */
static gboolean
check_task(const CreateOptions *options, GError **error)
{
    const struct {
        const char *name;
        const void *value;
    } building[] = {
        { "--release", options->release }, { "--arch", options->arch },
        { "--size", options->size },       { "--mirror", options->mirror },
        { "--sources", options->sources }, { "--keyring", options->keyring },
        { "--proxy", options->proxy },     { "--authorized-keys", options->authorized_keys },
        { "--kernel", options->kernel },   { "--package", options->packages },
        { "--script", options->script },   { "--log", options->log },
    };
    gboolean checks = options->task == CREATE_CHECK;

    if (!checks && options->task != CREATE_UPDATE)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(building); i++) {
        if (building[i].value != NULL)
            return refuse(error, "%s is for an image that is built, not for %s", building[i].name,
                          checks ? "--check" : "--update");
    }
    return !checks || options->format == NULL || refuse(error, "--format is not for --check");
}

/* --- one value ----------------------------------------------------------- */

/* As qemu-img reads it: digits, a fraction, and a unit. */
static gboolean
check_size(const char *size, GError **error)
{
    static const char units[] = "BKMGTPE";
    const char *known;
    char *unit;
    double gib;

    if (!g_regex_match_simple("^[0-9]+([.][0-9]+)?[bkmgtpe]?$", size,
                              G_REGEX_CASELESS | G_REGEX_DOLLAR_ENDONLY, 0))
        return refuse(error, "--size: \"%s\" is no size, such as 50G", size);
    gib = g_ascii_strtod(size, &unit) / (1 << 30);
    known = *unit == '\0' ? units : strchr(units, g_ascii_toupper(*unit));
    for (; known > units; known--)
        gib *= 1024;
    return gib > LEAST_SIZE || refuse(error, "--size %s is too small", size);
}

static gboolean
check_user(const char *name, GError **error)
{
    return g_regex_match_simple("^[a-z_][a-z0-9_-]{0,31}$", name, G_REGEX_DOLLAR_ENDONLY, 0) ||
           refuse(error, "--user: \"%s\" is no name for a user", name);
}

/* Debian's kernel for clouds has no amdgpu. */
static gboolean
check_package(const char *name, GError **error)
{
    if (!g_regex_match_simple("^[a-z0-9][a-z0-9.+:~=/-]*$", name, G_REGEX_DOLLAR_ENDONLY, 0))
        return refuse(error, "\"%s\" is no name of a package", name);
    return !g_regex_match_simple("^linux-(image|modules).*cloud", name, 0, 0) ||
           refuse(error,
                  "\"%s\": a kernel for clouds has no driver for a GPU; use linux-image-amd64",
                  name);
}

static gboolean
check_release(const char *name, GError **error)
{
    return g_regex_match_simple("^[a-z][a-z0-9.-]*$", name, G_REGEX_DOLLAR_ENDONLY, 0) ||
           refuse(error, "--release takes a code name, such as trixie");
}

static gboolean
check_proxy(const char *url, GError **error)
{
    return g_regex_match_simple("^(DIRECT|(https?|socks5h)://[^\"\\\\\\s]+)?$", url,
                                G_REGEX_DOLLAR_ENDONLY, 0) ||
           refuse(error, "--proxy: \"%s\" is no URL of a proxy", url);
}

static gboolean
check_gpu(const char *word, GError **error)
{
    return g_str_equal(word, "none") || aqr_gfx_is(word) ||
           refuse(error, "--gpu: \"%s\" is no gfx target, such as gfx1030, nor none", word);
}

static gboolean
check_accel(const char *word, GError **error)
{
    AqrAccel accel;

    return aqr_accel_parse(word, &accel, error);
}

static gboolean
check_boot(const char *word, GError **error)
{
    static const char *const boots[] = { "both", "bios", "efi", NULL };

    return g_strv_contains(boots, word) || refuse(error, "--boot is bios, efi or both");
}

static gboolean
check_format(const char *word, GError **error)
{
    static const char *const formats[] = { "qcow2", "raw", NULL };

    return g_strv_contains(formats, word) || refuse(error, "--format is qcow2 or raw");
}

static gboolean
check_arch(const char *word, GError **error)
{
    return g_str_equal(word, "amd64") || refuse(error, "--arch: only amd64 is known");
}

/* --- all of them --------------------------------------------------------- */

typedef gboolean (*Check)(const char *word, GError **error);

static gboolean
check_each(char **words, Check check, GError **error)
{
    for (; words != NULL && *words != NULL; words++) {
        if (!check(*words, error))
            return FALSE;
    }
    return TRUE;
}

gboolean
values_check(const CreateOptions *options, GError **error)
{
    const struct {
        const char *value;
        Check check;
    } values[] = {
        { options->boot, check_boot },      { options->format, check_format },
        { options->arch, check_arch },      { options->release, check_release },
        { options->kernel, check_package }, { options->size, check_size },
        { options->proxy, check_proxy },    { options->accel, check_accel },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        if (values[i].value != NULL && !values[i].check(values[i].value, error))
            return FALSE;
    }
    return check_each(options->users, check_user, error) &&
           check_each(options->packages, check_package, error) &&
           check_each(options->gpus, check_gpu, error) && check_task(options, error);
}
