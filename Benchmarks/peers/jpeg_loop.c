// Reads and decodes every file of a list on two threads with libjpeg-turbo, and does nothing else; with
// an argument, keeps all pixels in one block of memory that many bytes an image, as a reader must.
//   cc -O2 jpeg_loop.c -o jpeg_loop -lturbojpeg -lpthread; find FOLDER -name '*.jp*g' | ./jpeg_loop [3072]
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <turbojpeg.h>
#include <unistd.h>

static char **paths;
static int count;
static atomic_int next, decoded;
static unsigned char *kept;
static size_t each;

static void *work(void *unused) {
  (void)unused;
  tjhandle decoder = tjInitDecompress();
  unsigned char *file = NULL, *pixels = NULL;
  size_t file_room = 0, pixel_room = 0;
  for (;;) {
    int i = atomic_fetch_add(&next, 1);
    if (i >= count) break;
    int fd = open(paths[i], O_RDONLY);
    struct stat s;
    if (fd < 0 || fstat(fd, &s)) continue;
    if ((size_t)s.st_size > file_room) file = realloc(file, file_room = (size_t)s.st_size);
    ssize_t size = read(fd, file, (size_t)s.st_size);
    close(fd);
    int w, h, sampling, space;
    if (size < 0 || tjDecompressHeader3(decoder, file, (unsigned long)size, &w, &h, &sampling, &space)) continue;
    size_t need = (size_t)w * (size_t)h * 3;
    if (need > pixel_room) pixels = realloc(pixels, pixel_room = need);
    if (!tjDecompress2(decoder, file, (unsigned long)size, pixels, w, 0, h, TJPF_RGB, 0)) atomic_fetch_add(&decoded, 1);
    if (kept) memcpy(kept + (size_t)i * each, pixels, need < each ? need : each);
  }
  return NULL;
}

int main(int argc, char **argv) {
  char *line = NULL;
  size_t room = 0;
  ssize_t n;
  while ((n = getline(&line, &room, stdin)) > 0) {
    line[n - 1] = 0;
    paths = realloc(paths, sizeof *paths * (size_t)(count + 1));
    paths[count++] = strdup(line);
  }
  if (argc > 1) kept = malloc((each = (size_t)atol(argv[1])) * (size_t)count);
  struct timespec from, to;
  clock_gettime(CLOCK_MONOTONIC, &from);
  pthread_t other;
  pthread_create(&other, NULL, work, NULL);
  work(NULL);
  pthread_join(other, NULL);
  clock_gettime(CLOCK_MONOTONIC, &to);
  double t = (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) * 1e-9;
  printf("jpeg-loop %.0f images/s (%d decoded)\n", decoded / t, decoded);
}
