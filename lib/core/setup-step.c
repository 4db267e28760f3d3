/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/setup-step.h"

const char aqr_setup_mark[] = "# Made by rocm-qemu-setup --apply, which may write it anew.\n";

void
aqr_setup_step_free(AqrSetupStep *step)
{
    if (step == NULL)
        return;
    g_free(step->title);
    g_free(step->path);
    g_free(step->text);
    g_free(step->shown);
    g_strfreev(step->argv);
    g_free(step);
}

static void
free_step(gpointer data)
{
    aqr_setup_step_free(data);
}

GPtrArray *
aqr_setup_steps_new(void)
{
    return g_ptr_array_new_with_free_func(free_step);
}

static AqrSetupStep *
add(GPtrArray *steps, const char *id, AqrStepKind kind, char *title)
{
    AqrSetupStep *step = g_new0(AqrSetupStep, 1);

    step->id = id;
    step->kind = kind;
    step->title = title;
    g_ptr_array_add(steps, step);
    return step;
}

AqrSetupStep *
aqr_setup_step_add_file(GPtrArray *steps, const char *id, const char *path, const char *text)
{
    AqrSetupStep *step = add(steps, id, AQR_STEP_FILE, g_strdup_printf("write %s", path));

    step->path = g_strdup(path);
    step->text = g_strconcat(aqr_setup_mark, text, NULL);
    return step;
}

AqrSetupStep *
aqr_setup_step_add_directory(GPtrArray *steps, const char *id, const char *path, guint32 mode)
{
    AqrSetupStep *step = add(steps, id, AQR_STEP_DIRECTORY, g_strdup_printf("make %s", path));

    step->path = g_strdup(path);
    step->mode = mode;
    return step;
}

AqrSetupStep *
aqr_setup_step_add_removal(GPtrArray *steps, const char *id, const char *path)
{
    AqrSetupStep *step = add(steps, id, AQR_STEP_REMOVAL, g_strdup_printf("remove %s", path));

    step->path = g_strdup(path);
    return step;
}

AqrSetupStep *
aqr_setup_step_add_command(GPtrArray *steps, const char *id, const char *const *argv)
{
    g_autofree char *words = g_strjoinv(" ", (char **)argv);
    AqrSetupStep *step = add(steps, id, AQR_STEP_COMMAND, g_strconcat("run ", words, NULL));

    step->argv = g_strdupv((char **)argv);
    return step;
}
