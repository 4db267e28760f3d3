/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/image-facts.h"

#include <string.h>

#include "base/printable.h"

#define MAX_WORDS 500u /* in a list of them */
#define MAX_PACKAGES 20000u
#define MAX_TEXT 300u

#define AT(member) G_STRUCT_OFFSET(AqrImageFacts, member)

/* A line that says it to the letter. */
static const struct {
    const char *line;
    gsize answer;
    AqrImageAnswer value;
} answers[] = {
    { "boot efi", AT(efi), AQR_IMAGE_YES },
    { "boot bios", AT(efi), AQR_IMAGE_NO },
    { "amdgpu there", AT(amdgpu_there), AQR_IMAGE_YES },
    { "amdgpu none", AT(amdgpu_there), AQR_IMAGE_NO },
    { "amdgpu loads", AT(amdgpu_loads), AQR_IMAGE_YES },
    { "ssh there", AT(sshd), AQR_IMAGE_YES },
    { "ssh none", AT(sshd), AQR_IMAGE_NO },
    { "ssh on", AT(ssh_on), AQR_IMAGE_YES },
    { "dmesg yes", AT(dmesg), AQR_IMAGE_YES },
    { "dmesg no", AT(dmesg), AQR_IMAGE_NO },
    { "update works", AT(update), AQR_IMAGE_YES },
};

/* What stands behind these words, and the answer that goes along with it. */
static const struct {
    const char *words;
    gsize text;
    gsize answer; /* 0: none */
    AqrImageAnswer value;
} texts[] = {
    { "os ID ", AT(os_id), 0, 0 },
    { "os VERSION_ID ", AT(os_version), 0, 0 },
    { "os VERSION_CODENAME ", AT(os_codename), 0, 0 },
    { "os PRETTY_NAME ", AT(os_name), 0, 0 },
    { "arch ", AT(arch), 0, 0 },
    { "kernel ", AT(kernel), 0, 0 },
    { "amdgpu fails ", AT(amdgpu_trouble), AT(amdgpu_loads), AQR_IMAGE_NO },
    { "apt ", AT(apt_trouble), 0, 0 },
    { "update fails ", AT(update_trouble), AT(update), AQR_IMAGE_NO },
    { "host known ", AT(hostname), AT(hostname_known), AQR_IMAGE_YES },
    { "host unknown ", AT(hostname), AT(hostname_known), AQR_IMAGE_NO },
};

/* One of many. */
static const struct {
    const char *words;
    gsize list;
} lists[] = {
    { "firmware ", AT(firmware) }, { "group ", AT(groups) },      { "shell ", AT(shells) },
    { "missing ", AT(missing) },   { "unit ", AT(failed_units) },
};

/* --- life --------------------------------------------------------------- */

static void
free_user(gpointer data)
{
    AqrImageUser *user = data;

    g_free(user->name);
    g_strfreev(user->groups);
    g_free(user);
}

static void
free_package(gpointer data)
{
    AqrImagePackage *package = data;

    g_free(package->name);
    g_free(package->version);
    g_free(package->arch);
    g_free(package);
}

static AqrImageFacts *
make_facts(void)
{
    AqrImageFacts *facts = g_new0(AqrImageFacts, 1);

    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        G_STRUCT_MEMBER(GPtrArray *, facts, lists[i].list) = g_ptr_array_new_with_free_func(g_free);
    facts->sources = g_ptr_array_new_with_free_func(g_free);
    facts->unconfigured = g_ptr_array_new_with_free_func(g_free);
    facts->users = g_ptr_array_new_with_free_func(free_user);
    facts->packages = g_ptr_array_new_with_free_func(free_package);
    return facts;
}

void
aqr_image_facts_free(AqrImageFacts *facts)
{
    if (facts == NULL)
        return;
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        g_ptr_array_unref(G_STRUCT_MEMBER(GPtrArray *, facts, lists[i].list));
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        g_clear_pointer(&G_STRUCT_MEMBER(char *, facts, texts[i].text), g_free);
    g_ptr_array_unref(facts->sources);
    g_ptr_array_unref(facts->unconfigured);
    g_ptr_array_unref(facts->users);
    g_ptr_array_unref(facts->packages);
    g_free(facts);
}

/* --- lines -------------------------------------------------------------- */

/* What stands behind @words in @line, if that begins so; otherwise NULL. */
static const char *
behind(const char *line, const char *words)
{
    return g_str_has_prefix(line, words) ? line + strlen(words) : NULL;
}

/* Each of them once. */
static void
add_word(GPtrArray *list, const char *word)
{
    g_autofree char *plain = aqr_printable_line(word, MAX_TEXT);

    if (*plain != '\0' && list->len < MAX_WORDS && !aqr_image_facts_has(list, plain))
        g_ptr_array_add(list, g_steal_pointer(&plain));
}

static GStrv
split(const char *text)
{
    g_auto(GStrv) pieces = g_strsplit(text, " ", 1000);
    g_autoptr(GStrvBuilder) words = g_strv_builder_new();

    for (char **piece = pieces; *piece != NULL; piece++) {
        g_autofree char *plain = aqr_printable_line(*piece, MAX_TEXT);

        if (*plain != '\0')
            g_strv_builder_add(words, plain);
    }
    return g_strv_builder_end(words);
}

static void
add_user(AqrImageFacts *facts, const char *text, gboolean exists)
{
    g_auto(GStrv) words = split(text);
    AqrImageUser *user;

    if (words[0] == NULL || facts->users->len >= MAX_WORDS)
        return;
    user = g_new0(AqrImageUser, 1);
    user->name = g_strdup(words[0]);
    user->exists = exists;
    user->groups = g_strdupv(words + 1);
    g_ptr_array_add(facts->users, user);
}

/* A password in it is nobody's business. */
static void
add_source(AqrImageFacts *facts, const char *text)
{
    g_autoptr(GString) source = g_string_new(text);
    char *host = strstr(source->str, "://");
    char *end = host == NULL ? NULL : host + 3 + strcspn(host + 3, "/ @");

    if (end != NULL && *end == '@')
        g_string_erase(source, host + 3 - source->str, end + 1 - (host + 3));
    add_word(facts->sources, source->str);
}

/* dpkg's status has a letter for what is wanted, and one for what is; "c" and "n": it is
 * not there. */
static void
add_package(AqrImageFacts *facts, const char *text)
{
    g_auto(GStrv) words = split(text);
    AqrImagePackage *package;

    if (g_strv_length(words) < 4 || strlen(words[0]) < 2 || strchr("cn", words[0][1]) != NULL)
        return;
    if (words[0][1] != 'i')
        add_word(facts->unconfigured, words[1]);
    if (facts->packages->len >= MAX_PACKAGES)
        return;
    package = g_new0(AqrImagePackage, 1);
    package->name = g_strdup(words[1]);
    package->version = g_strdup(words[2]);
    package->arch = g_strdup(words[3]);
    g_ptr_array_add(facts->packages, package);
}

static void
add_nobody(AqrImageFacts *facts, const char *text)
{
    add_user(facts, text, FALSE);
}

static void
add_somebody(AqrImageFacts *facts, const char *text)
{
    add_user(facts, text, TRUE);
}

static void
take_free(AqrImageFacts *facts, const char *text)
{
    if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, &facts->free_kib, NULL))
        facts->has_free = TRUE;
}

static void
take_other(AqrImageFacts *facts, const char *line)
{
    static const struct {
        const char *words;
        void (*take)(AqrImageFacts *facts, const char *text);
    } others[] = {
        { "user ", add_somebody },   { "nobody ", add_nobody }, { "source ", add_source },
        { "package ", add_package }, { "free ", take_free },
    };

    if (g_str_equal(line, "list"))
        facts->lists++;
    else if (g_str_equal(line, "end"))
        facts->complete = TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(others); i++) {
        const char *rest = behind(line, others[i].words);

        if (rest != NULL)
            others[i].take(facts, rest);
    }
}

/* os-release may have quotes around it. */
static void
take_text(char **text, const char *rest)
{
    g_autofree char *plain = aqr_printable_line(rest, MAX_TEXT);
    gsize length = strlen(plain);

    g_free(*text);
    if (length > 1 && strchr("\"'", plain[0]) != NULL && plain[length - 1] == plain[0])
        *text = g_strndup(plain + 1, length - 2);
    else
        *text = g_steal_pointer(&plain);
}

static void
take_line(AqrImageFacts *facts, const char *line)
{
    const char *rest;

    for (gsize i = 0; i < G_N_ELEMENTS(answers); i++) {
        if (g_str_equal(line, answers[i].line))
            G_STRUCT_MEMBER(AqrImageAnswer, facts, answers[i].answer) = answers[i].value;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        rest = behind(line, texts[i].words);
        if (rest == NULL)
            continue;
        take_text(&G_STRUCT_MEMBER(char *, facts, texts[i].text), rest);
        if (texts[i].answer != 0)
            G_STRUCT_MEMBER(AqrImageAnswer, facts, texts[i].answer) = texts[i].value;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++) {
        rest = behind(line, lists[i].words);
        if (rest != NULL)
            add_word(G_STRUCT_MEMBER(GPtrArray *, facts, lists[i].list), rest);
    }
    take_other(facts, line);
}

static int
by_name(gconstpointer one, gconstpointer other)
{
    const AqrImagePackage *a = *(AqrImagePackage *const *)one;
    const AqrImagePackage *b = *(AqrImagePackage *const *)other;
    int order = strcmp(a->name, b->name);

    return order != 0 ? order : strcmp(a->arch, b->arch);
}

AqrImageFacts *
aqr_image_facts_parse(const char *text)
{
    AqrImageFacts *facts = make_facts();
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (char **line = lines; *line != NULL; line++)
        take_line(facts, *line);
    g_ptr_array_sort(facts->packages, by_name);
    return facts;
}

/* --- questions ---------------------------------------------------------- */

const AqrImagePackage *
aqr_image_facts_package(const AqrImageFacts *facts, const char *name)
{
    for (guint i = 0; i < facts->packages->len; i++) {
        const AqrImagePackage *package = g_ptr_array_index(facts->packages, i);

        if (g_str_equal(package->name, name))
            return package;
    }
    return NULL;
}

const AqrImagePackage *
aqr_image_facts_firmware_package(const AqrImageFacts *facts)
{
    const AqrImagePackage *package = aqr_image_facts_package(facts, "firmware-amd-graphics");

    return package != NULL ? package : aqr_image_facts_package(facts, "linux-firmware");
}

gboolean
aqr_image_facts_has(const GPtrArray *list, const char *word)
{
    for (guint i = 0; i < list->len; i++) {
        if (g_str_equal(g_ptr_array_index(list, i), word))
            return TRUE;
    }
    return FALSE;
}
