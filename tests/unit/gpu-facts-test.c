/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/gpu-facts.h"

#include "support/check-main.h"

/* What is none of the script's words is passed over. Counted is what is left. */
static const struct {
    const char *text;
    guint gpus, kfd, nodes;
} rows[] = {
    { "", 0, 0, 0 },
    { "\n\n \nend \nnonsense\npci\nkfd\nnode\nkernel\namdgpu\n", 0, 0, 0 },
    { "pci 0000:01:00.0 device 0x73bf\npci 0000:01:00.0 driver amdgpu", 1, 0, 0 },
    { "pci 0000:01:00.0 device", 0, 0, 0 },
    { "pci 0000:01:00.8 device 0x73bf", 0, 0, 0 },
    { "pci ../../etc device 0x73bf", 0, 0, 0 },
    { "kfd 1 simd_count 160\nkfd 1 flags 12", 0, 1, 0 },
    { "kfd -1 simd_count 160\nkfd 1 simd_count -1\nkfd 1 simd_count 4294967296", 0, 0, 0 },
    { "kfd 1 simd_count 160 160", 0, 0, 0 },
    { "node /dev/kfd crw-rw---- root render", 0, 0, 1 },
    { "node /dev/kfd crw-rw---- root", 0, 0, 0 },
    { "node /dev/kfd crw-rw---- root \033[2J", 0, 0, 0 },
    { "node /dev/kfd crw-rw---- root r\303\244nder", 0, 0, 0 },
};

START_TEST(parses)
{
    g_autoptr(AqrGpuFacts) facts = aqr_gpu_facts_parse(rows[_i].text);

    ck_assert_uint_eq(facts->gpus->len, rows[_i].gpus);
    ck_assert_uint_eq(facts->kfd->len, rows[_i].kfd);
    ck_assert_uint_eq(facts->nodes->len, rows[_i].nodes);
}
END_TEST

START_TEST(is_bounded)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(AqrGpuFacts) facts = NULL;

    for (unsigned i = 0; i < 5000; i++) {
        g_string_append_printf(text, "pci %04x:01:00.0 device 0x73bf\nkfd %u simd_count 1\n", i, i);
        g_string_append_printf(text, "node /dev/dri/renderD%u crw root root\n", i);
        g_string_append_printf(text, "pci 0000:01:00.0 minor %u\n", i);
    }
    facts = aqr_gpu_facts_parse(text->str);
    ck_assert_uint_eq(facts->gpus->len, 64);
    ck_assert_uint_eq(facts->kfd->len, 512);
    ck_assert_uint_eq(facts->nodes->len, 512);
    ck_assert_uint_eq(((AqrGuestGpu *)facts->gpus->pdata[0])->minors->len, 64);
}
END_TEST

static const struct {
    guint64 domain, location;
    gboolean is_of;
} nodes[] = {
    { 0, 0x4100, TRUE },  { 0, 0x4107, TRUE }, /* the last of eight partitions */
    { 0, 0x4108, FALSE }, { 0, 0x4000, FALSE }, { 1, 0x4100, FALSE }, { 0, 0x14100, FALSE },
};

START_TEST(knows_whose_node)
{
    AqrGuestGpu gpu = { .address = { .bus = 0x41 } };
    AqrKfdNode node = { .domain = nodes[_i].domain, .location = nodes[_i].location };

    ck_assert_int_eq(aqr_gpu_facts_is_of(&node, &gpu), nodes[_i].is_of);
}
END_TEST

void
add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, parses, 0, G_N_ELEMENTS(rows));
    tcase_add_test(tcase, is_bounded);
    tcase_add_loop_test(tcase, knows_whose_node, 0, G_N_ELEMENTS(nodes));
}
