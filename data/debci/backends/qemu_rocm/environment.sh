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
case $gpu_patience in
    *[!0-9]* | 0* | ??????*)
        echo "debci_gpu_patience \"$gpu_patience\" is no number of seconds, such as 1200, which" \
            "is taken" | "$backend/tell"
        gpu_patience=1200
        ;;
esac

# Tells what is wrong with it, if anything. What is a gfx target is said by aqr_gfx_is(), too.
check_arch() {
    case $debci_arch in
        *[!+0-9a-z]* | +* | *+*+*) ;;
        *+gfx[1-9][0-9a-f][0-9a-f] | *+gfx[1-9][0-9][0-9a-f][0-9a-f]) return 0 ;;
        *+*) ;;
        *) return 0 ;;
    esac
    echo "the variant of the architecture $debci_arch is no gfx target, such as gfx1030"
    return 1
}

# The arguments of the virtualization server. debci 3.6 knows none of a backend, but its
# configuration may have them.
arguments() {
    if [ -n "${debci_autopkgtest_args_qemu_rocm+set}" ]; then
        printf '%s\n' "$debci_autopkgtest_args_qemu_rocm"
        return
    fi
    (
        set --
        debci_base_dir=$(readlink -f "$backend/../..")
        # shellcheck source=/dev/null
        . "$debci_base_dir/lib/environment.sh"
        printf '%s\n' "${debci_autopkgtest_args_qemu_rocm:-}"
    )
}

# Sets $words: the arguments, one a line. As debci's own backends have it, they may be quoted.
# Tells what is wrong with them, if anything, in $reason.
read_words() {
    reason="debci's configuration cannot be read"
    words=$(arguments) || return
    reason="debci_autopkgtest_args_qemu_rocm: its quotes do not match"
    words=$(printf '%s\n' "$words" | xargs printf '%s\n') || return
    reason=''
}

# wait_for_gpu OPTION... waits until a testbed with $words can have such a GPU: while it is in
# use, and in quarantine. That this host has none, or that this user may not have it, is an error at
# once, unless there is --absent. What is waited for, and what is wrong, goes to standard error and
# to the system's log: a worker's own messages get lost.
wait_for_gpu() {
    [ "$gpu" != none ] || return 0
    set -- wait "$@" "$gpu" --
    while IFS= read -r word; do
        [ -z "$word" ] || set -- "$@" "$word"
    done <<END
$words
END
    rc=$({
        {
            rc=0
            rocm-qemu-gpus "$@" 2>&1 >/dev/null 3>&- || rc=$?
            echo "$rc" >&3
        } | "$backend/tell" 3>&-
    } 3>&1)
    return "${rc:-1}"
}
