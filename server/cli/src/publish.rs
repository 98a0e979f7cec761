//! `ambit publish`.

use std::io::Write;
use std::path::{Path, PathBuf};

use ambit_module_build::{Install, build_module, prepare};
use ambit_node::PlanReport;
use anyhow::{Context, bail};

use crate::arguments::PublishOptions;
use crate::print;
use crate::remote::Remote;

/// Builds the module if its folder is given, and publishes it.
pub fn publish(options: &PublishOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.name)?;
    let remote = Remote::new(&options.remote)?;
    let file = wasm_file(&options.module)?;
    let wasm = std::fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let token = remote.token(&options.remote)?;
    // What would become of the tables is told before anything happens, and again agreed to by whoever says --confirm.
    let path = |dry_run: bool| {
        let (dry_run, confirm) = (u8::from(dry_run), u8::from(options.confirm));
        format!("database/{}/publish?dry_run={dry_run}&confirm={confirm}", options.name)
    };
    let planned = remote.post(&path(true), &token, "application/wasm", &wasm)?;
    let plan: Option<PlanReport> = serde_json::from_value(planned["plan"].clone()).context("the plan")?;
    if let Some(plan) = &plan {
        report(&format!("plan for database {}:", options.name));
        report(plan.to_string().trim_end());
    }
    if options.dry_run {
        return print("nothing was changed");
    }
    if plan.is_some_and(|plan| plan.is_destructive) && !options.confirm {
        bail!(
            "tables or columns would be lost, nothing was changed. Publish with --confirm if that is meant"
        );
    }
    let answer = remote.post(&path(false), &token, "application/wasm", &wasm)?;
    let verb = if answer["created"].as_bool() == Some(true) { "created" } else { "updated" };
    print(&format!(
        "{verb} database {} ({} bytes of WebAssembly, owner {})",
        options.name,
        wasm.len(),
        answer["owner"].as_str().unwrap_or("unknown")
    ))
}

fn wasm_file(module: &Path) -> anyhow::Result<PathBuf> {
    if !module.is_dir() {
        return Ok(module.to_owned());
    }
    let toolchain = prepare(Install::Nothing, &mut report)?;
    Ok(build_module(module, &toolchain)?)
}

/// Progress goes to standard error: the result alone is output.
fn report(line: &str) {
    // Progress that nobody can read is no reason to stop.
    drop(writeln!(std::io::stderr(), "{line}"));
}
