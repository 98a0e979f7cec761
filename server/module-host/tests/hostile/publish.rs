//! Modules that are refused before they ever run a call.

use super::*;

#[track_caller]
fn check(wat_text: &str, expected: &str) {
    match compile(wat_text) {
        Ok(_) => panic!("accepted: {wat_text}"),
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains(expected), "{text}");
        }
    }
}

fn replaced(from: &str, to: &str) -> String {
    let text = wat("(i32.const 0)", "");
    assert!(text.contains(from), "{from}");
    text.replace(from, to)
}

#[test]
fn bytes_that_are_no_module() {
    let runtime = Runtime::new().unwrap();
    let refused = |bytes: &[u8]| match Module::compile(&runtime, bytes, limits()) {
        Ok(_) => panic!("accepted"),
        Err(error) => error.to_string(),
    };
    assert!(refused(b"").contains("not a WebAssembly module"));
    assert!(refused(b"(module)").contains("not a WebAssembly module"));
    assert!(refused(b"\0asm\x01\0\0\0garbage").contains("not valid"));
    assert!(refused(&vec![0; (64 << 20) + 1]).contains("at most"));
}

#[test]
fn imports_and_exports_are_checked_by_name_and_type() {
    check(
        &replaced(r#""ambit" "get""#, r#""wasi_snapshot_preview1" "fd_write""#),
        "imports `wasi_snapshot_preview1.fd_write`",
    );
    check(&replaced(r#""ambit" "get""#, r#""ambit" "open_file""#), "imports `ambit.open_file`");
    check(&replaced("(func $get (param i32 ", "(func $get (param i64 "), "get");
    check(&replaced(r#"(export "memory")"#, ""), "no export `memory`");
    check(&replaced(r#"(export "ambit_call")"#, r#"(export "call")"#), "no export `ambit_call`");
    check(
        &replaced(r#""ambit_abi_version") (result i32) (i32.const 1)"#, r#""ambit_abi_version")"#),
        "no export `ambit_abi_version`",
    );
    check("(module)", "no export `memory`");
}

#[test]
fn other_versions_and_bad_descriptions() {
    check(&replaced("(result i32) (i32.const 1)", "(result i32) (i32.const 2)"), "version 2");
    let place = format!("(i64.const {})", (DESCRIPTION_AT << 32) | schema().encode().len());
    check(&replaced(&place, "(i64.const -1)"), "outside its memory");
    check(&replaced(&place, "(i64.const 0)"), "not a schema");
    check(&replaced(&place, "(i64.const 100)"), "not a schema");
    check(&replaced(&place, "(unreachable)"), "could not be started");
}

#[test]
fn every_flipped_byte_of_a_description_gets_an_answer() {
    let place = DESCRIPTION_AT;
    let description = schema().encode();
    for at in (0..description.len()).step_by(7) {
        let mut damaged = description.clone();
        damaged[at] ^= 0xff;
        let text = wat("(i32.const 0)", "").replace(&escape(&description), &escape(&damaged));
        match compile(&text) {
            Ok(_) | Err(CompileError::Schema(_)) => {}
            Err(other) => panic!("byte {at} at {place}: {other}"),
        }
    }
}

#[test]
fn a_start_function_is_limited_too() {
    check(&wat("(i32.const 0)", "(func $s unreachable) (start $s)"), "could not be started");
    check(
        &wat("(i32.const 0)", "(func $s (drop (call $count (i32.const 0)))) (start $s)"),
        "before it was started",
    );
    check(&wat("(i32.const 0)", "(table 101 funcref)"), "could not be started");
    check(&replaced(r#"(export "memory") 4"#, r#"(export "memory") 17"#), "wanted 1114112 bytes of memory");

    let runtime = Runtime::new().unwrap();
    let _ticker = runtime.start_ticker().unwrap();
    let wasm = wat::parse_str(wat("(i32.const 0)", "(func $s (loop (br 0))) (start $s)")).unwrap();
    let error = Module::compile(&runtime, &wasm, limits()).map(drop).unwrap_err().to_string();
    assert!(error.contains("50 ms"), "{error}");
}
