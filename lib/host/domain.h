/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "host/libvirt.h"
#include "host/wait.h"

/* A running VM. It notices the end and the restarts of its guest the moment
 * libvirt does. */
typedef struct AqrDomain AqrDomain;

/* Something happened to it: it ended, its guest starts anew, or somebody in the
 * guest opened or closed the agent's port. */
typedef void (*AqrDomainChanged)(gpointer data);

/* Creates a transient domain; with a daemon it dies with our connection. @paused: its
 * processors do not run yet. */
AqrDomain *aqr_domain_start(virConnectPtr connection, const char *xml, gboolean paused,
                            AqrDomainChanged changed, gpointer data,
                            GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Destroys the VM if it still runs. AQR_ERROR_HOST: then it may run on. */
gboolean aqr_domain_stop(AqrDomain *domain, GError **error);

/* Presses its power button (ACPI), which a guest may heed. FALSE: it could not. */
gboolean aqr_domain_press_power(AqrDomain *domain);

/* Destroys the VM if it still runs. */
void aqr_domain_free(AqrDomain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(AqrDomain, aqr_domain_free)

/* libvirt's own (transfer none), for what only some domains need. */
virDomainPtr aqr_domain_get_handle(AqrDomain *domain);

/* How it ended, or what makes it useless (host/domain-trouble): "shut itself off",
 * "crashed"; NULL: it runs. */
const char *aqr_domain_end(const AqrDomain *domain);

/* Whether that was because its guest powered itself off. */
gboolean aqr_domain_is_off(const AqrDomain *domain);

/* Whether it runs no more; one in trouble may run on. */
gboolean aqr_domain_is_over(const AqrDomain *domain);

/* How often the guest has been reset. */
unsigned aqr_domain_resets(const AqrDomain *domain);

/* Nobody in the guest has the agent's port open, as QEMU last told. It tells at most
 * once a second, so this may be a second late. */
gboolean aqr_domain_port_is_closed(const AqrDomain *domain);

/* Waits until it has ended of itself. */
gboolean aqr_domain_wait_end(AqrDomain *domain, const AqrPatience *patience, GError **error);
