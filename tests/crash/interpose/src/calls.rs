//! The C library's functions, as this program has them: each one is the system call, noted when it concerns the folder.
//!
//! `open` takes its mode as a variadic argument, which comes in the same register as a third one on x86-64 and ARM64.

#![allow(unsafe_code, reason = "the C library's functions have the C library's types")]

use std::ffi::CStr;

use libc::{c_char, c_int, c_uint, c_void, off_t, size_t, ssize_t};

use crate::state::{self, Operation};

fn refuse(errno: c_int) -> c_int {
    // SAFETY: the thread's own variable.
    unsafe { *libc::__errno_location() = errno };
    -1
}

/// The name in the folder of the file that a path leads to.
///
/// # Safety
/// The path ends with a NUL.
unsafe fn name(path: *const c_char) -> Option<String> {
    // SAFETY: see above.
    state::name_of(unsafe { CStr::from_ptr(path) }.to_bytes())
}

unsafe fn opening(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's arguments go on as they are.
    let open = || unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path, flags, mode) } as c_int;
    // SAFETY: the caller's path.
    let Some(name) = (unsafe { name(path) }) else { return open() };
    let opened = state::during(Operation::Open, |state| {
        let handle = open();
        if handle >= 0 {
            state.opened(handle, &name, flags & libc::O_TRUNC != 0);
        }
        handle
    });
    match opened {
        Ok(handle) => handle.unwrap_or_else(open),
        Err(errno) => refuse(errno),
    }
}

unsafe fn writing(fd: c_int, data: *const c_void, count: size_t, at: Option<off_t>) -> ssize_t {
    // SAFETY: the caller's arguments go on as they are.
    let write = || unsafe {
        match at {
            Some(at) => libc::syscall(libc::SYS_pwrite64, fd, data, count, at) as ssize_t,
            None => libc::syscall(libc::SYS_write, fd, data, count) as ssize_t,
        }
    };
    let Some(file) = state::file_of(fd) else { return write() };
    let operation = if file == state::INDEX { Operation::WriteIndex } else { Operation::Write };
    let wrote = state::during(operation, |state| {
        // SAFETY: a question for the handle's place.
        let at = at.unwrap_or_else(|| unsafe { libc::lseek(fd, 0, libc::SEEK_CUR) });
        let wrote = write();
        if wrote > 0 {
            // SAFETY: so many bytes of it were just written.
            let data = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), wrote as usize) };
            state.wrote(file, at as u64, data);
        }
        wrote
    });
    match wrote {
        Ok(wrote) => wrote.unwrap_or_else(write),
        Err(errno) => refuse(errno) as ssize_t,
    }
}

unsafe fn reading(fd: c_int, into: *mut c_void, count: size_t, at: Option<off_t>) -> ssize_t {
    // SAFETY: the caller's arguments go on as they are.
    let read = || unsafe {
        match at {
            Some(at) => libc::syscall(libc::SYS_pread64, fd, into, count, at) as ssize_t,
            None => libc::syscall(libc::SYS_read, fd, into, count) as ssize_t,
        }
    };
    match state::file_of(fd).map(|_| state::during(Operation::Read, |_| ())) {
        Some(Err(errno)) => refuse(errno) as ssize_t,
        _ => read(),
    }
}

unsafe fn syncing(fd: c_int, call: libc::c_long) -> c_int {
    // SAFETY: the caller's handle.
    let sync = || unsafe { libc::syscall(call, fd) } as c_int;
    match state::file_of(fd) {
        Some(file) => state::sync(file, sync).unwrap_or_else(refuse),
        None => sync(),
    }
}

unsafe fn truncating(fd: c_int, length: off_t) -> c_int {
    // SAFETY: the caller's arguments go on as they are.
    let truncate = || unsafe { libc::syscall(libc::SYS_ftruncate, fd, length) } as c_int;
    let Some(file) = state::file_of(fd) else { return truncate() };
    let truncated = state::during(Operation::Truncate, |state| {
        let done = truncate();
        if done == 0 {
            state.truncated(file, length as u64);
        }
        done
    });
    match truncated {
        Ok(done) => done.unwrap_or_else(truncate),
        Err(errno) => refuse(errno),
    }
}

/// The C library's function of this name.
///
/// # Safety
/// As there; so it is for all of them.
#[unsafe(no_mangle)]
unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { opening(path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_uint) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { opening(path, flags, mode) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn close(fd: c_int) -> c_int {
    // Before it is given to the next file.
    state::closed(fd);
    // SAFETY: the caller's handle.
    (unsafe { libc::syscall(libc::SYS_close, fd) }) as c_int
}

#[unsafe(no_mangle)]
unsafe extern "C" fn write(fd: c_int, data: *const c_void, count: size_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { writing(fd, data, count, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite(fd: c_int, data: *const c_void, count: size_t, at: off_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { writing(fd, data, count, Some(at)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pwrite64(fd: c_int, data: *const c_void, count: size_t, at: off_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { writing(fd, data, count, Some(at)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn read(fd: c_int, into: *mut c_void, count: size_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { reading(fd, into, count, None) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread(fd: c_int, into: *mut c_void, count: size_t, at: off_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { reading(fd, into, count, Some(at)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn pread64(fd: c_int, into: *mut c_void, count: size_t, at: off_t) -> ssize_t {
    // SAFETY: the caller's promise.
    unsafe { reading(fd, into, count, Some(at)) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { syncing(fd, libc::SYS_fsync) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { syncing(fd, libc::SYS_fdatasync) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate(fd: c_int, length: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { truncating(fd, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn ftruncate64(fd: c_int, length: off_t) -> c_int {
    // SAFETY: the caller's promise.
    unsafe { truncating(fd, length) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: the caller's path goes on as it is.
    let unlink = || unsafe { libc::syscall(libc::SYS_unlinkat, libc::AT_FDCWD, path, 0) } as c_int;
    // SAFETY: the caller's path.
    let Some(name) = (unsafe { name(path) }) else { return unlink() };
    let unlinked = state::during(Operation::Unlink, |state| {
        let done = unlink();
        if done == 0 {
            state.unlinked(&name);
        }
        done
    });
    match unlinked {
        Ok(done) => done.unwrap_or_else(unlink),
        Err(errno) => refuse(errno),
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: the caller's paths go on as they are.
    let rename = || unsafe { libc::syscall(libc::SYS_renameat2, libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) }
        as c_int;
    // SAFETY: the caller's paths.
    let (Some(old), Some(new)) = (unsafe { (name(from), name(to)) }) else { return rename() };
    let renamed = state::during(Operation::Write, |state| {
        let done = rename();
        if done == 0 {
            state.renamed(&old, &new);
        }
        done
    });
    match renamed {
        Ok(done) => done.unwrap_or_else(rename),
        Err(errno) => refuse(errno),
    }
}
