/*
 * A disk that is slow, full or failing, and one on which the process dies: an LD_PRELOAD library that stands between Node
 * and libc for the files of one store. Each operation that changes them is numbered and logged, so that the stage of a
 * commit can be named.
 *
 * CDRD_FAULT_STORE  only paths that contain this text are touched (needed; without it the library does nothing)
 * CDRD_FAULT_LOG    file that gets one line an operation: NUMBER KIND PATH OFFSET LENGTH, and `killed HOW` as the last
 * CDRD_FAULT_DATA   file that gets what an operation brought, LENGTH bytes each, one after the other: a write's bytes, a
 *                   rename's new path. With it the log also says `synced NUMBER` when an fsync has come back
 * CDRD_FAULT_PLAN   file that says what goes wrong; it is read anew before every operation and may appear at any time:
 *                     slow MS              each fsync and fdatasync takes MS milliseconds more
 *                     hold                 each fsync and fdatasync waits until the plan says otherwise, a minute at most
 *                     kill KIND END N HOW  SIGKILL at the Nth (from 1) operation of this kind (`any`: every kind) whose
 *                                          path ends in END (`any`: every path), counted from when the line appeared;
 *                                          HOW is before, torn (half of a write is done) or after
 *                     fail KIND END ERROR N
 *                                          from the Nth such operation on (likewise) all of them fail with ERROR: EIO,
 *                                          EROFS, ENOSPC; nothing of them is done, but with SHORT half of a write is
 *                     free BYTES           statfs says that so much is free
 * CDRD_FAULT_FREE   so much is free in the folder `state` where the plan says nothing of it: a small disk
 * Kinds: create write header headersync (of a WAL's header, and its fsync) fsync truncate rename unlink mkdir rmdir.
 *
 * Node's libuv calls these functions of libc from whatever thread; it imports no others that change a file, but for
 * copy_file_range by syscall(), which is made writes here. io_uring would go past them: Node 20 doesn't use it for files,
 * and the test proves by the log that the calls are seen. A path through a folder's descriptor (`/proc/self/fd/N/name`)
 * is named by where it leads.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

/* Descriptors followed: the daemon has 256 connections at most and a dozen files. */
#define FDS_MAX 2048
#define PATH_LENGTH 1024
/* A plan is one or two lines. */
#define PLAN_LENGTH 256
#define WORD_LENGTH 64
/* A test that forgets to release a held fsync must not hang for ever: looks at the plan, and their distance. */
#define HOLD_LOOKS 12000
#define HOLD_LOOK_MS 5

enum how { NOT, BEFORE, TORN, AFTER, FAIL, SHORT };

static const char *store, *log_path, *plan_path, *data_path;
static char *paths[FDS_MAX];
static dev_t devices[FDS_MAX];
static ino_t inodes[FDS_MAX];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long number;
static char plan_seen[PLAN_LENGTH];
static char kill_kind[WORD_LENGTH], kill_end[WORD_LENGTH], kill_how[WORD_LENGTH];
static long kill_at, matches, slow_ms;
static char fail_kind[WORD_LENGTH], fail_end[WORD_LENGTH], fail_error[WORD_LENGTH];
static long fail_from, fail_matches, free_always = -1, free_bytes = -1;
static int hold;

__attribute__((constructor)) static void begin(void) {
  store = getenv("CDRD_FAULT_STORE");
  log_path = getenv("CDRD_FAULT_LOG");
  plan_path = getenv("CDRD_FAULT_PLAN");
  data_path = getenv("CDRD_FAULT_DATA");
  if (getenv("CDRD_FAULT_FREE")) free_always = atol(getenv("CDRD_FAULT_FREE"));
}

static int concerns(const char *path) { return store && path && strstr(path, store) != NULL; }

/* By syscall: our own files must not come back in through the functions below. */
static void append(const char *to, const void *bytes, size_t length) {
  if (!to || length == 0) return;
  int file = syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return;
  syscall(SYS_write, file, bytes, length);
  syscall(SYS_close, file);
}

static void write_log(const char *text) { append(log_path, text, strlen(text)); }

static void read_plan(void) {
  char text[PLAN_LENGTH] = "";
  int file = plan_path ? syscall(SYS_openat, AT_FDCWD, plan_path, O_RDONLY | O_CLOEXEC) : -1;
  if (file >= 0) {
    long length = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    text[length > 0 ? length : 0] = 0;
  }
  if (strcmp(text, plan_seen) == 0) return;
  strcpy(plan_seen, text);
  slow_ms = kill_at = matches = fail_from = fail_matches = 0;
  free_bytes = -1;
  hold = strstr(text, "hold") != NULL;
  const char *line = strstr(text, "slow ");
  if (line) sscanf(line, "slow %ld", &slow_ms);
  line = strstr(text, "kill ");
  if (line && sscanf(line, "kill %63s %63s %ld %63s", kill_kind, kill_end, &kill_at, kill_how) != 4) kill_at = 0;
  line = strstr(text, "fail ");
  if (line && sscanf(line, "fail %63s %63s %63s %ld", fail_kind, fail_end, fail_error, &fail_from) != 4) fail_from = 0;
  line = strstr(text, "free ");
  if (line) sscanf(line, "free %ld", &free_bytes);
}

static int ends(const char *path, const char *end) {
  size_t all = strlen(path), tail = strlen(end);
  return strcmp(end, "any") == 0 || (all >= tail && strcmp(path + all - tail, end) == 0);
}

static int is_kind(const char *kind, const char *wanted) { return strcmp(wanted, "any") == 0 || strcmp(wanted, kind) == 0; }

static int error_number(void) {
  return strcmp(fail_error, "ENOSPC") == 0 ? ENOSPC : strcmp(fail_error, "EROFS") == 0 ? EROFS : EIO;
}

static void die(const char *how) {
  char text[WORD_LENGTH + 16];
  snprintf(text, sizeof text, "killed %s\n", how);
  write_log(text);
  kill(getpid(), SIGKILL);
  for (;;) pause();
}

static void sleep_ms(long ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  while (nanosleep(&time, &time) < 0 && errno == EINTR) {
  }
}

/* The number of this thread's last operation. */
static __thread long own_number;

/*
 * Counts, logs and slows one operation, or ends the process before it. Returns what is to happen in it or after it.
 * `bytes`: what it brings, `length` of them.
 */
static enum how meet(const char *kind, const char *path, long offset, const void *bytes, size_t length, int is_sync) {
  pthread_mutex_lock(&lock);
  char text[PATH_LENGTH + 128];
  read_plan();
  snprintf(text, sizeof text, "%ld %s %s %ld %zu\n", ++number, kind, path, offset, length);
  own_number = number;
  append(data_path, bytes, length);
  write_log(text);
  enum how how = NOT;
  if (fail_from > 0 && is_kind(kind, fail_kind) && ends(path, fail_end) && ++fail_matches >= fail_from)
    how = strcmp(fail_error, "SHORT") == 0 ? SHORT : FAIL;
  if (kill_at > 0 && is_kind(kind, kill_kind) && ends(path, kill_end) && ++matches == kill_at)
    how = strcmp(kill_how, "before") == 0 ? BEFORE : strcmp(kill_how, "torn") == 0 ? TORN : AFTER;
  long wait = is_sync ? slow_ms : 0;
  int held = is_sync && hold;
  if (how == BEFORE) die("before");
  /* Whoever must die keeps the lock: no other thread gets any further on the store. */
  if (how == NOT || how == FAIL || how == SHORT) pthread_mutex_unlock(&lock);
  if (wait > 0) sleep_ms(wait);
  for (int look = 0; held && look < HOLD_LOOKS; look++) {
    sleep_ms(HOLD_LOOK_MS);
    pthread_mutex_lock(&lock);
    read_plan();
    held = hold;
    pthread_mutex_unlock(&lock);
  }
  return how;
}

/* What a function that fails gives. */
static int refuse(void) {
  errno = error_number();
  return -1;
}

static void leave(enum how how) {
  if (how == TORN) die("torn");
  if (how == AFTER) die("after");
}

#define NEXT(name) \
  static __typeof__(&name) next; \
  if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static void follow(int file, const char *path) {
  if (file < 0 || file >= FDS_MAX || (!path && !paths[file])) return;
  struct stat status = {0};
  if (path) fstat(file, &status);
  pthread_mutex_lock(&lock);
  char *old = paths[file];
  paths[file] = path ? strdup(path) : NULL;
  devices[file] = status.st_dev;
  inodes[file] = status.st_ino;
  pthread_mutex_unlock(&lock);
  free(old);
}

/*
 * Not every close goes through libc's close() (libuv closes by syscall()), and a socket may get the number next: so a
 * descriptor is believed only while it still is the file that it was.
 */
static const char *path_of(int file) {
  if (file < 0 || file >= FDS_MAX || !paths[file]) return NULL;
  struct stat status;
  if (fstat(file, &status) == 0 && status.st_dev == devices[file] && status.st_ino == inodes[file]) return paths[file];
  follow(file, NULL);
  return NULL;
}

/* Where a path through a folder's descriptor leads; any other as it is. `room` holds PATH_LENGTH. */
static const char *resolved(const char *path, char *room) {
  int folder, used = 0;
  if (!path || sscanf(path, "/proc/self/fd/%d%n", &folder, &used) != 1 || path[used] != '/') return path;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  ssize_t length = readlink(link, room, PATH_LENGTH - 1);
  if (length < 0) return path;
  snprintf(room + length, PATH_LENGTH - length, "%s", path + used);
  return room;
}

/* An open that makes or empties a file is an operation; every other one only has its descriptor followed. */
#define OPEN(name, PARAMETERS, ARGUMENTS) \
  int name PARAMETERS { \
    NEXT(name); \
    mode_t mode = 0; \
    if (flags & O_CREAT) { \
      va_list rest; \
      va_start(rest, flags); \
      mode = va_arg(rest, mode_t); \
      va_end(rest); \
    } \
    char room[PATH_LENGTH]; \
    const char *real = resolved(path, room); \
    int ours = concerns(real); \
    enum how how = NOT; \
    if (ours && (flags & (O_CREAT | O_TRUNC))) { \
      int is_there = syscall(SYS_faccessat, AT_FDCWD, path, F_OK) == 0; \
      if (!is_there && (flags & O_CREAT)) how = meet("create", real, 0, NULL, 0, 0); \
      if (is_there && (flags & O_TRUNC)) how = meet("truncate", real, 0, NULL, 0, 0); \
    } \
    if (how == FAIL) return refuse(); \
    int file = next ARGUMENTS; \
    leave(how); \
    if (file >= 0) follow(file, ours ? real : NULL); \
    return file; \
  }
OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))

/* `offset` -1: wherever the descriptor stands. */
static ssize_t write_at(int file, const void *bytes, size_t length, off64_t offset) {
  return offset < 0 ? syscall(SYS_write, file, bytes, length) : syscall(SYS_pwrite64, file, bytes, length, offset);
}

static off64_t place_of(int file) {
  struct stat status;
  if ((fcntl(file, F_GETFL) & O_APPEND) && fstat(file, &status) == 0) return status.st_size;
  return lseek64(file, 0, SEEK_CUR);
}

/*
 * The WAL's own header is an operation of its own, and so is its fsync: writing it over an old one is how a WAL is begun
 * anew. Only the store's one thread writes WALs.
 */
static int header_written;
static ssize_t met_write(const char *path, int file, const void *bytes, size_t length, off64_t offset) {
  off64_t place = offset < 0 ? place_of(file) : offset;
  int is_wal = ends(path, "-wal");
  if (is_wal) header_written = offset == 0;
  const char *kind = is_wal && offset == 0 ? "header" : "write";
  enum how how = meet(kind, path, place, bytes, length, 0);
  if (how == FAIL) return refuse();
  ssize_t done = write_at(file, bytes, how == TORN || how == SHORT ? length / 2 : length, offset);
  int error = errno;
  leave(how);
  errno = error;
  return done;
}

ssize_t write(int file, const void *bytes, size_t length) {
  NEXT(write);
  const char *path = path_of(file);
  return path ? met_write(path, file, bytes, length, -1) : next(file, bytes, length);
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t offset) {
  NEXT(pwrite64);
  const char *path = path_of(file);
  return path ? met_write(path, file, bytes, length, offset) : next(file, bytes, length, offset);
}

/* Several pieces at once are not used for a store; should that change, the log shows it, and the first piece is a write. */
ssize_t writev(int file, const struct iovec *pieces, int count) {
  NEXT(writev);
  const char *path = path_of(file);
  return path && count > 0 ? met_write(path, file, pieces[0].iov_base, pieces[0].iov_len, -1) : next(file, pieces, count);
}

ssize_t pwritev64(int file, const struct iovec *pieces, int count, off64_t offset) {
  NEXT(pwritev64);
  const char *path = path_of(file);
  return path && count > 0 ? met_write(path, file, pieces[0].iov_base, pieces[0].iov_len, offset)
                           : next(file, pieces, count, offset);
}

/* Bytes of one step of a copy. */
#define COPY_STEP 65536

static ssize_t copy(const char *path, int from, off64_t *from_place, int to, off64_t *to_place, size_t length) {
  char bytes[COPY_STEP];
  if (length > sizeof bytes) length = sizeof bytes;
  ssize_t got = from_place ? pread(from, bytes, length, *from_place) : read(from, bytes, length);
  ssize_t done = got > 0 ? met_write(path, to, bytes, got, to_place ? *to_place : -1) : got;
  if (done > 0 && from_place) *from_place += done;
  if (done > 0 && to_place) *to_place += done;
  return done;
}

long syscall(long call, ...) {
  NEXT(syscall);
  va_list rest;
  va_start(rest, call);
  long a[6];
  for (int index = 0; index < 6; index++) a[index] = va_arg(rest, long);
  va_end(rest);
  const char *path = call == SYS_copy_file_range ? path_of(a[2]) : NULL;
  if (path) return copy(path, a[0], (off64_t *)a[1], a[2], (off64_t *)a[3], a[4]);
  return next(call, a[0], a[1], a[2], a[3], a[4], a[5]);
}

#define BY_DESCRIPTOR(name, kind, PARAMETERS, ARGUMENTS, offset, is_sync) \
  int name PARAMETERS { \
    NEXT(name); \
    const char *path = path_of(file); \
    enum how how = path ? meet(kind, path, offset, NULL, 0, is_sync) : NOT; \
    if (how == FAIL) return refuse(); \
    int result = next ARGUMENTS; \
    int error = errno; \
    if (path && is_sync && result == 0) synced(); \
    leave(how); \
    errno = error; \
    return result; \
  }
static const char *kind_of_sync(int file) {
  if (!header_written || !ends(path_of(file), "-wal")) return "fsync";
  header_written = 0;
  return "headersync";
}
static void synced(void) {
  char text[64];
  snprintf(text, sizeof text, "synced %ld\n", own_number);
  if (data_path) write_log(text);
}
BY_DESCRIPTOR(fsync, kind_of_sync(file), (int file), (file), 0, 1)
BY_DESCRIPTOR(fdatasync, kind_of_sync(file), (int file), (file), 0, 1)
BY_DESCRIPTOR(ftruncate64, "truncate", (int file, off64_t length), (file, length), length, 0)

/* `brought`: what the operation is told beside the path, or NULL. */
#define BY_PATH(name, kind, PARAMETERS, ARGUMENTS, brought) \
  int name PARAMETERS { \
    NEXT(name); \
    char room[PATH_LENGTH], room_of_brought[PATH_LENGTH]; \
    const char *real = resolved(path, room), *with = resolved(brought, room_of_brought); \
    enum how how = concerns(real) ? meet(kind, real, 0, with, with ? strlen(with) : 0, 0) : NOT; \
    if (how == FAIL) return refuse(); \
    int result = next ARGUMENTS; \
    int error = errno; \
    leave(how); \
    errno = error; \
    return result; \
  }
BY_PATH(unlink, "unlink", (const char *path), (path), NULL)
BY_PATH(rmdir, "rmdir", (const char *path), (path), NULL)
BY_PATH(mkdir, "mkdir", (const char *path, mode_t mode), (path, mode), NULL)
BY_PATH(rename, "rename", (const char *path, const char *to), (path, to), to)

/* Of any path of the store: how much room it says there is. */
int statfs64(const char *path, struct statfs64 *status) {
  NEXT(statfs64);
  int result = next(path, status);
  if (result == 0 && concerns(path)) {
    pthread_mutex_lock(&lock);
    read_plan();
    long bytes = free_bytes < 0 && ends(path, "/state") ? free_always : free_bytes;
    if (bytes >= 0) status->f_bavail = bytes / status->f_bsize;
    pthread_mutex_unlock(&lock);
  }
  return result;
}
