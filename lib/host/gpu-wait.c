/* SPDX-License-Identifier: GPL-2.0-or-later */

/* The facts are looked at when it begins, whenever the kernel says something that may have
 * changed them, and once more before it is given up. */
#include "host/gpu-wait.h"

#include <string.h>

#include "base/error.h"
#include "base/printable.h"
#include "core/gpu-facts.h"
#include "core/gpu-message.h"
#include "host/guest-lines.h"
#include "host/guest-run.h"

#define MAX_STORY 10u
#define MAX_SENTENCE 300 /* of what the kernel says; characters */
#define MAX_REASONS 4u
#define LAST_LOOK (20 * G_TIME_SPAN_SECOND) /* the script gives udev ten */
#define CATCH_UP (5 * G_TIME_SPAN_SECOND)
#define MARK "autopkgtest-virt-qemu-rocm: GPU is not ready"

typedef struct {
    AqrGuestLink *link;
    const AqrGpuDemand *demand;
    AqrGuestLines *log; /* NULL: there is none to be had */
    guint64 next;       /* the number of the record after the last one */
    gboolean fresh;     /* the log has told something since it was opened */
    gboolean marked;    /* it has been read up to our mark */
    gboolean look;      /* the facts may have changed */
    gboolean fatal;
    gboolean of_others;  /* it is the image's or the user's fault, as the kernel says */
    char *cause;         /* the kernel's last word that may tell why; NULL: none */
    GPtrArray *failures; /* whose fault it is, as the facts are */
    GPtrArray *story;    /* what the kernel said last */
    GPtrArray *reasons;  /* why it may be so */
    AqrGpuVerdict verdict;
    char *why, *remark;
    AqrGpuNews *news;
} Wait;

/* --- the kernel's log ----------------------------------------------------- */

static void
add_once(GPtrArray *texts, guint max, char *text)
{
    for (guint i = 0; i < texts->len; i++) {
        if (g_str_equal(texts->pdata[i], text)) {
            g_free(text);
            return;
        }
    }
    g_ptr_array_add(texts, text);
    if (texts->len > max)
        g_ptr_array_remove_index(texts, 0);
}

static void
add_story(Wait *wait, const char *text)
{
    g_autofree char *shown = aqr_printable(text);

    add_once(wait->story, MAX_STORY,
             g_utf8_substring(shown, 0, MIN(g_utf8_strlen(shown, -1), MAX_SENTENCE)));
}

static void
take_cause(Wait *wait, const char *text)
{
    g_free(wait->cause);
    wait->cause = aqr_printable_line(text, MAX_SENTENCE);
    wait->of_others = wait->of_others || aqr_gpu_message_is_of_others(text);
}

static void
take_record(const char *record, gpointer data)
{
    Wait *wait = data;
    guint64 number;
    const char *text = aqr_gpu_message_text(record, &number);
    AqrGpuMessage meaning;
    char *why;

    if (g_str_has_suffix(record, MARK))
        wait->marked = TRUE;
    if (text == NULL || number < wait->next)
        return;
    wait->next = number + 1;
    wait->fresh = TRUE;
    meaning = aqr_gpu_message_judge(text, wait->demand->ready, &why);
    if (meaning != AQR_GPU_MESSAGE_OTHER && meaning != AQR_GPU_MESSAGE_PEEK)
        add_story(wait, text);
    if (why != NULL)
        add_once(wait->reasons, MAX_REASONS, why);
    wait->look = wait->look || meaning == AQR_GPU_MESSAGE_LOOK || meaning == AQR_GPU_MESSAGE_PEEK;
    wait->fatal = wait->fatal || meaning == AQR_GPU_MESSAGE_FATAL;
    if (meaning == AQR_GPU_MESSAGE_HINT || meaning == AQR_GPU_MESSAGE_FATAL)
        take_cause(wait, text);
}

static gboolean
open_log(Wait *wait, GError **error)
{
    g_autofree char *path =
        g_strconcat(wait->demand->root == NULL ? "" : wait->demand->root, "/dev/kmsg", NULL);
    const char *const argv[] = { "cat", path, NULL };

    wait->fresh = FALSE;
    wait->log = aqr_guest_lines_start(wait->link, argv, take_record, wait, error);
    return wait->log != NULL;
}

static gboolean
log_has_ended(const Wait *wait)
{
    return wait->log != NULL && aqr_guest_lines_have_ended(wait->log);
}

/* Reading fails once when the kernel has overwritten what was to come next, and cat ends;
 * the next one begins with what there still is. */
static gboolean
keep_log(Wait *wait, GError **error)
{
    if (!log_has_ended(wait) || !aqr_guest_link_is_up(wait->link))
        return TRUE;
    g_clear_pointer(&wait->log, aqr_guest_lines_free);
    if (wait->fresh)
        return open_log(wait, error);
    wait->news->note("the guest's kernel log cannot be read; whether its GPUs are ready is seen "
                     "late",
                     wait->news->data);
    return TRUE;
}

/* --- looking ---------------------------------------------------------------- */

/* With a @mark, that goes to the end of the log. */
static gboolean
look(Wait *wait, const char *mark, const AqrPatience *patience, GError **error)
{
    const char *root = wait->demand->root == NULL ? "" : wait->demand->root;
    const char *const argv[] = { "sh", "-c", aqr_gpu_facts_script, "sh", root, mark, NULL };
    char *facts = NULL;
    int status;

    wait->look = FALSE;
    if (!aqr_guest_run(wait->link, argv, patience, &facts, &status, error))
        return FALSE;
    g_free(wait->news->facts);
    wait->news->facts = facts;
    g_clear_pointer(&wait->why, g_free);
    g_clear_pointer(&wait->remark, g_free);
    g_ptr_array_set_size(wait->failures, 0);
    wait->verdict =
        aqr_gpu_ready_judge(facts, wait->demand, &wait->why, &wait->remark, wait->failures);
    return TRUE;
}

static gboolean
has_news(gpointer data)
{
    const Wait *wait = data;

    return wait->look || wait->fatal || log_has_ended(wait) || !aqr_guest_link_is_up(wait->link);
}

/* Until there is a verdict, or a fatal message. */
static gboolean
look_often(Wait *wait, const AqrPatience *patience, GError **error)
{
    wait->look = TRUE;
    while (!wait->fatal) {
        if (wait->look && !look(wait, "", patience, error))
            return FALSE;
        if (wait->verdict != AQR_GPU_VERDICT_WAIT)
            return TRUE;
        if (!aqr_wait_until(has_news, wait, "the guest's GPUs", patience, error) ||
            !keep_log(wait, error))
            return FALSE;
        wait->look = wait->look || !aqr_guest_link_is_up(wait->link);
    }
    return TRUE;
}

static gboolean
has_caught_up(gpointer data)
{
    const Wait *wait = data;

    return wait->marked || wait->log == NULL || log_has_ended(wait);
}

/* Before it is given up: as it is now, and with all that the kernel has said up to now. */
static gboolean
look_last(Wait *wait, const AqrPatience *patience, GError **error)
{
    AqrPatience last = aqr_patience(LAST_LOOK, patience->stop);
    AqrPatience soon;

    if (!look(wait, MARK, &last, error))
        return FALSE;
    soon = aqr_patience(CATCH_UP, patience->stop);
    aqr_wait_until(has_caught_up, wait, "the guest's kernel log", &soon, NULL);
    return TRUE;
}

/* --- the end ------------------------------------------------------------------ */

static char *
tell_story(const Wait *wait)
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < wait->reasons->len; i++)
        g_string_append_printf(text, "; perhaps because %s", (const char *)wait->reasons->pdata[i]);
    if (wait->story->len > 0)
        g_string_append(text, "\nthe guest's kernel said last:");
    for (guint i = 0; i < wait->story->len; i++)
        g_string_append_printf(text, "\n  %s", (const char *)wait->story->pdata[i]);
    return g_strdup(text->str);
}

/* A guest that did not answer at the last look has none: that may be its own fault. */
static void
keep_failures(Wait *wait)
{
    const char *said = wait->cause == NULL && wait->story->len > 0
                           ? wait->story->pdata[wait->story->len - 1]
                           : wait->cause;
    AqrGpuNews *news = wait->news;

    news->failures = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_failure_free);
    while (wait->failures->len > 0 && !wait->of_others) {
        AqrGpuFailure *failure = g_ptr_array_steal_index(wait->failures, 0);
        g_autofree char *why = failure->why;

        failure->why = said == NULL
                           ? g_strdup(why)
                           : g_strdup_printf("%s; the guest's kernel said \"%s\"", why, said);
        if (wait->fatal || !failure->if_tried)
            g_ptr_array_add(news->failures, failure);
        else
            aqr_gpu_failure_free(failure);
    }
}

static gboolean
fail(const Wait *wait, gint64 since, gboolean too_late, GError **error)
{
    g_autofree char *story = tell_story(wait);
    double seconds = (double)(g_get_monotonic_time() - since) / G_USEC_PER_SEC;
    g_autofree char *after = g_strdup_printf(" after %.1f s", seconds);

    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST, "not ready%s: %s%s", too_late ? after : "",
                wait->why == NULL ? "the guest does not tell what GPUs it has" : wait->why, story);
    return FALSE;
}

static gboolean
is_cut_short(const Wait *wait, const AqrPatience *patience)
{
    return aqr_stop_reason(patience->stop) != NULL || !aqr_guest_link_is_up(wait->link);
}

static gboolean
pass_on(const Wait *wait, GError *failed, const AqrPatience *patience, GError **error)
{
    g_autofree char *story = NULL;

    if (aqr_stop_reason(patience->stop) != NULL || aqr_guest_link_is_up(wait->link)) {
        g_propagate_error(error, failed);
        return FALSE;
    }
    story = tell_story(wait);
    g_error_free(failed);
    g_set_error(error, AQR_ERROR, AQR_ERROR_GUEST,
                "the guest was lost while its GPUs were waited for%s", story);
    return FALSE;
}

/* A guest that does not answer any more is judged by what it said before. */
static gboolean
wait_for_verdict(Wait *wait, const AqrPatience *patience, GError **error)
{
    gint64 since = g_get_monotonic_time();
    gboolean too_late = FALSE;
    GError *failed = NULL;

    if (!look_often(wait, patience, &failed)) {
        too_late = aqr_patience_is_over(patience) && !is_cut_short(wait, patience);
        if (!too_late)
            return pass_on(wait, failed, patience, error);
        g_clear_error(&failed);
    }
    if (wait->verdict == AQR_GPU_VERDICT_YES)
        return TRUE;
    if (look_last(wait, patience, &failed))
        keep_failures(wait);
    else if (is_cut_short(wait, patience))
        return pass_on(wait, failed, patience, error);
    g_clear_error(&failed);
    return wait->verdict == AQR_GPU_VERDICT_YES || fail(wait, since, too_late, error);
}

static void
clear(Wait *wait)
{
    aqr_guest_lines_free(wait->log);
    g_ptr_array_unref(wait->story);
    g_ptr_array_unref(wait->reasons);
    g_ptr_array_unref(wait->failures);
    g_free(wait->cause);
    g_free(wait->why);
    g_free(wait->remark);
}

gboolean
aqr_gpu_wait(AqrGuestLink *link, const AqrGpuDemand *demand, const AqrPatience *patience,
             AqrGpuNews *news, GError **error)
{
    Wait wait = { .link = link, .demand = demand, .news = news };
    gboolean ready;

    if (demand->ready == AQR_GPU_READY_NONE)
        return TRUE;
    wait.verdict = AQR_GPU_VERDICT_WAIT;
    wait.story = g_ptr_array_new_with_free_func(g_free);
    wait.reasons = g_ptr_array_new_with_free_func(g_free);
    wait.failures = g_ptr_array_new_with_free_func((GDestroyNotify)aqr_gpu_failure_free);
    ready = open_log(&wait, error) && wait_for_verdict(&wait, patience, error);
    if (ready && wait.remark != NULL)
        news->note(wait.remark, news->data);
    clear(&wait);
    return ready;
}
