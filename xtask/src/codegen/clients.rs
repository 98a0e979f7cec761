//! Typed code of the samples' clients and the Unity package: `ambit generate` from the sample modules, published on a server
//! of its own.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::Generated;
use crate::demo::World;
use crate::demo::build::Profile;
use crate::{samples, step};

/// Code that is generated: database, language, namespace, folder.
const CLIENTS: [(&str, &str, &str, &str); 7] = [
    ("mmo", "csharp", "Mmo", "samples/client-csharp/generated"),
    ("mmo", "cpp", "Mmo", "samples/client-cpp/generated"),
    ("mmo", "unreal", "Mmo", "unreal-plugin/Samples/AmbitMmo/Source/AmbitMmo/Generated"),
    ("mmo", "csharp", "Mmo", "unity-package/Samples~/MMO/Generated"),
    ("mmo", "csharp", "Chat", "unity-package/Samples~/Chat/Generated"),
    ("mmo", "csharp", "Ambit.Tests.Mmo", "unity-package/Tests/PlayMode/Mmo"),
    ("swarm", "csharp", "Ambit.Tests.Swarm", "unity-package/Tests/PlayMode/Swarm"),
];
/// The databases, and the modules that they run.
const DATABASES: [(&str, &str); 2] = [("mmo", samples::DEMO_MODULE), ("swarm", "samples/swarm-module")];

/// Runs `ambit generate` for each client.
pub fn generate() -> Result<Vec<Generated>> {
    step::run(step::cargo().args(["build", "--quiet", "--package", "ambit-cli"]))?;
    let world = World::start(Profile::Debug)?;
    for (database, module) in DATABASES {
        world.publish(&step::root().join(module), database)?;
    }
    let mut generated = Vec::new();
    for (database, language, namespace, folder) in CLIENTS {
        let scratch = step::root().join("target/codegen").join(folder);
        if scratch.exists() {
            fs::remove_dir_all(&scratch)?;
        }
        world.generate(language, namespace, database, &scratch)?;
        for file in fs::read_dir(&scratch)? {
            let file = file?;
            let text = fs::read_to_string(file.path()).with_context(|| file.path().display().to_string())?;
            generated.push(Generated { path: Path::new(folder).join(file.file_name()), text });
        }
    }
    Ok(generated)
}
