#define _GNU_SOURCE
#include "sandbox.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Landlock's interface, version 1; the header of older systems lacks it. */
struct ruleset {
  uint64_t handled_access_fs;
};
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

static int limit(int resource, rlim_t most) {
  struct rlimit value;
  if (getrlimit(resource, &value) != 0) return 0;
  if (value.rlim_max != RLIM_INFINITY && value.rlim_max < most) most = value.rlim_max;
  value.rlim_cur = value.rlim_max = most;
  return setrlimit(resource, &value) == 0;
}

static int landlock(void) {
  /* Every right that version 1 knows, and no rule that gives one back. */
  struct ruleset rules = {.handled_access_fs = (1ULL << 13) - 1};
  long descriptor = syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
  if (descriptor < 0) return 0;
  int done = syscall(SYS_landlock_restrict_self, (int)descriptor, 0) == 0;
  close((int)descriptor);
  return done;
}

static int seccomp(void) {
#if defined(__x86_64__)
  const uint32_t machine = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
  const uint32_t machine = AUDIT_ARCH_AARCH64;
#else
  return 0;
#endif
#if defined(__x86_64__) || defined(__aarch64__)
  static const int allowed[] = {
      SYS_read, SYS_write, SYS_close, SYS_mmap, SYS_munmap, SYS_mremap, SYS_mprotect, SYS_madvise, SYS_brk, SYS_futex,
      SYS_exit, SYS_exit_group, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_getpid,
      SYS_gettid, SYS_tgkill, SYS_sched_yield, SYS_clock_gettime, SYS_getrandom, SYS_restart_syscall, SYS_fstat};
  enum { count = sizeof allowed / sizeof *allowed };
  struct sock_filter program[4 + 2 * count + 1];
  unsigned n = 0;
  program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
  program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, machine, 1, 0);
  program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
  for (unsigned i = 0; i < count; i++) {
    program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], 0, 1);
    program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  }
  program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);
  struct sock_fprog filter = {.len = (unsigned short)n, .filter = program};
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) == 0;
#endif
}

int bezoar_sandbox(unsigned long long memory_bytes) {
  int achieved = 0;
  close_range(3, ~0U, 0);
  int limited = limit(RLIMIT_AS, memory_bytes);
  limited &= limit(RLIMIT_CORE, 0);
  limited &= limit(RLIMIT_FSIZE, 0);
  limited &= limit(RLIMIT_NOFILE, 8);
  if (limited) achieved |= BEZOAR_SANDBOX_LIMITS;
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
    achieved |= BEZOAR_SANDBOX_NO_PRIVILEGES;
    if (landlock()) achieved |= BEZOAR_SANDBOX_LANDLOCK;
    if (seccomp()) achieved |= BEZOAR_SANDBOX_SECCOMP;
  }
  return achieved;
}
