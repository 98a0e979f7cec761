//! `cargo xtask test`: everything that must hold before a change lands.
//!
//! Goes on after a failing step, so that one run tells of all failures. A step that cannot run has failed. Ends
//! with the plain line `N passed, N failed`.

mod bindings;

mod count;

use std::path::Path;
use std::time::{Duration, Instant};

use ambit_module_build::{Install, ModuleToolchain, build_module, cargo_command, prepare};
use anyhow::{Result, bail};

use crate::demo::build::Profile;
use crate::{codegen, demo, samples, simulate, step, tidy, toolchain};
use count::Count;

/// The demo as the tests play it: short, and with the programs that the tests have built already, which are slower.
const DEMO: demo::Options = demo::Options { seconds: Some(10), bots: 50, profile: Profile::Debug };

/// A finished step.
struct Done {
    name: String,
    count: Count,
    took: Duration,
    error: Option<String>,
}

/// Runs every step and fails when anything failed.
pub fn run() -> Result<()> {
    let mut done = Vec::new();
    let mut step = |name: &str, work: &mut dyn FnMut() -> Result<Count>| {
        println!("\n==> {name}");
        let started = Instant::now();
        let result = work();
        let took = started.elapsed();
        let (count, error) = match result {
            Ok(count) if count.failed == 0 => (count, None),
            Ok(count) => (count, Some(format!("{} tests failed", count.failed))),
            Err(error) => (Count { passed: 0, failed: 1 }, Some(format!("{error:#}"))),
        };
        if let Some(error) = &error {
            println!("FAILED {name}: {error}");
        }
        done.push(Done { name: name.to_string(), count, took, error });
    };

    step("toolchain", &mut || one(toolchain::run()));
    step("format", &mut || one(step::run(step::cargo().args(["fmt", "--all", "--check"]))));
    step("tidy", &mut || one(tidy::run()));
    step("codegen --check", &mut || one(codegen::run(true)));
    step("clippy", &mut || {
        let clippy = ["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"];
        one(step::run(step::cargo().args(clippy)))
    });
    step("fuzz: check", &mut || {
        one(step::run(step::cargo().args(["check", "--locked", "--manifest-path", "fuzz/Cargo.toml"])))
    });
    for module in samples::modules()? {
        let name = samples::name(&module);
        step(&format!("module {name}: build"), &mut || one(build(&module)));
        step(&format!("module {name}: format and clippy"), &mut || one(check(&module)));
    }
    step("cargo test", &mut || {
        count::cargo_test(step::cargo().args(["test", "--workspace", "--no-fail-fast"]))
    });
    step("simulate", &mut || one(simulate::test()));
    for suite in bindings::suites()? {
        step(&suite.name(), &mut || suite.run());
    }
    if step::root().join(samples::DEMO_MODULE).is_dir() {
        step("demo", &mut || one(demo::run(&DEMO)));
    }

    sum_up(&done)
}

fn sum_up(done: &[Done]) -> Result<()> {
    println!("\n{:<44} {:>8} {:>7} {:>8}", "step", "passed", "failed", "seconds");
    let mut total = Count::default();
    for Done { name, count, took, error } in done {
        println!("{name:<44} {:>8} {:>7} {:>8.1}", count.passed, count.failed, took.as_secs_f64());
        if let Some(error) = error {
            println!("    {}", error.lines().next().unwrap_or_default());
        }
        total.passed += count.passed;
        total.failed += count.failed;
    }
    println!("\n{} passed, {} failed", total.passed, total.failed);
    if total.failed > 0 {
        bail!("{} of {} failed", total.failed, total.passed + total.failed);
    }
    Ok(())
}

/// A step without tests of its own counts as one.
fn one(result: Result<()>) -> Result<Count> {
    result.map(|()| Count { passed: 1, failed: 0 })
}

fn build(module: &Path) -> Result<()> {
    let toolchain = prepare(Install::Packages, &mut |line| println!("       {line}"))?;
    let wasm = build_module(module, &toolchain)?;
    println!("{}", wasm.display());
    Ok(())
}

/// A module is also a plain library on the host, where clippy needs no WebAssembly target.
fn check(module: &Path) -> Result<()> {
    let host = ModuleToolchain::Default;
    step::run(cargo_command(module, &host).args(["fmt", "--check"]))?;
    step::run(cargo_command(module, &host).args(["clippy", "--all-targets", "--", "--deny", "warnings"]))
}
