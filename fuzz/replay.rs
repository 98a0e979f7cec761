//! Every file of a fuzz target's corpus, as the target treats it. `AMBIT_BLESS=1` writes those that this build makes anew;
//! what a fuzzer found lies beside them.

use std::path::Path;

/// Checks that the seeds are what this build makes, and runs all files of a corpus.
pub fn replay(target: &str, seeds: &[(&str, Vec<u8>)], run: impl Fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus").join(target);
    if std::env::var_os("AMBIT_BLESS").is_some() {
        std::fs::create_dir_all(&folder).unwrap();
        seeds.iter().for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes).unwrap());
    }
    for (name, bytes) in seeds {
        assert_eq!(
            std::fs::read(folder.join(name)).unwrap(),
            *bytes,
            "{name}: this build writes other bytes"
        );
    }
    for file in std::fs::read_dir(folder).unwrap() {
        run(&std::fs::read(file.unwrap().path()).unwrap());
    }
}
