/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/power-off.h"

#include "host/guest-run.h"

static gboolean
ask(AqrVm *vm, gboolean by_button, const AqrPatience *patience)
{
    static const char *const argv[] = { "poweroff", NULL };
    AqrDomain *domain = aqr_vm_get_domain(vm);
    int status;

    if (aqr_vm_check_alive(vm, NULL)) {
        aqr_vm_expect_end(vm);
        aqr_guest_run(aqr_vm_get_link(vm), argv, patience, NULL, &status, NULL);
        return TRUE;
    }
    if (!by_button || aqr_domain_is_over(domain))
        return FALSE;
    aqr_vm_expect_end(vm);
    return aqr_domain_press_power(domain);
}

const char *
aqr_power_off(AqrVm *vm, gboolean by_button, gint64 timeout)
{
    AqrPatience patience = aqr_patience(timeout, NULL);

    if (!ask(vm, by_button, &patience))
        return NULL;
    return aqr_vm_wait_end(vm, &patience, NULL) ? "the guest has powered itself off"
                                                : "the guest did not power itself off in time";
}
