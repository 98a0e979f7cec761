//! `ambit generate`.

use std::path::Path;

use ambit_model::Schema;
use anyhow::Context;

use crate::arguments::{GenerateOptions, Language};
use crate::print;
use crate::remote::Remote;

/// Writes typed client code for a database.
pub fn generate(options: &GenerateOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.name)?;
    let bytes = Remote::new(&options.remote)?.get(&format!("database/{}/schema", options.name))?;
    let schema = Schema::decode(&bytes).context("the server's schema is not one of this version")?;
    let language = match options.lang {
        Language::Csharp => ambit_codegen::Language::CSharp,
        Language::Cpp => ambit_codegen::Language::Cpp,
        Language::Rust => ambit_codegen::Language::Rust,
        Language::Unreal => ambit_codegen::Language::Unreal,
    };
    let namespace = options.namespace.clone();
    for file in ambit_codegen::generate(&schema, language, &ambit_codegen::Options { namespace })? {
        let path = options.out.join(&file.path);
        write(&path, &file.text).with_context(|| format!("cannot write {}", path.display()))?;
        print(&path.display().to_string())?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    // A file that is as before keeps its time, so that editors and compilers leave it alone.
    if std::fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
    std::fs::write(path, text)
}
