//! The programs of README.md compile against code that is generated from the module it shows.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

use std::path::{Path, PathBuf};
use std::process::Command;

use ambit_codegen::{Language, Options, generate};
use ambit_model::{
    ColumnSchema, ColumnType, Field, IndexKind, IndexSchema, Lifecycle, ReducerSchema, Schema, TableSchema,
};

/// The module of the tour.
fn schema() -> Schema {
    let column = |name: &str, ty| ColumnSchema::new(name, ty);
    let index = |name: &str, column, kind, unique| IndexSchema {
        name: name.into(),
        columns: vec![column],
        kind,
        unique,
    };
    let reducer = |name: &str, parameter: &str, ty| ReducerSchema {
        name: name.into(),
        params: vec![Field { name: parameter.into(), ty }],
        lifecycle: Lifecycle::Call,
        doc: String::new(),
    };
    Schema {
        tables: vec![TableSchema {
            name: "player".into(),
            public: true,
            columns: vec![
                column("identity", ColumnType::Identity),
                column("name", ColumnType::String),
                column("position", ColumnType::Vec3),
            ],
            indexes: vec![
                index("identity", 0, IndexKind::Hash, true),
                index("name", 1, IndexKind::Hash, true),
                index("position", 2, IndexKind::Spatial { cell: 32.0 }, false),
            ],
            primary: Some(0),
            doc: "Everyone who ever joined.".into(),
            ..TableSchema::default()
        }],
        reducers: vec![
            reducer("join", "name", ColumnType::String),
            reducer("move_to", "position", ColumnType::Vec3),
        ],
        ..Schema::default()
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A folder with the generated code and the README's program in this language.
fn folder(language: Language, program: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readme").join(language.name());
    let _absent = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for file in generate(&schema(), language, &Options::default()).unwrap() {
        std::fs::write(folder.join(file.path), file.text).unwrap();
    }
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, block) = readme.split_once(&format!("```{}\n", language.name())).unwrap();
    std::fs::write(folder.join(program), block.split_once("```").unwrap().0).unwrap();
    folder
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_csharp_program_compiles() {
    let folder = folder(Language::CSharp, "Program.cs");
    run(Command::new("mcs")
        .args(["-unsafe", "-langversion:latest"])
        .arg(format!("-out:{}", folder.join("program.exe").display()))
        .arg(format!("{}/*.cs", folder.display()))
        .arg(format!("{}/*.cs", root().join("unity-package/Runtime/Core").display())));
}

#[test]
fn the_cpp_program_compiles() {
    let folder = folder(Language::Cpp, "program.cpp");
    run(Command::new("g++")
        .args([
            "-std=c++17",
            "-fsyntax-only",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-fno-exceptions",
            "-fno-rtti",
            "-I",
        ])
        .arg(root().join("bindings/cpp/include"))
        .arg(folder.join("program.cpp")));
}
