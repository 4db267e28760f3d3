# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# What the scripts of this backend share. They have set $backend, this directory, and debci
# has set debci_suite and debci_arch.

: "${debci_suite:?}" "${debci_arch:?}"

# "amd64+gfx1030" is an architecture variant: one image serves all variants of amd64, and what
# is behind the "+" chooses the GPU, on the host and once more in the guest.
base_arch=${debci_arch%%+*}
gpu=none
[ "$base_arch" = "$debci_arch" ] || gpu=${debci_arch#*+}

image_dir=/var/lib/debci/qemu_rocm
image=$image_dir/$debci_suite-$base_arch.img

# The user debci has no home directory that could be written to.
if [ "$(id -u)" != 0 ] && [ -w "$image_dir/cache" ]; then
    export XDG_CACHE_HOME="$image_dir/cache"
fi

# A broker gives a job that somebody has for too long to another: RabbitMQ after half an hour,
# its consumer_timeout. Before that, a job that waits for a GPU is handed back.
gpu_patience=${debci_gpu_patience:-1200} # seconds

# Tells what is wrong with it, if anything.
check_arch() {
    case $debci_arch in
        *[!+0-9a-z]* | +* | *+*+*) ;;
        *+gfx[0-9]*) return 0 ;;
        *+*) ;;
        *) return 0 ;;
    esac
    echo "the variant of the architecture $debci_arch is no gfx target, such as gfx1030"
    return 1
}

# wait_for_gpu OPTIONS waits until such a GPU can be had, while it is in use, and in
# quarantine. That this host has none is an error at once, unless OPTIONS have --absent. What is
# waited for, and what is wrong, goes to standard error and to the system's log: a worker's
# own messages get lost.
wait_for_gpu() {
    [ "$gpu" != none ] || return 0
    mispipe "rocm-qemu-gpus wait $1 '$gpu' 2>&1 >/dev/null" "$backend/tell"
}
