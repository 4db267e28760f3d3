# SPDX-License-Identifier: GPL-2.0-or-later
"""A real RabbitMQ server. All that it and Erlang's name server listen on is a free port of
127.0.0.1, so that several can run on one host."""

import contextlib
import socket

from services import Service

START_SECONDS = 120


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0)))
                   for _ in range(count)]
        return [each.getsockname()[1] for each in sockets]


class Broker:
    def __init__(self) -> None:
        self.port, distribution, names = free_ports(3)
        self.url = f"amqp://127.0.0.1:{self.port}"
        self.service = Service(
            "rabbitmq-server", ["/usr/lib/rabbitmq/bin/rabbitmq-server"], "rabbitmq", {
                "RABBITMQ_NODENAME": "rabbit@localhost",
                "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
                "RABBITMQ_NODE_PORT": str(self.port),
                "RABBITMQ_DIST_PORT": str(distribution),
                "ERL_EPMD_ADDRESS": "127.0.0.1",
                "ERL_EPMD_PORT": str(names),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                    "-kernel inet_dist_use_interface {127,0,0,1}",
                "RABBITMQ_LOGS": "-",
            }, cwd="/var/lib/rabbitmq")

    def wait_ready(self) -> None:
        self.service.wait_for_line("completed with", START_SECONDS)
