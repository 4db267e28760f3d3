# SPDX-License-Identifier: GPL-2.0-or-later
# enqueue.rb PRIORITY: enqueues the jobs that are on standard input, [[PACKAGE, ARCH], ...] in
# JSON, and prints their ids. It is what "debci enqueue" does, which has no option for extra apt sources.
require 'json'
require 'debci'
require 'debci/job'

user = Debci::User.find_or_create_by!(username: 'tester')
ids = JSON.parse($stdin.read).map do |package, arch|
  job = Debci::Job.create!(
    package: Debci::Package.find_or_create_by!(name: package),
    arch: arch,
    suite: Debci.config.suite,
    requestor: user,
    extra_apt_sources: ['packages-under-test'],
  )
  job.enqueue(Integer(ARGV.fetch(0)))
  job.id
end
puts JSON.generate(ids)
