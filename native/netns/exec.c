// netloom-exec: enters a network namespace and becomes another program.
//
//   netloom-exec NAMESPACE UID GID ARGV0 FILE [ARGUMENT...]
//
// NAMESPACE is a path (/proc/<pid>/fd/<n> or /run/netns/<name>). UID and GID are numbers to change to once inside, or
// "-" to stay. The library starts it with posix_spawn's semantics through node:child_process, so that no thread of the
// calling process ever leaves its namespace. Exits with 125 when the namespace cannot be entered, 126 when FILE cannot
// be run and 127 when it is not found, as env(1) does.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int fail(const char* what, int status) {
  fprintf(stderr, "netloom-exec: %s: %s\n", what, strerror(errno));
  return status;
}

int main(int argc, char** argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: netloom-exec NAMESPACE UID GID ARGV0 FILE [ARGUMENT...]\n");
    return 125;
  }
  const int fd = open(argv[1], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return fail(argv[1], 125);
  if (setns(fd, CLONE_NEWNET) < 0) return fail("setns", 125);
  if (strcmp(argv[3], "-") != 0) {
    const gid_t gid = (gid_t)strtoul(argv[3], NULL, 10);
    if (setgroups(0, NULL) < 0 || setgid(gid) < 0) return fail("setgid", 125);
  }
  if (strcmp(argv[2], "-") != 0 && setuid((uid_t)strtoul(argv[2], NULL, 10)) < 0) return fail("setuid", 125);
  const char* file = argv[5];
  argv[5] = argv[4];
  execvp(file, argv + 5);
  return fail(file, errno == ENOENT ? 127 : 126);
}
