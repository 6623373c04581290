//! The attributes of a file beside its bytes, given to the one that replaces it.

use std::fs;
use std::path::Path;

use tempfile::NamedTempFile;

/// Gives a new file the permissions, owner, group and extended attributes of the old one. What the system does not let be
/// given is returned in words.
///
/// # Errors
/// If the permissions cannot be set.
#[cfg(unix)]
pub(super) fn keep(path: &Path, old: &fs::Metadata, new: &NamedTempFile) -> std::io::Result<Vec<String>> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let mut lost = Vec::new();
    let now = new.as_file().metadata()?;
    // A change of the owner takes away some permissions, so it comes first; perhaps only the group can be set.
    if now.gid() != old.gid() && fchown(new, None, Some(old.gid())).is_err() {
        lost.push(format!("group {}", old.gid()));
    }
    if now.uid() != old.uid() && fchown(new, Some(old.uid()), None).is_err() {
        lost.push(format!("owner {}", old.uid()));
    }
    fs::set_permissions(new.path(), old.permissions())?;
    lost.extend(extended(path, new));
    Ok(lost)
}

#[cfg(not(unix))]
pub(super) fn keep(_path: &Path, old: &fs::Metadata, new: &NamedTempFile) -> std::io::Result<Vec<String>> {
    fs::set_permissions(new.path(), old.permissions())?;
    Ok(Vec::new())
}

/// Copies the extended attributes, access lists among them; gives those that could not be set.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn extended(old: &Path, new: &NamedTempFile) -> Vec<String> {
    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr, getxattr, listxattr};
    // More than a file system keeps of one file; where there are none at all, none is lost.
    let mut names = vec![0; 64 << 10];
    let Ok(length) = listxattr(old, names.as_mut_slice()) else { return Vec::new() };
    let mut lost = Vec::new();
    for name in names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()) {
        let (mut value, mut now) = (vec![0; 64 << 10], vec![0; 64 << 10]);
        let Ok(length) = getxattr(old, name, value.as_mut_slice()) else { continue };
        let has = fgetxattr(new, name, now.as_mut_slice()).is_ok_and(|has| now[..has] == value[..length]);
        if !has && fsetxattr(new, name, &value[..length], XattrFlags::empty()).is_err() {
            lost.push(format!("attribute {}", String::from_utf8_lossy(name).escape_debug()));
        }
    }
    lost
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "macos"))))]
fn extended(_old: &Path, _new: &NamedTempFile) -> Vec<String> {
    Vec::new()
}
