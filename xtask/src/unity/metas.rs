//! The `.meta` files beside every file and folder that the engine imports: their identifiers, which are made from the path once and
//! kept when a file moves, and their import settings.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::files;
use super::plugins::PLUGINS;

/// Writes what is missing. An identifier that is there stays: scenes refer to it.
pub fn write() -> Result<()> {
    let present = files::present()?;
    for asset in assets(&present) {
        let path = super::package().join(format!("{asset}.meta"));
        let known = fs::read_to_string(&path).unwrap_or_default();
        let text = text(&asset, &identifier(&known).unwrap_or_else(|| made(&asset)));
        if known != text {
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(&path, text).with_context(|| path.display().to_string())?;
            println!("wrote {}", path.display());
        }
    }
    files::write()
}

/// What is wrong with the package's `.meta` files, in sentences with the file first.
pub fn faults() -> Result<Vec<(String, String)>> {
    let present = files::present()?;
    let mut metas = BTreeMap::new();
    for path in present.iter().filter(|path| path.ends_with(".meta")) {
        metas.insert(path.clone(), fs::read_to_string(super::package().join(path)).context(path.clone())?);
    }
    let mut faults = check(&assets(&present), &metas);
    if files::shipped(&present) != files::committed()? {
        let text = "differs from the files of the package; if that is meant, run `cargo xtask unity metas`";
        faults.push((files::LIST.to_string(), text.to_string()));
    }
    Ok(faults)
}

/// Whether every asset has settings as they are written, no identifier is used twice, and no settings are left over.
fn check(assets: &BTreeSet<String>, metas: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let mut faults = Vec::new();
    let mut owners: BTreeMap<String, &String> = BTreeMap::new();
    let missing = assets.iter().filter(|asset| !metas.contains_key(&format!("{asset}.meta")));
    for asset in missing {
        faults.push((asset.clone(), "has no .meta file: run `cargo xtask unity metas`".to_string()));
    }
    for (path, known) in metas {
        let asset = path.trim_end_matches(".meta");
        let Some(id) = identifier(known) else {
            faults.push((path.clone(), "names no guid of 32 hexadecimal digits".to_string()));
            continue;
        };
        if !assets.contains(asset) {
            faults.push((path.clone(), format!("{asset} is not there: delete this file")));
        } else if *known != text(asset, &id) {
            faults.push((path.clone(), "other settings than `cargo xtask unity metas` writes".to_string()));
        }
        if let Some(other) = owners.insert(id, path) {
            faults.push((path.clone(), format!("has the guid of {other}")));
        }
    }
    faults
}

/// Every file and folder that the engine imports, and the samples' files, which it imports when they are taken over. The folders
/// whose names end in `~` themselves are hidden from it. Libraries count as present: they are built later.
fn assets(present: &BTreeSet<String>) -> BTreeSet<String> {
    let mut assets = BTreeSet::new();
    let libraries = PLUGINS.map(|plugin| plugin.path());
    let files = present.iter().filter(|path| !path.ends_with(".meta")).chain(&libraries);
    for file in files.filter(|path| !path.starts_with("Tests~/") && !path.starts_with("Documentation~/")) {
        // Of a sample the folder gets its settings when it is taken over.
        let depth = if file.starts_with("Samples~/") { 3 } else { 1 };
        let parts: Vec<&str> = file.split('/').collect();
        for end in depth..=parts.len() {
            let asset = parts.get(..end).unwrap_or_default().join("/");
            if !asset.rsplit('/').next().unwrap_or_default().starts_with('.') {
                assets.insert(asset);
            }
        }
    }
    assets
}

/// The identifier in a `.meta` file.
pub fn identifier(meta: &str) -> Option<String> {
    let id = meta.lines().find_map(|line| line.strip_prefix("guid: "))?.trim();
    let is_hex =
        id.len() == 32 && id.bytes().all(|letter| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter));
    is_hex.then(|| id.to_string())
}

/// An identifier from the path: FNV-1a with 128 bits (Fowler, Noll, Vo; draft-eastlake-fnv).
fn made(asset: &str) -> String {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    let bytes = ["com.ambit.client/", asset].concat().into_bytes();
    let id = bytes.iter().fold(BASIS, |id, byte| (id ^ u128::from(*byte)).wrapping_mul(PRIME));
    format!("{id:032x}")
}

/// The whole file for an asset with this identifier.
fn text(asset: &str, id: &str) -> String {
    const END: &str = "  userData: \n  assetBundleName: \n  assetBundleVariant: \n";
    let name = asset.rsplit('/').next().unwrap_or_default();
    let head = format!("fileFormatVersion: 2\nguid: {id}\n");
    let plain = |importer: &str| format!("{head}{importer}:\n  externalObjects: {{}}\n{END}");
    if let Some(plugin) = PLUGINS.iter().find(|plugin| plugin.path() == asset) {
        return format!("{head}{}{END}", plugin.importer());
    }
    match Path::new(name).extension().and_then(|extension| extension.to_str()) {
        Some("cs") => format!(
            "{head}MonoImporter:\n  externalObjects: {{}}\n  serializedVersion: 2\n  defaultReferences: []\n  executionOrder: 0\n  \
             icon: {{instanceID: 0}}\n{END}"
        ),
        Some("asmdef") => plain("AssemblyDefinitionImporter"),
        Some("json") if asset == "package.json" => plain("PackageManifestImporter"),
        Some("md" | "xml" | "json" | "txt") => plain("TextScriptImporter"),
        Some("prefab") => plain("PrefabImporter"),
        Some("unity") => plain("DefaultImporter"),
        Some("asset" | "mat") => {
            let main = if name.ends_with(".mat") { 2_100_000 } else { 11_400_000 };
            format!("{head}NativeFormatImporter:\n  externalObjects: {{}}\n  mainObjectFileID: {main}\n{END}")
        }
        Some(_) | None => format!("{head}folderAsset: yes\nDefaultImporter:\n  externalObjects: {{}}\n{END}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(paths: &[&str]) -> BTreeSet<String> {
        paths.iter().map(|path| (*path).to_string()).collect()
    }

    fn whole(assets: &BTreeSet<String>) -> BTreeMap<String, String> {
        assets.iter().map(|asset| (format!("{asset}.meta"), text(asset, &made(asset)))).collect()
    }

    #[test]
    fn files_and_folders_that_the_engine_sees_need_settings() {
        let assets = assets(&package(&[
            "README.md",
            "Runtime/A.cs",
            "Samples~/Chat/Chat.cs",
            "Tests~/run",
            ".npmignore",
        ]));
        let without: Vec<&String> = assets.iter().filter(|asset| !asset.contains("Plugins")).collect();
        assert_eq!(without, ["README.md", "Runtime", "Runtime/A.cs", "Samples~/Chat/Chat.cs"]);
        assert!(assets.contains("Runtime/Plugins/linux-x86_64/libambit.so"));
    }

    #[test]
    fn missing_double_and_orphaned_settings_are_found() {
        let assets = assets(&package(&["Runtime/A.cs", "Runtime/B.cs"]));
        let mut metas = whole(&assets);
        assert_eq!(check(&assets, &metas), []);
        metas.remove("Runtime.meta");
        let of_a = metas["Runtime/A.cs.meta"].clone();
        metas.insert("Runtime/B.cs.meta".to_string(), of_a);
        metas.insert("Runtime/C.cs.meta".to_string(), text("Runtime/C.cs", &made("Runtime/C.cs")));
        let faults: Vec<String> = check(&assets, &metas).into_iter().map(|(path, _)| path).collect();
        assert_eq!(faults, ["Runtime", "Runtime/B.cs.meta", "Runtime/C.cs.meta"]);
    }

    #[test]
    fn an_identifier_stays_when_the_file_moves() {
        let moved = text("Runtime/New.cs", &made("Runtime/Old.cs"));
        assert_eq!(identifier(&moved), Some(made("Runtime/Old.cs")));
        assert_eq!(identifier("guid: 12"), None);
        assert_ne!(made("a"), made("b"));
    }
}
