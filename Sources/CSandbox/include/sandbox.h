#ifndef BEZOAR_SANDBOX_H
#define BEZOAR_SANDBOX_H

/* What could be taken away from the calling process. */
enum {
  BEZOAR_SANDBOX_LIMITS = 1,         /* resource limits: memory, files, no core */
  BEZOAR_SANDBOX_NO_PRIVILEGES = 2,  /* no new privileges */
  BEZOAR_SANDBOX_LANDLOCK = 4,       /* no file system */
  BEZOAR_SANDBOX_SECCOMP = 8         /* only what computing with open descriptors needs */
};

/* Gives up everything but memory and descriptors 0 to 2, for good; returns what succeeded. */
int bezoar_sandbox(unsigned long long memory_bytes);

#endif
