/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <glib.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/error.h"
#include "host/stop.h"

/* libvirt's handles for the compiler to free, its errors as ours, and the way
 * to a connection. */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virConnect, virConnectClose)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(virDomain, virDomainFree)

/* Prepares libvirt for the default main context, and for silence: its own log
 * goes to @log_file unless LIBVIRT_LOG_OUTPUTS says otherwise. First; again it does
 * nothing. */
void aqr_libvirt_init(const char *log_file);

/* Turns libvirt's last error into one of ours, with libvirt's message. */
void aqr_libvirt_set_error(GError **error, AqrError code, const char *doing);

/* The URI that somebody asks for: @wanted, otherwise LIBVIRT_DEFAULT_URI (transfer none);
 * NULL: nobody asks for any, and the program chooses. */
const char *aqr_libvirt_asked_uri(const char *wanted);

/* The daemon of the system's. */
#define AQR_LIBVIRT_SYSTEM "qemu:///system"

/* libvirt's QEMU driver inside our own process: no daemon is asked for. */
#define AQR_LIBVIRT_EMBED "qemu:///embed"

gboolean aqr_libvirt_is_embed(const char *uri);

/* Whether QEMU will be the caller's own process, and may do what he may: inside of us, or
 * of his session's daemon; not of the system's, which is root. */
gboolean aqr_libvirt_runs_as_caller(const char *uri);

/* Whether this host has a QEMU of its own; libvirt within us would tell only when the
 * VM starts. AQR_ERROR_HOST. */
gboolean aqr_libvirt_check_qemu(GError **error);

/* Whether @emulator is a QEMU that libvirt can run for guests of @arch (libvirt's
 * name). AQR_ERROR_HOST. libvirt asks an unknown one, which takes seconds. */
gboolean aqr_libvirt_check_emulator(virConnectPtr connection, const char *emulator,
                                    const char *arch, GError **error);

/* The QEMU that libvirt takes for guests of @arch, absolute; @emulator if it is not NULL.
 * (transfer full); NULL: libvirt does not say. */
char *aqr_libvirt_find_emulator(virConnectPtr connection, const char *emulator,
                                const char *arch) G_GNUC_WARN_UNUSED_RESULT;

/* "9.0.0" (transfer full). */
char *aqr_libvirt_version(virConnectPtr connection) G_GNUC_WARN_UNUSED_RESULT;

/* AQR_ERROR_HOST, with what to do about it; AQR_ERROR_STOPPED. A daemon that does
 * not answer is given up after half a minute. */
virConnectPtr aqr_libvirt_connect(const char *uri, const AqrStop *stop,
                                  GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether the daemon of @uri answers, and lets us in. FALSE without an error: it refuses, or
 * nobody listens, and *@why (transfer full) has libvirt's words. AQR_ERROR_HOST: it is given up
 * as above; AQR_ERROR_STOPPED. */
gboolean aqr_libvirt_try(const char *uri, const AqrStop *stop, char **why, GError **error);
