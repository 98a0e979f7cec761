//! The allowed directions between crates (xtask/edges.toml), against what cargo says.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::Value;

use super::Finding;
use crate::step;

const LIST: &str = "xtask/edges.toml";

/// The committed list.
#[derive(Deserialize)]
struct Allowed {
    crates: BTreeMap<String, Vec<String>>,
    fences: BTreeMap<String, Vec<String>>,
}

/// A crate of the workspace with its normal and build dependencies.
struct Package {
    name: String,
    dependencies: Vec<String>,
}

/// Compares the list with `cargo metadata`.
pub fn check_workspace() -> Result<Vec<Finding>> {
    let path = step::root().join(LIST);
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let allowed: Allowed = toml::from_str(&text).context(LIST)?;
    let metadata =
        step::output(step::cargo().args(["metadata", "--format-version=1", "--no-deps", "--offline"]))?;
    Ok(check(&allowed, &packages(&serde_json::from_str(&metadata)?)))
}

fn packages(metadata: &Value) -> Vec<Package> {
    let listed = metadata["packages"].as_array().into_iter().flatten();
    let package = |package: &Value| {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        // A test may reach further than what it tests, so dev-dependencies are free.
        let shipped = dependencies.filter(|dependency| dependency["kind"] != "dev");
        Package {
            name: package["name"].as_str().unwrap_or_default().to_string(),
            dependencies: shipped
                .filter_map(|dependency| dependency["name"].as_str())
                .map(str::to_string)
                .collect(),
        }
    };
    listed.map(package).collect()
}

fn check(allowed: &Allowed, packages: &[Package]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut refuse = |text: String| findings.push(Finding::new(LIST, 0, text));
    for Package { name, dependencies } in packages {
        let Some(edges) = allowed.crates.get(name) else {
            refuse(format!("{name} is not in the list: add it with the crates it may depend on"));
            continue;
        };
        for dependency in dependencies {
            let is_ours = packages.iter().any(|package| package.name == *dependency);
            if is_ours && !edges.contains(dependency) {
                refuse(format!("{name} must not depend on {dependency}"));
            }
            let fence = allowed.fences.get(dependency);
            if fence.is_some_and(|inside| !inside.contains(name)) {
                refuse(format!("{name} must not depend on {dependency}: it is fenced"));
            }
        }
    }
    for (name, edges) in &allowed.crates {
        let Some(package) = packages.iter().find(|package| package.name == *name) else { continue };
        for edge in edges.iter().filter(|edge| !package.dependencies.contains(edge)) {
            refuse(format!("{name} does not depend on {edge}: take it from the list"));
        }
    }
    for name in allowed.crates.keys().filter(|name| packages.iter().all(|package| package.name != **name)) {
        refuse(format!("{name} is in the list and not in the workspace"));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str =
        "[crates]\nmodel = []\nstore = ['model']\nnode = ['store']\n[fences]\ntokio = ['node']\n";

    fn faults(edges: &[(&str, &[&str])]) -> Vec<String> {
        let allowed: Allowed = toml::from_str(LIST).unwrap();
        let package = |(name, dependencies): &(&str, &[&str])| Package {
            name: (*name).to_string(),
            dependencies: dependencies.iter().map(|name| (*name).to_string()).collect(),
        };
        let packages: Vec<Package> = edges.iter().map(package).collect();
        check(&allowed, &packages).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn allowed_edges_pass() {
        let good: &[(&str, &[&str])] =
            &[("model", &["glam"]), ("store", &["model"]), ("node", &["store", "tokio"])];
        assert_eq!(faults(good), Vec::<String>::new());
    }

    #[test]
    fn an_edge_that_nobody_has_is_refused() {
        let fewer: &[(&str, &[&str])] = &[("model", &[]), ("store", &[]), ("node", &["store"])];
        assert_eq!(faults(fewer), ["store does not depend on model: take it from the list"]);
    }

    #[test]
    fn a_wrong_direction_is_refused() {
        let bad: &[(&str, &[&str])] = &[("model", &["store"]), ("store", &["model"]), ("node", &["store"])];
        assert_eq!(faults(bad), ["model must not depend on store"]);
    }

    #[test]
    fn a_fence_holds() {
        let bad: &[(&str, &[&str])] = &[("model", &[]), ("store", &["model", "tokio"]), ("node", &["store"])];
        assert_eq!(faults(bad), ["store must not depend on tokio: it is fenced"]);
    }

    #[test]
    fn the_list_and_the_workspace_name_the_same_crates() {
        let bad: &[(&str, &[&str])] = &[("model", &[]), ("store", &["model"]), ("new", &[])];
        let expected = [
            "new is not in the list: add it with the crates it may depend on",
            "node is in the list and not in the workspace",
        ];
        assert_eq!(faults(bad), expected);
    }

    #[test]
    fn only_shipped_dependencies_count() {
        let metadata = serde_json::json!({"packages": [{"name": "store", "dependencies": [
            {"name": "model", "kind": null}, {"name": "cc", "kind": "build"}, {"name": "node", "kind": "dev"},
        ]}]});
        assert_eq!(packages(&metadata)[0].dependencies, ["model", "cc"]);
    }
}
