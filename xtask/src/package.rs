//! `cargo xtask package`: the Unity package with the native libraries that can be built on this machine, as a folder and as an
//! archive that the engine's package manager takes.

mod libraries;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::step;
use crate::unity::files;
use crate::unity::plugins::PLUGINS;
use libraries::Built;

/// Where the package is put together, from the folder of what is built.
const STAGING: &str = "target/package";
/// The folder inside an archive of the package manager.
const ARCHIVE_ROOT: &str = "package";
/// The guide that ships inside the package.
const GUIDE: &str = "docs/unity.md";

/// Builds what can be built, puts it beside the sources, and packs both. Fails when there is not one library.
pub fn run(folders: &[String]) -> Result<()> {
    let mut missing = Vec::new();
    let mut there = 0;
    for plugin in &PLUGINS {
        let wanted = folders.is_empty() || folders.iter().any(|folder| folder == plugin.folder);
        let into = crate::unity::package().join(plugin.path());
        let built =
            if wanted { libraries::build(plugin, &into)? } else { Built::Not("not asked for".to_string()) };
        match built {
            Built::Now => println!("  built    {}", plugin.path()),
            Built::Not(_) if into.is_file() => println!("  kept     {}", plugin.path()),
            Built::Not(why) => {
                missing.push(format!("  MISSING  {}: {why}", plugin.path()));
                continue;
            }
        }
        there += 1;
    }
    if there == 0 {
        bail!("no library could be built:\n{}", missing.join("\n"));
    }
    let folder = stage()?;
    let archive = pack(&folder)?;
    for line in &missing {
        println!("{line}");
    }
    println!(
        "{there} of {} libraries; Package Manager > + > Add package from tarball: {}",
        PLUGINS.len(),
        archive.display()
    );
    Ok(())
}

/// Copies what ships: the files of the committed list, the libraries that are there, and the guide. Settings of libraries that are not
/// there would only make the engine complain.
fn stage() -> Result<PathBuf> {
    let folder = step::root().join(STAGING).join(ARCHIVE_ROOT);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let package = crate::unity::package();
    let mut shipped = files::committed()?;
    for plugin in &PLUGINS {
        let path = plugin.path();
        if package.join(&path).is_file() {
            shipped.push(path);
        } else {
            let folder = format!("Runtime/Plugins/{}", plugin.folder);
            shipped
                .retain(|file| *file != format!("{folder}.meta") && !file.starts_with(&format!("{folder}/")));
        }
    }
    for file in &shipped {
        copy(&package.join(file), &folder.join(file))?;
    }
    copy(&step::root().join(GUIDE), &folder.join("Documentation~/unity.md"))?;
    Ok(folder)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).with_context(|| from.display().to_string())?;
    Ok(())
}

fn pack(folder: &Path) -> Result<PathBuf> {
    let manifest = fs::read_to_string(folder.join("package.json"))?;
    let manifest: serde_json::Value = serde_json::from_str(&manifest).context("package.json")?;
    let word = |name: &str| manifest[name].as_str().unwrap_or_default().to_string();
    let archive = step::root().join(STAGING).join(format!("{}-{}.tgz", word("name"), word("version")));
    let staging = folder.parent().unwrap_or(folder);
    step::run(Command::new("tar").arg("-czf").arg(&archive).arg("-C").arg(staging).arg(ARCHIVE_ROOT))?;
    Ok(archive)
}
