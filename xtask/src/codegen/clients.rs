//! Typed code of the samples' clients: `ambit generate` from the sample module, published on a server of its own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Generated;
use crate::demo::World;
use crate::demo::build::Profile;
use crate::{samples, step};

/// The sample clients with generated code: language, folder.
const CLIENTS: [(&str, &str); 3] = [
    ("csharp", "samples/client-csharp/generated"),
    ("cpp", "samples/client-cpp/generated"),
    ("unreal", "unreal-plugin/Samples/AmbitMmo/Source/AmbitMmo/Generated"),
];
const NAMESPACE: &str = "Mmo";
const DATABASE: &str = "mmo";

/// Runs `ambit generate` for each client.
pub fn generate() -> Result<Vec<Generated>> {
    step::run(step::cargo().args(["build", "--quiet", "--package", "ambit-cli"]))?;
    let world = World::start(Profile::Debug)?;
    world.publish(&step::root().join(samples::DEMO_MODULE), DATABASE)?;
    let mut generated = Vec::new();
    for (language, folder) in CLIENTS {
        let scratch = step::root().join("target/codegen").join(language);
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        world.generate(language, NAMESPACE, DATABASE, &scratch)?;
        for file in fs::read_dir(&scratch)? {
            let file = file?;
            let text = fs::read_to_string(file.path()).with_context(|| file.path().display().to_string())?;
            generated.push(Generated { path: Path::new(folder).join(file.file_name()), text });
        }
    }
    Ok(generated)
}
