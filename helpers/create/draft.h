/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* An image in the making: a directory beside the image that it is to replace, on the same file
 * system, which one process at a time has. Only when it is published the old image goes, at
 * once and as a whole. */
typedef struct CreateDraft CreateDraft;

/* Where @image is a symbolic link, what it leads to is replaced. What a killed process has left
 * of one is removed. AQR_ERROR_HOST: no such directory, not writable, another process is at
 * it; AQR_ERROR_IMAGE: a VM writes to it. */
CreateDraft *create_draft_new(const char *image, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the directory, and what is in it. NULL is fine. */
void create_draft_free(CreateDraft *draft);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CreateDraft, create_draft_free)

/* Where the new image goes, and where a copy of the old one that is written to goes. Nothing is
 * there yet, and nobody else can read what will be. */
const char *create_draft_image(const CreateDraft *draft);
const char *create_draft_overlay(const CreateDraft *draft);

/* For a VM, which may run as somebody else: what is there now may be read by who may read the
 * old image, and written to by us. AQR_ERROR_HOST. */
gboolean create_draft_show(CreateDraft *draft, GError **error);
/* Ends that, before more is made. AQR_ERROR_HOST. */
gboolean create_draft_hide(CreateDraft *draft, GError **error);

/* What it will be. */
const char *create_draft_target(const CreateDraft *draft);

/* The image that is there is the one that was there at first, and nobody has written to it.
 * AQR_ERROR_IMAGE. */
gboolean create_draft_is_current(const CreateDraft *draft, GError **error);

/* The image first, then IMAGE.json with @manifest; both are on the disk before they get their
 * names, and have the owner and the mode of the old image. AQR_ERROR_HOST: an image that could not
 * be replaced has its old manifest; AQR_ERROR_IMAGE: a VM writes to the old image. */
gboolean create_draft_publish(CreateDraft *draft, const char *manifest, GError **error);

/* Removes what a process that was killed has left of one for @image; nothing if another is at
 * it. */
void create_draft_sweep(const char *image);
