// Fails chosen calls that change what is below a folder; loaded with LD_PRELOAD, see inject.py.
//
// INJECT_FOLDER  what counts: calls on paths or descriptors below it
// INJECT_LOG     gets a line for each call: its name and what it was on
// INJECT_AT      number of the call, counted from 1, at which the fault begins
// INJECT_KIND    full: this and all later writes find no space; io: this one fails; short: half of a write is
//                done, then no space; kill: the process ends there; denied: this and all later ones lack the right
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_int calls;

static int is_below(const char *path) {
  const char *folder = getenv("INJECT_FOLDER");
  return folder && strncmp(path, folder, strlen(folder)) == 0;
}

// True if the call has to fail; errno says how.
static int fails(const char *name, const char *path, int writes) {
  int number = atomic_fetch_add(&calls, 1) + 1;
  const char *log = getenv("INJECT_LOG"), *at = getenv("INJECT_AT"), *kind = getenv("INJECT_KIND");
  if (log) {
    char line[8300];
    int length = snprintf(line, sizeof line, "%s %s\n", name, path);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    syscall(SYS_write, fd, line, length);
    syscall(SYS_close, fd);
  }
  if (!at || !kind || number < atoi(at)) return 0;
  int is_first = number == atoi(at);
  if (!strcmp(kind, "kill")) raise(SIGKILL);
  if (!strcmp(kind, "io") && is_first) return errno = EIO, 1;
  if (!strcmp(kind, "denied") && !writes) return errno = EACCES, 1;
  if ((!strcmp(kind, "full") || (!strcmp(kind, "short") && !is_first)) && writes) return errno = ENOSPC, 1;
  if (!strcmp(kind, "short") && is_first && writes == 2) return 2;
  return 0;
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, 4095);
  path[length < 0 ? 0 : length] = 0;
  return is_below(path);
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t count) {
  char path[4096];
  size_t whole = count;
  if (path_of(fd, path)) {
    int fault = fails("write", path, 2);
    if (fault == 1) return -1;
    if (fault == 2) whole = count / 2;
  }
  return REAL(ssize_t, write, int, const void *, size_t)(fd, bytes, whole);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off_t offset) {
  char path[4096];
  if (path_of(fd, path) && fails("pwrite", path, 1)) return -1;
  return REAL(ssize_t, pwrite64, int, const void *, size_t, off_t)(fd, bytes, count, offset);
}
ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) { return pwrite64(fd, bytes, count, offset); }

int fsync(int fd) {
  char path[4096];
  if (path_of(fd, path) && fails("fsync", path, 1)) return -1;
  return REAL(int, fsync, int)(fd);
}

int ftruncate64(int fd, off_t length) {
  char path[4096];
  if (path_of(fd, path) && fails("ftruncate", path, 1)) return -1;
  return REAL(int, ftruncate64, int, off_t)(fd, length);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
  if (is_below(to) && fails("rename", to, 1)) return -1;
  return REAL(int, rename, const char *, const char *)(from, to);
}

int mkdir(const char *path, mode_t mode) {
  if (is_below(path) && fails("mkdir", path, 1)) return -1;
  return REAL(int, mkdir, const char *, mode_t)(path, mode);
}

static int opens(const char *path, int flags, mode_t mode) {
  int creates = (flags & (O_CREAT | O_WRONLY | O_RDWR)) != 0;
  if (is_below(path) && creates && fails("open", path, 0)) return -1;
  return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opens(path, flags, mode);
}

int open(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return opens(path, flags, mode);
}
