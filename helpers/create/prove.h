/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "core/image-facts.h"
#include "guest.h"

/* Proves an image: boots it, lets it say what it is, and judges that. Nothing is written to
 * it. */

typedef struct {
    GuestConfig guest;        /* "boot" may be "both", too: by EFI in full, and by BIOS until
                               * the agent answers */
    const char *const *users; /* who must be there, and may use GPUs; NULL: nobody */
    const char *const *gpus;  /* gfx targets to have firmware for, or "none"; NULL: this host's */
} ProveConfig;

typedef struct {
    AqrImageFacts *facts;
    GPtrArray *findings; /* of AqrFinding; "image.…" */
    GStrv boots;         /* by what it has booted: "efi", "bios" */
} AqrImageVerdict;

void image_verdict_clear(AqrImageVerdict *verdict);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AqrImageVerdict, image_verdict_clear)

/* What a proof will want of this host, which is there or not: said before an image is built for
 * it. @boot and @accel are as GuestConfig's. AQR_ERROR_HOST, AQR_ERROR_USAGE. */
gboolean prove_can(const char *boot, const char *accel, GError **error);

/* Whether the image is good is a matter of the findings: aqr_findings_count(…, AQR_FAIL).
 * FALSE, and an untouched @verdict: it could not be asked: AQR_ERROR_GUEST when it does not
 * boot, with the end of its console; AQR_ERROR_STOPPED; as any VM's. */
gboolean prove_image(const ProveConfig *config, AqrStop *stop, AqrImageVerdict *verdict,
                     GError **error);
