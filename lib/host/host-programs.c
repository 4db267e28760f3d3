/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The part of host/host-facts that asks for programs. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/child.h"
#include "host/firmware.h"
#include "host/host-facts.h"
#include "host/host-user.h"

#define ANSWER_TIMEOUT (20 * G_TIME_SPAN_SECOND)

char *
aqr_host_find_program(const char *name)
{
    static const char *const dirs[] = { "/usr/sbin", "/sbin", "/usr/local/sbin" };
    g_autofree char *found = g_find_program_in_path(name);

    for (gsize i = 0; found == NULL && i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *path = g_build_filename(dirs[i], name, NULL);

        if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE))
            found = g_steal_pointer(&path);
    }
    return g_steal_pointer(&found);
}

static gboolean
has_program(const char *name)
{
    g_autofree char *found = aqr_host_find_program(name);

    return found != NULL;
}

char *
aqr_host_ask(const char *const *argv, const AqrStop *stop)
{
    AqrPatience patience = aqr_patience(ANSWER_TIMEOUT, stop);
    g_autofree char *program = aqr_host_find_program(argv[0]);
    g_autofree const char **words =
        (const char **)g_memdup2(argv, (g_strv_length((char **)argv) + 1) * sizeof *argv);

    if (program == NULL)
        return NULL;
    words[0] = program;
    return aqr_child_run(words, AQR_ERROR_HOST, "ask", &patience, NULL);
}

static char *
first_line(char *text)
{
    if (text != NULL)
        text[strcspn(text, "\n")] = '\0';
    return text;
}

/* It ends well for a device that it does not know, too. */
static void
add_qemu(AqrHostFacts *facts, const AqrStop *stop)
{
    static const char *const version[] = { "qemu-system-x86_64", "--version", NULL };
    static const char *const device[] = { "qemu-system-x86_64", "-device", "vfio-pci,help", NULL };
    g_autofree char *help = NULL;

    facts->qemu_version = first_line(aqr_host_ask(version, stop));
    if (facts->qemu_version == NULL)
        return;
    help = aqr_host_ask(device, stop);
    facts->qemu_vfio =
        help != NULL && strstr(help, "vfio-pci options") != NULL ? AQR_FACT_YES : AQR_FACT_NO;
}

/* Connects and hangs up: a socket whose daemon has gone refuses. */
static char *
try_socket(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    char *trouble = NULL;

    if (fd < 0 || strlen(path) >= sizeof address.sun_path)
        trouble = g_strdup("it cannot be tried");
    else {
        g_strlcpy(address.sun_path, path, sizeof address.sun_path);
        if (connect(fd, (const struct sockaddr *)&address, sizeof address) < 0)
            trouble = g_strdup_printf("%s: %s", path, g_strerror(errno));
    }
    if (fd >= 0)
        close(fd);
    return trouble;
}

static AqrFact
find_driver(const char *root)
{
    static const char *const dirs[] = { "/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib" };

    for (gsize i = 0; i < G_N_ELEMENTS(dirs); i++) {
        g_autofree char *driver = g_build_filename(
            root, dirs[i], "libvirt/connection-driver/libvirt_driver_qemu.so", NULL);

        if (g_file_test(driver, G_FILE_TEST_EXISTS))
            return AQR_FACT_YES;
    }
    return AQR_FACT_NO;
}

static void
add_libvirt(AqrHostFacts *facts, const char *root)
{
    static const char *const sockets[] = { "/run/libvirt/libvirt-sock",
                                           "/run/libvirt/virtqemud-sock" };
    g_autofree char *path = NULL;

    for (gsize i = 0; facts->libvirt_socket.exists != AQR_FACT_YES && i < G_N_ELEMENTS(sockets);
         i++)
        aqr_host_node_look(root, sockets[i], &facts->libvirt_socket);
    if (facts->libvirt_socket.exists == AQR_FACT_YES) {
        path = g_build_filename(root, facts->libvirt_socket.path, NULL);
        facts->libvirt_trouble = try_socket(path);
    }
    facts->qemu_driver = find_driver(root);
}

static void
add_autopkgtest(AqrHostFacts *facts, const AqrStop *stop)
{
    static const char *const argv[] = { "dpkg-query", "--show", "--showformat=${Version}",
                                        "autopkgtest", NULL };

    if (!has_program("autopkgtest"))
        return;
    facts->autopkgtest_version = first_line(aqr_host_ask(argv, stop));
    if (facts->autopkgtest_version == NULL)
        facts->autopkgtest_version = g_strdup("of unknown version");
}

/* A proxy that APT knows, or a program that would be one. */
static void
add_apt(AqrHostFacts *facts, const AqrStop *stop)
{
    static const char *const argv[] = { "apt-config", "dump", "--format=%v%n",
                                        "Acquire::http::Proxy", NULL };
    static const char *const programs[] = { "auto-apt-proxy", "apt-cacher-ng", "approx", "squid" };

    facts->apt_proxy = first_line(aqr_host_ask(argv, stop));
    if (facts->apt_proxy != NULL && *facts->apt_proxy == '\0')
        g_clear_pointer(&facts->apt_proxy, g_free);
    for (gsize i = 0; facts->apt_proxy == NULL && i < G_N_ELEMENTS(programs); i++) {
        if (has_program(programs[i]))
            facts->apt_proxy = g_strdup(programs[i]);
    }
}

void
aqr_host_facts_add_programs(AqrHostFacts *facts, const AqrHostQuery *query)
{
    AqrFirmware firmware;

    add_qemu(facts, query->stop);
    add_libvirt(facts, query->root);
    add_autopkgtest(facts, query->stop);
    add_apt(facts, query->stop);
    facts->has_ovmf = aqr_firmware_find(&firmware, NULL);
    facts->has_qemu_img = has_program("qemu-img");
    facts->has_mmdebstrap = has_program("mmdebstrap");
    facts->has_build_qemu = has_program("autopkgtest-build-qemu");
    facts->has_debci = has_program("debci");
    aqr_host_user_look_up("debci", &facts->debci, NULL);
    facts->has_debci |= facts->debci.exists;
}
