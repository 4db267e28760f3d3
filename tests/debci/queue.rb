# SPDX-License-Identifier: GPL-2.0-or-later
# queue.rb ARCH: prints how many messages are ready in the queue of an architecture.
require 'debci'
require 'debci/amqp'

puts Debci::AMQP.get_queue(ARGV.fetch(0), Debci.config.backend).message_count
