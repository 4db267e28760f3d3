/* SPDX-License-Identifier: GPL-2.0-or-later */

/* spawn-loop N: starts `true` N times, one after the other, and prints how long
 * each took, in nanoseconds. Run inside the guest it tells what a command costs
 * there at the least, to which the execute command's time can be compared. It
 * is linked statically, as it runs in any guest, and knows no option. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

#define MAX_ROUNDS 10000

static long long
now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* -1: `true` could not be run. */
static long long
time_one(void)
{
    char *const argv[] = { "true", NULL };
    char *const environment[] = { NULL };
    long long start = now();
    int status;
    pid_t child;

    if (posix_spawn(&child, "/bin/true", NULL, NULL, argv, environment) != 0)
        return -1;
    if (waitpid(child, &status, 0) != child || status != 0)
        return -1;
    return now() - start;
}

int
main(int argc, char **argv)
{
    static long long times[MAX_ROUNDS];
    int rounds = argc == 2 ? atoi(argv[1]) : 0;

    if (rounds < 1 || rounds > MAX_ROUNDS)
        return 2;
    for (int i = 0; i < rounds; i++) {
        times[i] = time_one();
        if (times[i] < 0)
            return 1;
    }
    for (int i = 0; i < rounds; i++)
        printf("%lld\n", times[i]);
    return 0;
}
