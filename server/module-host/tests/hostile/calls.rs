//! Calls that fail, panic, trap, run forever, eat memory or talk too much.

use ambit_module_host::{LogLevel, limits};

use super::*;

const LOST: &str = r#"(data (i32.const 16) "lost")"#;

#[test]
fn errors_and_panics_carry_the_guests_words() {
    let text = r#"(data (i32.const 16) "not enough gold")"#;
    let mut failing = start("(call $fail (i32.const 16) (i32.const 15)) (i32.const 1)", text);
    assert_eq!(call(&mut failing), Err(CallError::Failed("not enough gold".into())));

    let mut silent = start("(i32.const 1)", text);
    assert_eq!(call(&mut silent), Err(CallError::Failed("the module gave no reason".into())));

    let mut panicking = start("(call $abort (i32.const 16) (i32.const 15)) (i32.const 0)", text);
    assert_eq!(call(&mut panicking), Err(CallError::Panicked("not enough gold".into())));

    let mut long = start("(call $fail (i32.const 0) (i32.const 65536)) (i32.const 1)", text);
    match call(&mut long) {
        Err(CallError::Failed(text)) => assert_eq!(text.len(), 4_096),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_trap_brings_a_fresh_instance_and_an_error_does_not() {
    // The second call of an instance traps; the global counts the calls of this instance.
    let body = "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
        (if (i32.eq (global.get $calls) (i32.const 2)) (then unreachable))
        (i32.const 0)";
    let mut instance = start(body, "");
    for round in 0..3 {
        assert_eq!(call(&mut instance), Ok(()), "round {round}");
        assert!(matches!(call(&mut instance), Err(CallError::Trapped(_))), "round {round}");
    }
    assert!(trap("(call $abort (i32.const -1) (i32.const 1)) (i32.const 0)").contains("outside its memory"));
}

#[test]
fn an_endless_loop_ends_at_its_deadline() {
    let runtime = Runtime::new().unwrap();
    let _ticker = runtime.start_ticker().unwrap();
    let wasm = wat::parse_str(wat("(loop (br 0)) (i32.const 0)", "")).unwrap();
    let module = Module::compile(&runtime, &wasm, limits()).unwrap();
    let mut instance = Instance::new(&module, Store::new(Arc::new(schema()))).unwrap();
    for _ in 0..2 {
        assert_eq!(call(&mut instance), Err(CallError::Deadline { deadline_ms: 50 }));
    }
}

#[test]
fn endless_recursion_traps() {
    let mut instance = start("(call $r) (i32.const 0)", "(func $r (call $r) (call $r))");
    let error = call(&mut instance).unwrap_err();
    assert!(matches!(&error, CallError::Trapped(text) if text.contains("stack")), "{error}");
}

#[test]
fn memory_grows_to_its_limit_and_no_further() {
    let mut polite = start("(drop (memory.grow (i32.const 12))) (i32.const 0)", "");
    assert_eq!(call(&mut polite), Ok(()));
    let mut greedy =
        start("(loop (br_if 0 (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) unreachable", "");
    let expected = CallError::Memory { wanted: (1 << 20) + 0x1_0000, limit: 1 << 20 };
    assert_eq!(call(&mut greedy), Err(expected));
}

#[test]
fn memory_that_was_refused_earlier_is_not_the_cause_of_a_later_failure() {
    let refused = "(drop (memory.grow (i32.const 1000)))";
    let mut panicking =
        start(&format!("{refused} (call $abort (i32.const 16) (i32.const 4)) (i32.const 0)"), LOST);
    assert_eq!(call(&mut panicking), Err(CallError::Panicked("lost".into())));

    let runtime = Runtime::new().unwrap();
    let _ticker = runtime.start_ticker().unwrap();
    let wasm = wat::parse_str(wat(&format!("{refused} (loop (br 0)) (i32.const 0)"), "")).unwrap();
    let module = Module::compile(&runtime, &wasm, limits()).unwrap();
    let mut endless = Instance::new(&module, Store::new(Arc::new(schema()))).unwrap();
    assert_eq!(call(&mut endless), Err(CallError::Deadline { deadline_ms: 50 }));
}

#[test]
fn refused_arguments_carry_the_guests_words() {
    let mut wordy = start("(call $fail (i32.const 16) (i32.const 4)) (i32.const 3)", LOST);
    assert_eq!(call(&mut wordy), Err(CallError::Refused("lost".into())));
    let mut silent = start("(i32.const 3)", "");
    let expected = CallError::Refused("the arguments are not what its schema says".into());
    assert_eq!(call(&mut silent), Err(expected));
}

#[test]
fn texts_that_are_no_utf_8_keep_the_limit_too() {
    let body = "(memory.fill (i32.const 0) (i32.const 255) (i32.const 4096))
        (call $fail (i32.const 0) (i32.const 4096)) (i32.const 1)";
    match call(&mut start(body, "")) {
        Err(CallError::Failed(text)) => assert!(text.len() > 4_000 && text.len() <= 4_096, "{}", text.len()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_bad_buffer_from_the_guest_is_refused() {
    for address in ["0", "-1", "262143"] {
        let text = wat("(i32.const 0)", "").replace(
            "(param i32) (result i32) (i32.const 131072)",
            &format!("(param i32) (result i32) (i32.const {address})"),
        );
        let module = compile(&text).unwrap();
        let mut instance = Instance::new(&module, Store::new(Arc::new(schema()))).unwrap();
        let error = call(&mut instance).unwrap_err().to_string();
        assert!(error.contains("outside its memory"), "{error}");
    }
}

#[test]
fn statuses_that_are_none_are_errors() {
    assert_eq!(status("(i64.const 2)"), 2);
    assert_eq!(status("(i64.const 3)"), 3);
    assert_eq!(status("(i64.const -77)"), -77);
}

#[test]
fn log_lines_are_kept_up_to_a_limit() {
    let body = "(local $n i32)
        (loop
            (call $log (i32.const 2) (i32.const 16) (i32.const 4))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if 0 (i32.lt_u (local.get $n) (i32.const 100))))
        (call $log (i32.const 99) (i32.const 16) (i32.const 4))
        (i32.const 0)";
    let mut instance = start(body, r#"(data (i32.const 16) "hi\ff!")"#);
    for _ in 0..2 {
        assert_eq!(call(&mut instance), Ok(()));
        let (lines, dropped) = instance.logs();
        assert_eq!((lines.len(), dropped), (limits::CALL_LOG_LINES_MAX, 37));
        assert_eq!((lines[0].level, lines[0].text.as_str()), (LogLevel::Warn, "hi\u{fffd}!"));
    }
    assert!(
        trap("(call $log (i32.const 1) (i32.const 0) (i32.const -1)) (i32.const 0)").contains("4294967295")
    );
}
