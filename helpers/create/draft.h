/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* An image in the making: a directory beside the image that it is to replace, on the same file
 * system, which one process at a time has. Only when it is published the old image goes, at
 * once and as a whole. */
typedef struct CreateDraft CreateDraft;

/* Where @image is a symbolic link, what it leads to is replaced. What a killed process has left
 * of one is removed. AQR_ERROR_HOST: no such directory, not writable, another process is at
 * it. */
CreateDraft *create_draft_new(const char *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the directory, and what is in it. NULL is fine. */
void create_draft_free(CreateDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CreateDraft, create_draft_free)

/* The directory, where the new image goes, and where a copy of the old one that is written to
 * goes. Nothing is there yet. */
const char *create_draft_dir(const CreateDraft *draft);
const char *create_draft_image(const CreateDraft *draft);
const char *create_draft_overlay(const CreateDraft *draft);

/* What it will be. */
const char *create_draft_target(const CreateDraft *draft);

/* The image first, then IMAGE.json with @manifest; both are on the disk before they get their
 * names. AQR_ERROR_HOST. */
gboolean create_draft_publish(CreateDraft *draft, const char *manifest, GError **error);

/* Removes what a process that was killed has left of one for @image; nothing if another is at
 * it. */
void create_draft_sweep(const char *image);
