/*
 * cgroup.h - what the system's control groups allow this process.
 */
#ifndef BASE_CGROUP_H
#define BASE_CGROUP_H

#include <stddef.h>

/*
 * at_cgroup_processors - processors whose time the process's control groups grant it.
 *
 * The least quota over period, rounded up, of the process's group and all above it: a container
 * with "--cpus 4" and a batch job with a CPU quota see every processor of the machine, but are
 * stopped for the rest of each period once their threads have used the time of four.
 *
 * root      Where "proc" and "sys" are: "" but in tests. Read are proc/self/cgroup and, below
 *           sys/fs/cgroup, cpu.max (version 2) or cpu/.../cpu.cfs_quota_us and cpu.cfs_period_us
 *           (version 1). A group that is not there, as in a container that does not see the groups
 *           above its own, limits nothing.
 * Returns   0 when nothing is limited or nothing can be read, or at least 1.
 */
size_t at_cgroup_processors(const char *root);

#endif
