/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>

/* What an image says of itself when it has booted: the script that prints it there, and its
 * words as values. Not for what they mean (core/image-checks). They are anybody's words, as
 * the image may be: they are bounded, and fit for a terminal. */

/* For sh in the guest, as root: dash, bash or busybox. $1: the directory that holds etc, lib,
 * proc and var, "" for /; then the names of the users to ask about. It loads amdgpu, and where
 * APT has no lists of packages it tries to fetch them; otherwise it changes nothing. Takes two
 * minutes at most. */
extern const char aqr_image_facts_script[];

typedef struct {
    char *name;
    gboolean exists;
    GStrv groups; /* NULL: unknown */
} AqrImageUser;

typedef struct {
    char *name, *version, *arch;
} AqrImagePackage;

typedef enum {
    AQR_IMAGE_UNKNOWN, /* the image does not say */
    AQR_IMAGE_NO,
    AQR_IMAGE_YES,
} AqrImageAnswer;

typedef struct {
    char *os_id, *os_version, *os_codename; /* of os-release: "debian", "12", "bookworm"; or NULL */
    char *os_name;                          /* "Debian GNU/Linux 12 (bookworm)"; or NULL */
    char *arch;                             /* dpkg's; or NULL */
    AqrImageAnswer efi;                     /* it has booted by EFI */
    char *kernel;                           /* its release; or NULL */
    AqrImageAnswer amdgpu_there;            /* the kernel has the module */
    AqrImageAnswer amdgpu_loads;
    char *amdgpu_trouble;  /* what modprobe says; or NULL */
    GPtrArray *firmware;   /* char *: what amdgpu's files begin with: "sienna_cichlid" */
    GPtrArray *groups;     /* char *: those of render and video that there are */
    GPtrArray *users;      /* AqrImageUser: those who were asked about */
    GPtrArray *shells;     /* char *: terminals with a root shell: "hvc1" */
    AqrImageAnswer sshd;   /* it is installed */
    AqrImageAnswer ssh_on; /* it starts with the system */
    AqrImageAnswer dmesg;  /* an ordinary user may read it */
    GPtrArray *missing;    /* char *: programs that tests need, and that are not there */
    char *apt_trouble;     /* what APT says of its sources, or of what is installed; or NULL */
    GPtrArray *sources;    /* char *: "deb http://... bookworm main" */
    guint lists;           /* how many of them APT has a list of packages of */
    AqrImageAnswer update; /* "apt-get update" works; UNKNOWN: it has nothing to fetch */
    char *update_trouble;
    char *hostname;
    AqrImageAnswer hostname_known; /* it resolves */
    guint64 free_kib;              /* on / */
    gboolean has_free;             /* that is known */
    GPtrArray *failed_units;       /* char * */
    GPtrArray *unconfigured;       /* char *: packages that are installed by half */
    GPtrArray *packages;           /* AqrImagePackage, by name */
    gboolean complete;             /* the script came to its end */
} AqrImageFacts;

/* What cannot be understood is passed over. */
AqrImageFacts *aqr_image_facts_parse(const char *text) G_GNUC_WARN_UNUSED_RESULT;
void aqr_image_facts_free(AqrImageFacts *facts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrImageFacts, aqr_image_facts_free)

/* NULL: it is not installed. Transfer none. */
const AqrImagePackage *aqr_image_facts_package(const AqrImageFacts *facts, const char *name);

/* What AMD's firmware is in: Debian's firmware-amd-graphics, Ubuntu's linux-firmware. NULL: none of
 * them is installed. Transfer none. */
const AqrImagePackage *aqr_image_facts_firmware_package(const AqrImageFacts *facts);

/* Whether @list, of char *, has @word. */
gboolean aqr_image_facts_has(const GPtrArray *list, const char *word);
