//! The generated code: unchanged unless someone meant it, accepted by each compiler, and right about every byte
//! of rows that Rust wrote.

#![allow(clippy::unwrap_used, reason = "a test that panics has failed")]

#[path = "generated/every_type.rs"]
mod every_type;

use std::path::{Path, PathBuf};
use std::process::Command;

use ambit_codegen::{GenerateError, Language, Options, generate};
use ambit_model::{delta, encode_row};
use expect_test::expect_file;

const LANGUAGES: [Language; 4] = [Language::CSharp, Language::Cpp, Language::Rust, Language::Unreal];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// An empty folder of this test's own with the generated files and the rows in it.
fn folder(name: &str, language: Language) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _absent = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    for file in generate(&every_type::schema(), language, &Options::default()).unwrap() {
        std::fs::write(folder.join(file.path), file.text).unwrap();
    }
    for table in ["plain", "heap_row", "nested_fixed", "nested", "membership", "veiled"] {
        let bytes = shown_row(table);
        std::fs::write(folder.join(table).with_extension("row"), bytes).unwrap();
    }
    folder
}

/// A row as a client that is shown it has it.
fn shown_row(table: &str) -> Vec<u8> {
    let schema = every_type::schema();
    let (_, own) = schema.table(table).unwrap();
    let (layout, mask) = (own.layout(), own.visible_columns() & own.layout().all_columns());
    let told = schema.for_clients().table(table).unwrap().1.layout();
    let row = encode_row(&layout, &every_type::row(table)).unwrap();
    let (mut packed, mut shown) = (Vec::new(), Vec::new());
    delta::pack_columns(&layout, &row, mask, &mut packed).unwrap();
    delta::apply_columns(&told, &told.blank_row(), mask, &packed, &mut shown).unwrap();
    shown
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?} failed:\n{text}");
    text
}

fn sources(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

/// What a reader in another language says about the rows.
const EXPECTED: &str = "plain 5 -8 4000000000 1.5 13 -3 77 Angry 3 99 7 42 ok\n\
                        heap Grüße 3 1 2 sword sword ok\nnested_fixed ok\nnested ok\nveiled 5 9 777 ok\n";

#[test]
fn the_text_is_as_committed() {
    for language in LANGUAGES {
        let folder = here().join("tests/generated").join(language.name());
        let mut names = Vec::new();
        for file in generate(&every_type::schema(), language, &Options::default()).unwrap() {
            assert!(file.text.starts_with(&language.first_line()));
            expect_file![folder.join(&file.path)].assert_eq(&file.text);
            names.push(file.path);
        }
        let committed = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
        let mut committed: Vec<_> = committed.map(|name| name.into_string().unwrap()).collect();
        committed.sort();
        names.sort();
        assert_eq!(committed, names, "a file that is no longer generated");
    }
}

#[test]
fn csharp_compiles_and_reads_and_writes_every_type() {
    let folder = folder("csharp", Language::CSharp);
    let program = folder.join("read.exe");
    run(Command::new("mcs")
        .args(["-unsafe", "-langversion:latest", "-warnaserror", "-nowarn:0649,0169,0414"])
        .arg(format!("-out:{}", program.display()))
        .args(sources(&folder, "cs"))
        .args(sources(&here().join("../../unity-package/Runtime/Core"), "cs"))
        .arg(here().join("tests/generated/read.cs")));
    assert_eq!(run(Command::new("mono").arg(program).arg(&folder)), EXPECTED);
}

#[test]
fn cpp_compiles_and_reads_and_writes_every_type() {
    let folder = folder("cpp", Language::Cpp);
    for compiler in ["g++", "clang++"] {
        let program = folder.join(format!("read-{compiler}"));
        run(Command::new(compiler)
            .args(["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"])
            .args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g"])
            .arg("-I")
            .arg(here().join("../cpp/include"))
            .arg("-I")
            .arg(&folder)
            .arg(here().join("tests/generated/read.cpp"))
            .arg("-o")
            .arg(&program));
        assert_eq!(run(Command::new(program).arg(&folder)), EXPECTED);
    }
}

/// With the plugin's own sources, on its stand-in engine; the header tool says what UnrealHeaderTool would refuse.
#[test]
fn unreal_compiles_and_reads_and_writes_every_type() {
    let folder = folder("unreal", Language::Unreal);
    let plugin = here().join("../../unreal-plugin");
    let sources = plugin.join("Ambit/Source/Ambit");
    run(Command::new("python3")
        .arg(plugin.join("Tests/header_tool.py"))
        .arg(folder.join("made"))
        .args([&sources.join("Public"), &folder]));
    let mut all = String::new();
    for file in self::sources(&sources.join("Private"), "cpp").iter().chain(&self::sources(&folder, "cpp")) {
        // There is no core to go to.
        if !file.ends_with("AmbitBackend.cpp") {
            all.push_str(&format!("#include \"{}\"\n", file.display()));
        }
    }
    let unity = folder.join("made/all.cpp");
    std::fs::write(&unity, all).unwrap();
    let compile = |compiler: &str| {
        let mut command = Command::new(compiler);
        command
            .args(["-std=c++20", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti", "-g1"])
            .args(["-DAMBIT_API=", "-DAMBIT_DELAY_LOADED=0", "-DAMBIT_LIBRARY=\"\""])
            .arg("-I")
            .arg(plugin.join("Tests/EngineStandIn"))
            .arg("-I")
            .arg(folder.join("made"))
            .arg("-I")
            .arg(sources.join("Public"))
            .arg("-I")
            .arg(here().join("../cpp/include"))
            .arg("-I")
            .arg(here().join("../cpp/src"))
            .arg("-I")
            .arg(&folder);
        command
    };
    let read = here().join("tests/generated/read_unreal.cpp");
    run(compile("g++").arg("-fsyntax-only").arg(&unity).arg(&read));
    let program = folder.join("made/read");
    run(compile("clang++")
        .args(["-fsanitize=address,undefined", "-fno-sanitize-recover=all"])
        .args([&unity, &read, &plugin.join("Tests/EngineStandIn/StandIn/Engine.cpp")])
        .arg("-o")
        .arg(&program));
    assert_eq!(run(Command::new(program).arg(&folder)), EXPECTED);
}

#[test]
fn nothing_is_generated_of_private_columns() {
    for language in LANGUAGES {
        for file in generate(&every_type::schema(), language, &Options::default()).unwrap() {
            for secret in ["note", "treasure", "last", "Note", "Treasure", "Last", "flag = "] {
                let is_there =
                    file.text.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == secret);
                assert!(!is_there, "{secret} in {}", file.path);
            }
        }
    }
}

#[test]
fn names_that_would_meet_are_refused() {
    let mut schema = every_type::schema();
    schema.tables[2].name = "nested_".into();
    let error = generate(&schema, Language::Rust, &Options::default()).unwrap_err();
    assert!(matches!(&error, GenerateError::SameName { name, .. } if name == "NestedRow"), "{error}");
}

#[test]
fn names_of_the_generators_own_are_refused() {
    use ambit_model::{ColumnType, StructType};
    let refused = |language, name: &str| {
        let mut schema = every_type::schema();
        let fields = schema.reducers[4].params.clone();
        let structure = StructType { name: name.into(), fields };
        schema.reducers[4].params[0].ty = ColumnType::Struct(std::sync::Arc::new(structure));
        matches!(generate(&schema, language, &Options::default()), Err(GenerateError::SameName { .. }))
    };
    for language in LANGUAGES {
        for name in ["Tables", "Reducers", "Database", "PlainTable", "PlainRow", "plain_row"] {
            assert!(refused(language, name), "{language:?} {name}");
        }
        for name in ["Field", "Row", "Column", "Players"] {
            assert!(!refused(language, name), "{language:?} {name}");
        }
    }
    assert!(refused(Language::CSharp, "RowCodec") && refused(Language::CSharp, "PlainRows"));
    assert!(refused(Language::Rust, "Vec") && refused(Language::Rust, "Option"));
}

#[test]
fn unreal_names_meet_neither_the_engine_nor_each_other() {
    use ambit_model::{ColumnType, StructType};
    let with_struct = |name: &str| {
        let mut schema = every_type::schema();
        let fields = schema.reducers[4].params.clone();
        let structure = StructType { name: name.into(), fields };
        schema.reducers[4].params[0].ty = ColumnType::Struct(std::sync::Arc::new(structure));
        generate(&schema, Language::Unreal, &Options { namespace: "My.Game".into() })
    };
    let declares = |name: &str, line: &str| {
        let files = with_struct(name).unwrap();
        assert_eq!(files[0].path, "MyGameTypes.g.h");
        files[0].text.lines().any(|one| one == line)
    };
    assert!(declares("Weapon", "struct FWeapon"));
    // The engine has an FVector, an AActor and a UTexture, which UnrealHeaderTool takes for the same names.
    for taken in ["Vector", "Actor", "Texture", "hit_result"] {
        let name = taken.replace("hit_result", "HitResult");
        assert!(declares(taken, &format!("struct FMyGame{name}")), "{taken}");
    }
    // It compares without regard to case.
    for (name, refused) in [("PLAINROW", true), ("plain_inserted", true), ("Plains", false)] {
        assert_eq!(matches!(with_struct(name), Err(GenerateError::SameName { .. })), refused, "{name}");
    }
    let mut schema = every_type::schema();
    schema.tables[1].columns[1].name = "a_U8".into();
    assert!(matches!(
        generate(&schema, Language::Unreal, &Options::default()),
        Err(GenerateError::SameName { name, .. }) if name == "bAU8" || name == "AU8"
    ));
    schema.reducers[1].name = "get_world".into();
    schema.tables[1].columns[1].name = "PI".into();
    schema.tables[1].columns[2].name = "amBit_at".into();
    let files = generate(&schema, Language::Unreal, &Options::default()).unwrap();
    let all: String = files.into_iter().map(|file| file.text).collect();
    assert!(
        all.contains("int64 GetWorld_();") && all.contains("bool PI_() const") && all.contains("bool bPI_")
    );
}
