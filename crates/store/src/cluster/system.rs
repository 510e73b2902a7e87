//! The few calls to the operating system that the standard library lacks. Linux only.
//!
//! Nothing here keeps state; each function is one call with its error.

use std::ffi::CString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The effective user id of this process.
#[allow(unsafe_code, reason = "geteuid has no preconditions and cannot fail")]
pub fn user_id() -> u32 {
    unsafe { libc::geteuid() }
}

/// The effective group id of this process.
#[allow(unsafe_code, reason = "getegid has no preconditions and cannot fail")]
pub fn group_id() -> u32 {
    unsafe { libc::getegid() }
}

/// Sends `signal` (a `libc::SIG…`) to process `pid`, or to the process group `-pid`.
/// Refuses 0 and -1, which would mean «everybody».
#[allow(unsafe_code, reason = "kill takes two integers; dangerous targets are refused above it")]
pub fn send_signal(pid: i32, signal: i32) -> io::Result<()> {
    if matches!(pid, 0 | -1) {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    match unsafe { libc::kill(pid, signal) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Whether process `pid` exists and has not ended; an unreaped (zombie) process has ended.
pub fn is_alive(pid: i32) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

/// Free space for ordinary users on the file system of `path`, in MiB.
#[allow(unsafe_code, reason = "statvfs fills a zeroed plain struct; the path is NUL-terminated")]
pub fn free_mib(path: &Path) -> io::Result<u64> {
    let path = CString::new(path.as_os_str().as_bytes())?;
    let mut figures: libc::statvfs = unsafe { std::mem::zeroed() };
    match unsafe { libc::statvfs(path.as_ptr(), &raw mut figures) } {
        0 => Ok(figures.f_bavail.saturating_mul(figures.f_frsize) >> 20),
        _ => Err(io::Error::last_os_error()),
    }
}
