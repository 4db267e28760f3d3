/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/evidence-guest.h"

#include <string.h>

#include "base/printable.h"
#include "core/gpu-trouble.h"
#include "host/guest-run.h"

#define TIMEOUT (5 * G_TIME_SPAN_SECOND)
#define MAX_LINE 300   /* bytes of a message that is said */
#define MAX_TEXT 65536 /* of firmware's versions */
#define MAX_DUMPS 8

/* The dumps in one line, then what sysfs tells of the GPUs, an empty line, and the log. As tests
 * are root in the guest, any of it may be anything. */
static const char script[] =
    "exec 2>/dev/null\n"
    "for d in \"$1\"/sys/class/devcoredump/*/data; do [ ! -e \"$d\" ] || printf '%s ' \"$d\"; "
    "done\n"
    "echo\n"
    "a=$1/sys/bus/pci/drivers/amdgpu\n"
    "[ ! -d \"$a\" ] || grep -Hs . \"$a\"/*/vbios_version \"$a\"/*/fw_version/*\n"
    "echo\n"
    "dmesg | tail -c 524288\n";

/* --- the kernel's log -------------------------------------------------- */

static gboolean
is_new(GPtrArray *meanings, const char *meaning)
{
    if (g_ptr_array_find(meanings, meaning, NULL))
        return FALSE;
    g_ptr_array_add(meanings, (gpointer)meaning);
    return TRUE;
}

/* The first line that says so, of each kind. */
static void
look_for_trouble(AqrEvidence *evidence, const char *log)
{
    g_auto(GStrv) lines = g_strsplit(log, "\n", -1);
    g_autoptr(GPtrArray) meanings = g_ptr_array_new();

    for (char **line = lines; *line != NULL; line++) {
        const char *meaning = aqr_gpu_trouble(*line);

        if (meaning != NULL && is_new(meanings, meaning)) {
            g_autofree char *shown = aqr_printable_line(*line, MAX_LINE);
            g_autofree char *text =
                g_strdup_printf("%s, as the guest's kernel says: %s", meaning, shown);

            aqr_evidence_warn(evidence, "gpu-trouble", text);
        }
    }
}

static void
take_log(AqrEvidence *evidence, const char *log)
{
    aqr_evidence_log(evidence, AQR_EVIDENCE_GUEST, log, strlen(log));
    aqr_evidence_log(evidence, AQR_EVIDENCE_GUEST, "\n", *log == '\0' ? 0 : 1);
    look_for_trouble(evidence, log);
}

/* --- dumps ------------------------------------------------------------- */

static void
warn_of_lost_dump(AqrEvidence *evidence, const char *file, const char *why)
{
    g_autofree char *shown = aqr_printable_line(file, MAX_LINE);
    g_autofree char *text = g_strdup_printf(
        "the guest's kernel has dumped a device's state, but \"%s\" is not kept: %s", shown, why);

    aqr_evidence_warn(evidence, "gpu-dump", text);
}

/* head ends what would never end by itself: one byte more than there is room for tells. */
static void
fetch_dump(AqrEvidence *evidence, AqrGuestLink *link, const char *file, const AqrPatience *patience)
{
    gsize room = aqr_evidence_dump_room(evidence);
    g_autofree char *most = g_strdup_printf("%" G_GSIZE_FORMAT, room + 1);
    const char *const argv[] = { "head", "-c", most, "--", file, NULL };
    g_autoptr(GError) failed = NULL;
    g_autoptr(GBytes) dump = aqr_guest_run_fetch(link, argv, room, patience, &failed);

    if (dump == NULL) {
        warn_of_lost_dump(evidence, file, failed->message);
    } else if (g_bytes_get_size(dump) > 0) {
        aqr_evidence_add_dump(evidence, dump);
        aqr_evidence_warn(evidence, "gpu-dump", "the guest's kernel has dumped a device's state");
    }
}

static void
fetch_dumps(AqrEvidence *evidence, AqrGuestLink *link, const char *list,
            const AqrPatience *patience)
{
    g_auto(GStrv) files = g_strsplit(list, " ", MAX_DUMPS + 1);

    for (int i = 0; files[i] != NULL && aqr_evidence_is_kept(evidence); i++) {
        if (i == MAX_DUMPS && *files[i] != '\0')
            warn_of_lost_dump(evidence, files[i], "there are too many");
        else if (*files[i] != '\0')
            fetch_dump(evidence, link, files[i], patience);
    }
}

/* --- all of it --------------------------------------------------------- */

/* The first part of *@text, to @end, which is cut off; *@text goes on behind it. */
static char *
cut(char **text, const char *end)
{
    char *part = *text;
    char *found = strstr(part, end);

    *text = found == NULL ? part + strlen(part) : found + strlen(end);
    if (found != NULL)
        *found = '\0';
    return part;
}

void
aqr_evidence_guest_gather(AqrEvidence *evidence, AqrGuestLink *link, const char *root)
{
    const char *const argv[] = { "sh", "-c", script, "sh", root, NULL };
    AqrPatience patience = aqr_patience(TIMEOUT, NULL);
    g_autoptr(GError) failed = NULL;
    g_autofree char *output = NULL;
    char *next, *dumps, *firmware;
    int status;

    if (!aqr_guest_run(link, argv, &patience, &output, &status, &failed)) {
        const AqrEvent event = { .name = "guest-log", .error = failed->message };

        aqr_evidence_tell(evidence, &event);
        return;
    }
    next = output;
    dumps = cut(&next, "\n");
    firmware = *next == '\n' ? cut(&next, "\n") : cut(&next, "\n\n");
    if (*firmware != '\0' && strlen(firmware) < MAX_TEXT)
        aqr_evidence_put(evidence, "guest-firmware.txt", firmware);
    take_log(evidence, next);
    fetch_dumps(evidence, link, dumps, &patience);
}
