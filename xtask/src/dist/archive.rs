//! The archive, and the sums to verify it by.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use sha2::{Digest as _, Sha256};
use tar::{Builder, Header};

use super::contents::{File, Files};

/// A gzipped tar archive of the files, below a folder of that name, all of root and from that time.
pub(super) fn pack(folder: &str, files: &Files, time: u64) -> Result<Vec<u8>> {
    // The header of gzip names neither a time nor a system.
    let compressed = GzBuilder::new().write(Vec::new(), Compression::default());
    let mut archive = Builder::new(compressed);
    for (path, File { bytes, is_program }) in files {
        let mut header = Header::new_gnu();
        header.set_size(u64::try_from(bytes.len())?);
        header.set_mode(if *is_program { 0o755 } else { 0o644 });
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(time);
        archive.append_data(&mut header, format!("{folder}/{path}"), bytes.as_slice())?;
    }
    Ok(archive.into_inner()?.finish()?)
}

/// Writes `SHA256SUMS` of these files of the folder beside them, for `sha256sum --check`.
pub(super) fn write_sums(folder: &Path, names: &[&str]) -> Result<()> {
    let mut sums = String::new();
    for name in names {
        for byte in Sha256::digest(fs::read(folder.join(name))?) {
            write!(sums, "{byte:02x}")?;
        }
        writeln!(sums, "  {name}")?;
    }
    Ok(fs::write(folder.join("SHA256SUMS"), sums)?)
}

#[cfg(test)]
mod tests {
    use xshell::cmd;
    use xtask::workspace;

    use super::*;

    #[test]
    fn archive_tells_nothing_of_the_machine() {
        let file = |text: &str, is_program| File { bytes: text.into(), is_program };
        let files = Files::from([
            ("man/hub.1".to_owned(), file("pages", false)),
            ("hub".to_owned(), file("program", true)),
        ]);
        let folder = tempfile::tempdir().unwrap();
        let archive = folder.path().join("hub-1.tar.gz");
        fs::write(&archive, pack("hub-1", &files, 1_700_000_000).unwrap()).unwrap();

        let shell = workspace::shell().unwrap();
        let options = ["--verbose", "--numeric-owner", "--full-time", "--utc"];
        let listed = cmd!(shell, "tar --list {options...} --file {archive}").read().unwrap();
        let expected = "-rwxr-xr-x 0/0               7 2023-11-14 22:13:20 hub-1/hub\n\
                        -rw-r--r-- 0/0               5 2023-11-14 22:13:20 hub-1/man/hub.1";
        assert_eq!(listed, expected);
        // Neither a name nor a time in the header of gzip (RFC 1952).
        assert_eq!(&fs::read(&archive).unwrap()[3..8], [0; 5]);
    }
}
