//! Any bytes are a schema that passes its own check, or a typed error.
#![no_main]

use ambit_model::Schema;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(schema) = Schema::decode(bytes) {
        schema.check().expect("a decoded schema is a possible one");
        assert_eq!(Schema::decode(&schema.encode()).as_ref(), Ok(&schema));
    }
});
