/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "greet.h"

#include "renew.h"

/* Without the hello the server takes it that the guest could not be restored: a wrong
 * time, or secrets that another guest has too, would go unnoticed. */
void
greet(Commands *commands, const AqrWireHeader *header, const uint8_t *payload)
{
    AqrWireGreet said;

    if (!aqr_wire_unpack_greet(header, payload, &said))
        return;
    commands_forget_all(commands);
    buffer_clear(&commands->port->out);
    if (renew_clock(said.time) && renew_entropy(said.seed, sizeof said.seed))
        port_send_hello(commands->port, said.nonce);
}
