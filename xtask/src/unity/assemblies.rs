//! Compiles the package as the engine would: one assembly for each `.asmdef`, with the references that it names and no others. The
//! engine itself is a set of stand-ins.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::step;

/// Folders of the stand-ins and the assemblies that they take the place of, in the order of their references.
const STAND_INS: [(&str, &str); 4] = [
    ("EngineStandIn/UnityEngine", "UnityEngine"),
    ("EngineStandIn/UnityEditor", "UnityEditor"),
    ("EngineStandIn/TestRunner", "UnityEngine.TestRunner"),
    ("EngineStandIn/InputSystem", "Unity.InputSystem"),
];
/// The engine's part of the test runner that only the Editor has; the stand-in is one.
const EDITOR_TEST_RUNNER: &str = "UnityEditor.TestRunner";
/// The assembly that runs the package's tests on Mono.
const RUNNER: &str = "Ambit.StandIn.Tests";
/// Fields that only the engine assigns, or only the engine reads.
const QUIET: &str = "-nowarn:0649,0169,0414";

/// What an `.asmdef` says, as far as it matters to a compiler.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Assembly {
    name: String,
    references: Vec<String>,
    include_platforms: Vec<String>,
    allow_unsafe_code: bool,
    precompiled_references: Vec<String>,
    define_constraints: Vec<String>,
    no_engine_references: bool,
    #[serde(skip)]
    folder: PathBuf,
}

/// Compiles the stand-ins, the package, its samples and its tests into a folder.
pub fn compile(out: &Path) -> Result<()> {
    fs::create_dir_all(out)?;
    let tests = super::package().join("Tests~");
    for (index, (folder, name)) in STAND_INS.into_iter().enumerate() {
        let before = STAND_INS.iter().take(index).map(|(_, name)| (*name).to_string()).collect();
        let sources = sources(&tests.join(folder), &BTreeSet::new())?;
        mcs(out, name, &before, &["-pkg:nunit".to_string()], &sources)?;
    }
    let assemblies = ordered(assemblies()?)?;
    let folders: BTreeSet<PathBuf> = assemblies.iter().map(|assembly| assembly.folder.clone()).collect();
    for assembly in &assemblies {
        mcs(
            out,
            &assembly.name,
            &references(assembly),
            &options(assembly),
            &sources(&assembly.folder, &folders)?,
        )?;
    }
    refuses_web(out)?;
    let every: BTreeSet<String> = assemblies
        .iter()
        .map(|assembly| assembly.name.clone())
        .chain(STAND_INS.map(|(_, name)| name.to_string()))
        .collect();
    let options = ["-unsafe", "-pkg:nunit", "-define:UNITY_EDITOR"].map(str::to_string);
    mcs(out, RUNNER, &every, &options, &sources(&tests.join("Runner"), &BTreeSet::new())?)
}

fn assemblies() -> Result<Vec<Assembly>> {
    let mut found = Vec::new();
    for path in files_below(&super::package(), "asmdef")? {
        let text = fs::read_to_string(&path)?;
        let mut assembly: Assembly =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        assembly.folder = path.parent().unwrap_or(&path).to_path_buf();
        found.push(assembly);
    }
    Ok(found)
}

/// Those that others refer to come first.
fn ordered(mut left: Vec<Assembly>) -> Result<Vec<Assembly>> {
    let names: BTreeSet<String> = left.iter().map(|assembly| assembly.name.clone()).collect();
    let mut done: Vec<Assembly> = Vec::new();
    while !left.is_empty() {
        let is_ready = |assembly: &Assembly| {
            let mut own = assembly.references.iter().filter(|name| names.contains(*name));
            own.all(|name| done.iter().any(|other| other.name == *name))
        };
        let Some(next) = left.iter().position(is_ready) else {
            let names: Vec<&str> = left.iter().map(|assembly| assembly.name.as_str()).collect();
            bail!("these assemblies refer to each other in a circle: {}", names.join(", "));
        };
        done.push(left.remove(next));
    }
    Ok(done)
}

/// What the engine adds by itself belongs to them.
fn references(assembly: &Assembly) -> BTreeSet<String> {
    let mut names: BTreeSet<String> =
        assembly.references.iter().filter(|name| *name != EDITOR_TEST_RUNNER).cloned().collect();
    if !assembly.no_engine_references {
        names.insert("UnityEngine".to_string());
    }
    if is_for_editor(assembly) {
        names.insert("UnityEditor".to_string());
    }
    names
}

fn options(assembly: &Assembly) -> Vec<String> {
    let mut options = vec!["-define:UNITY_2022_3_OR_NEWER,ENABLE_LEGACY_INPUT_MANAGER".to_string()];
    options.extend(assembly.allow_unsafe_code.then(|| "-unsafe".to_string()));
    options.extend(is_for_editor(assembly).then(|| "-define:UNITY_EDITOR".to_string()));
    options.extend(assembly.define_constraints.iter().map(|name| format!("-define:{name}")));
    let uses_nunit = assembly.precompiled_references.iter().any(|name| name == "nunit.framework.dll");
    options.extend(uses_nunit.then(|| "-pkg:nunit".to_string()));
    options
}

fn is_for_editor(assembly: &Assembly) -> bool {
    assembly.include_platforms == ["Editor"]
}

fn mcs(
    out: &Path,
    name: &str,
    references: &BTreeSet<String>,
    options: &[String],
    sources: &[PathBuf],
) -> Result<()> {
    let mut command = Command::new("mcs");
    command.args(["-target:library", "-langversion:latest", "-warnaserror", "-debug", QUIET]).args(options);
    let argument = |prefix: &str, file: String| {
        let mut argument = OsString::from(prefix);
        argument.push(out.join(file));
        argument
    };
    command.arg(argument("-out:", format!("{name}.dll")));
    for reference in references {
        command.arg(argument("-r:", format!("{reference}.dll")));
    }
    step::output(command.args(sources)).with_context(|| format!("assembly {name}"))?;
    Ok(())
}

/// A build for a browser must end with a sentence, not with a library that is not found.
fn refuses_web(out: &Path) -> Result<()> {
    let sources = sources(&super::package().join("Runtime/Core"), &BTreeSet::new())?;
    let options = ["-unsafe", "-define:UNITY_WEBGL"].map(str::to_string);
    match mcs(out, "Web", &BTreeSet::new(), &options, &sources) {
        Err(error) if format!("{error:#}").contains("does not run in WebGL") => Ok(()),
        Err(error) => {
            Err(error).context("a build for WebGL is refused, but not with the sentence that says why")
        }
        Ok(()) => bail!("a build for WebGL is not refused"),
    }
}

/// The C# files of an assembly's folder, but for those of assemblies in it.
fn sources(folder: &Path, others: &BTreeSet<PathBuf>) -> Result<Vec<PathBuf>> {
    let is_own = |file: &PathBuf| {
        let innermost = file.ancestors().skip(1).find(|above| *above == folder || others.contains(*above));
        innermost == Some(folder)
    };
    Ok(files_below(folder, "cs")?.into_iter().filter(is_own).collect())
}

/// Files with this extension, sorted. The stand-ins' folder is left out unless it is asked for.
fn files_below(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).with_context(|| next.display().to_string())? {
            let path = entry?.path();
            if path.is_dir() && path.file_name().is_some_and(|name| name != "Tests~") {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
