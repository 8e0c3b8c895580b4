/* Stands between a program and libc (LD_PRELOAD) for whatever changes files under one folder:
 * counts these calls, fails one of them or kills the process around it, and records each with its
 * data. Nothing happens before shim_plan is called, and only in the process that calls it and its
 * children by fork. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { NOTHING, EIO_ONCE, ENOSPC_ONCE, DISK_FULL, KILL_BEFORE, KILL_AFTER };
enum op { WRITE = 1, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, LINK, UNLINK, CREATE, MKDIR, SAID };
enum verdict { PASS, FAIL, SHORT };

/* One record of a trace; the two paths and the data follow. As tests/proofs/crash/shim.py reads it. */
struct record {
    uint32_t op, path_length, other_length, unused;
    uint64_t inode, size;
    int64_t offset;
};

static char root[PATH_MAX];
static const char *spared; /* a file whose path contains this is left alone */
static long at;
static enum kind kind;
static int trace = -1, full;
static long *count; /* shared with the parent, which reads it when this process is dead */

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t), (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_renameat)(int, const char *, int, const char *);
static int (*real_linkat)(int, const char *, int, const char *, int);
static int (*real_unlinkat)(int, const char *, int), (*real_mkdirat)(int, const char *, mode_t);
static int (*real_openat)(int, const char *, int, ...);

__attribute__((constructor(101))) static void find_real(void)
{
    real_write = dlsym(RTLD_NEXT, "write");
    real_writev = dlsym(RTLD_NEXT, "writev");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_renameat = dlsym(RTLD_NEXT, "renameat");
    real_linkat = dlsym(RTLD_NEXT, "linkat");
    real_unlinkat = dlsym(RTLD_NEXT, "unlinkat");
    real_mkdirat = dlsym(RTLD_NEXT, "mkdirat");
    real_openat = dlsym(RTLD_NEXT, "openat64");
}

/* Memory for a count that a forked child changes and its parent reads. */
long *shim_count(void)
{
    void *shared = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? NULL : shared;
}

/* From here on: call number `number` (from 1) under `folder` meets `what`. `into`: the descriptor
 * of a trace, or -1. */
void shim_plan(const char *folder, const char *spare, long number, int what, int into, long *shared)
{
    if (!realpath(folder, root))
        abort();
    spared = strdup(spare);
    at = number, kind = (enum kind)what, trace = into, count = shared, full = 0;
    *count = 0;
}

/* --- Which file a call is about -------------------------------------------------------------- */

static int watched(const char *path)
{
    size_t length = strlen(root);
    return length && !strncmp(path, root, length) && (!path[length] || path[length] == '/') &&
           !(*spared && strstr(path, spared));
}

static int path_of(int fd, char *path)
{
    char link[64];
    if (!*root)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return watched(path);
}

/* The absolute path of what may not be there yet. */
static int path_at(int folder, const char *name, char *path)
{
    char parent[PATH_MAX], resolved[PATH_MAX];
    if (!*root || (folder != AT_FDCWD && *name != '/'))
        return 0;
    snprintf(parent, sizeof parent, "%s", name);
    char *slash = strrchr(parent, '/');
    const char *last = slash ? name + (slash - parent) + 1 : name;
    if (slash)
        slash[slash == parent] = 0;
    if (!realpath(slash ? parent : ".", resolved))
        return 0;
    return snprintf(path, PATH_MAX, "%s/%s", resolved, last) < PATH_MAX && watched(path);
}

/* --- What happens to it ---------------------------------------------------------------------- */

static void die(void)
{
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Before a call. `grows`: a full disk stops it. */
static enum verdict before(int grows)
{
    long number = ++*count;
    if (full && grows) {
        errno = ENOSPC;
        return FAIL;
    }
    if (number != at)
        return PASS;
    switch (kind) {
    case EIO_ONCE:
        errno = EIO;
        return FAIL;
    case ENOSPC_ONCE:
        errno = ENOSPC;
        return grows ? FAIL : PASS;
    case DISK_FULL:
        full = 1;
        errno = ENOSPC;
        return grows ? SHORT : PASS;
    case KILL_BEFORE:
        die();
        break;
    default:
        break;
    }
    return PASS;
}

static void record(enum op op, const char *path, const char *other, uint64_t inode, int64_t offset,
                   const void *data, uint64_t size)
{
    if (trace < 0)
        return;
    struct record head = {op, strlen(path), strlen(other), 0, inode, size, offset};
    struct iovec parts[] = {{&head, sizeof head},
                            {(void *)path, head.path_length},
                            {(void *)other, head.other_length},
                            {(void *)data, data ? size : 0}};
    if (!data)
        head.size = 0;
    if (real_writev(trace, parts, 4) < 0)
        abort();
}

static uint64_t inode_of(int fd)
{
    struct stat status;
    return fstat(fd, &status) ? 0 : status.st_ino;
}

static uint64_t inode_at(int folder, const char *path)
{
    struct stat status;
    return fstatat(folder, path, &status, AT_SYMLINK_NOFOLLOW) ? 0 : status.st_ino;
}

/* After a call that went well. */
static void after(void)
{
    if (kind == KILL_AFTER && *count == at)
        die();
}

/* --- Contents -------------------------------------------------------------------------------- */

static ssize_t watched_write(int fd, const void *data, size_t size, off_t offset, int positioned)
{
    char path[PATH_MAX];
    int ours = path_of(fd, path);
    if (ours) {
        enum verdict verdict = before(1);
        if (verdict == FAIL)
            return -1;
        if (verdict == SHORT && size > 1)
            size /= 2;
        else if (verdict == SHORT)
            return -1;
    }
    if (ours && !positioned)
        offset = fcntl(fd, F_GETFL) & O_APPEND ? lseek(fd, 0, SEEK_END) : lseek(fd, 0, SEEK_CUR);
    ssize_t done = positioned ? real_pwrite(fd, data, size, offset) : real_write(fd, data, size);
    if (ours && done >= 0) {
        record(WRITE, path, "", inode_of(fd), offset, data, done);
        after();
    } else if (fd == STDOUT_FILENO && *root && done > 0) {
        record(SAID, "", "", 0, 0, data, done);
    }
    return done;
}

ssize_t write(int fd, const void *data, size_t size) { return watched_write(fd, data, size, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset)
{
    return watched_write(fd, data, size, offset, 1);
}
ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return watched_write(fd, data, size, offset, 1);
}

ssize_t writev(int fd, const struct iovec *parts, int number)
{
    ssize_t sum = 0;
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return real_writev(fd, parts, number);
    for (int i = 0; i < number; i++) {
        ssize_t done = watched_write(fd, parts[i].iov_base, parts[i].iov_len, 0, 0);
        if (done < 0)
            return sum ? sum : -1;
        sum += done;
        if ((size_t)done < parts[i].iov_len)
            break;
    }
    return sum;
}

int ftruncate(int fd, off_t size)
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return real_ftruncate(fd, size);
    if (before(1) != PASS)
        return -1;
    int done = real_ftruncate(fd, size);
    if (!done) {
        record(TRUNCATE, path, "", inode_of(fd), size, NULL, 0);
        after();
    }
    return done;
}
int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

static int watched_sync(int fd, int (*real)(int))
{
    char path[PATH_MAX];
    struct stat status;
    if (!path_of(fd, path))
        return real(fd);
    if (before(1) != PASS)
        return -1;
    int done = real(fd);
    if (!done && !fstat(fd, &status)) {
        record(S_ISDIR(status.st_mode) ? SYNC_FOLDER : SYNC, path, "", status.st_ino, 0, NULL, 0);
        after();
    }
    return done;
}
int fsync(int fd) { return watched_sync(fd, real_fsync); }
int fdatasync(int fd) { return watched_sync(fd, real_fdatasync); }

/* --- Names ----------------------------------------------------------------------------------- */

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    char path[PATH_MAX], other[PATH_MAX];
    int ours = path_at(from_folder, from, path) + path_at(to_folder, to, other) == 2;
    uint64_t inode = ours ? inode_at(from_folder, from) : 0;
    if (ours && before(1) != PASS)
        return -1;
    int done = real_renameat(from_folder, from, to_folder, to);
    if (ours && !done) {
        record(RENAME, path, other, inode, 0, NULL, 0);
        after();
    }
    return done;
}
int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    char path[PATH_MAX], other[PATH_MAX];
    int ours = path_at(from_folder, from, path) + path_at(to_folder, to, other) == 2;
    uint64_t inode = ours ? inode_at(from_folder, from) : 0;
    if (ours && before(1) != PASS)
        return -1;
    int done = real_linkat(from_folder, from, to_folder, to, flags);
    if (ours && !done) {
        record(LINK, path, other, inode, 0, NULL, 0);
        after();
    }
    return done;
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int unlinkat(int folder, const char *name, int flags)
{
    char path[PATH_MAX];
    int ours = path_at(folder, name, path);
    uint64_t inode = ours ? inode_at(folder, name) : 0;
    if (!inode) /* not there: nothing changes */
        return real_unlinkat(folder, name, flags);
    if (before(0) != PASS)
        return -1;
    int done = real_unlinkat(folder, name, flags);
    if (!done) {
        record(UNLINK, path, "", inode, 0, NULL, 0);
        after();
    }
    return done;
}
int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }

int mkdirat(int folder, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    int ours = path_at(folder, name, path) && !inode_at(folder, name);
    if (ours && before(1) != PASS)
        return -1;
    int done = real_mkdirat(folder, name, mode);
    if (ours && !done) {
        record(MKDIR, path, "", inode_at(folder, name), 0, NULL, 0);
        after();
    }
    return done;
}
int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

/* Opening counts where it makes or empties a file. */
static int watched_open(int folder, const char *name, int flags, mode_t mode)
{
    char path[PATH_MAX];
    int ours = flags & (O_CREAT | O_TRUNC) && path_at(folder, name, path);
    int there = ours && inode_at(folder, name);
    ours = ours && (there ? flags & O_TRUNC : flags & O_CREAT);
    if (ours && before(1) != PASS)
        return -1;
    int fd = real_openat(folder, name, flags, mode);
    if (ours && fd >= 0) {
        record(there ? TRUNCATE : CREATE, path, "", inode_of(fd), 0, NULL, 0);
        after();
    }
    return fd;
}

#define MODE(flags)                                                                                \
    mode_t mode = 0;                                                                               \
    if (((flags) & O_CREAT) || ((flags) & O_TMPFILE) == O_TMPFILE) {                                                       \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode = va_arg(rest, mode_t);                                                               \
        va_end(rest);                                                                              \
    }

int open(const char *name, int flags, ...)
{
    MODE(flags)
    return watched_open(AT_FDCWD, name, flags, mode);
}
int open64(const char *name, int flags, ...)
{
    MODE(flags)
    return watched_open(AT_FDCWD, name, flags, mode);
}
int openat(int folder, const char *name, int flags, ...)
{
    MODE(flags)
    return watched_open(folder, name, flags, mode);
}
int openat64(int folder, const char *name, int flags, ...)
{
    MODE(flags)
    return watched_open(folder, name, flags, mode);
}
