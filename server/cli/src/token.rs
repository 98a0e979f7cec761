//! The tokens of this user, one file per server, readable by the user alone.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

/// The file of a server's token.
pub fn file(config: Option<&Path>, server: &str) -> anyhow::Result<PathBuf> {
    let folder = match config {
        Some(folder) => folder.to_owned(),
        None => default_folder().ok_or_else(|| {
            anyhow!("neither HOME nor XDG_CONFIG_HOME is set; give a folder for your tokens with --config")
        })?,
    };
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '.' | '-');
    let name: String = server
        .trim_start_matches("http://")
        .chars()
        .map(|character| if plain(character) { character } else { '_' })
        .collect();
    Ok(folder.join(format!("{name}.token")))
}

/// The kept token, if there is one.
pub fn read(file: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(file) {
        Ok(token) => Ok(Some(token.trim().to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read your token in {}", file.display())),
    }
}

/// Keeps a new token and returns it; if another command has kept one meanwhile, that one.
pub fn keep(file: &Path, token: &str) -> anyhow::Result<String> {
    let written = file.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| {
        let mut options = OpenOptions::new();
        // Never over one that is there: databases belong to it.
        options.create_new(true).write(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        options.open(file)?.write_all(format!("{token}\n").as_bytes())
    });
    match written {
        Ok(()) => Ok(token.to_owned()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let kept = read(file)?.filter(|kept| !kept.is_empty());
            kept.ok_or_else(|| anyhow!("{} holds no token; try again, or delete it", file.display()))
        }
        Err(error) => Err(error).with_context(|| format!("cannot keep your token in {}", file.display())),
    }
}

fn default_folder() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("XDG_CONFIG_HOME")
        .or_else(|| set("HOME").map(|home| home.join(".config")))
        .map(|base| base.join("ambit"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two commands at once used to leave one of them with a token that nobody kept.
    #[test]
    fn the_first_token_stays() {
        let folder = std::env::temp_dir().join(format!("ambit-token-{}", std::process::id()));
        let file = file(Some(&folder), "http://127.0.0.1:1").unwrap();
        assert_eq!(read(&file).unwrap(), None);
        assert_eq!(keep(&file, "first").unwrap(), "first");
        assert_eq!(keep(&file, "second").unwrap(), "first");
        assert_eq!(read(&file).unwrap().as_deref(), Some("first"));
        fs::write(&file, "").unwrap();
        assert!(keep(&file, "third").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
