//! The native libraries of the package: which files there are, for which platforms of the engine, and how they are built.

/// A library in `Runtime/Plugins`.
#[derive(Debug, Clone, Copy)]
pub struct Plugin {
    /// Its folder in `Runtime/Plugins`: system and processor.
    pub folder: &'static str,
    /// The library's name.
    pub file: &'static str,
    /// What Rust calls the platform. Several are joined to one file.
    pub targets: &'static [&'static str],
    /// The engine's name of the build target that gets it.
    pub build: &'static str,
    /// The processor, as the engine's import settings call it.
    pub processor: &'static str,
    /// The system of editors that load it, if any do.
    pub editor: Option<&'static str>,
}

/// All of them.
pub const PLUGINS: [Plugin; 8] = [
    Plugin {
        folder: "linux-x86_64",
        file: "libambit.so",
        targets: &["x86_64-unknown-linux-gnu"],
        build: "Standalone: Linux64",
        processor: "x86_64",
        editor: Some("Linux"),
    },
    Plugin {
        folder: "windows-x86_64",
        file: "ambit.dll",
        targets: &["x86_64-pc-windows-gnu"],
        build: "Standalone: Win64",
        processor: "x86_64",
        editor: Some("Windows"),
    },
    Plugin {
        folder: "macos-universal",
        file: "libambit.dylib",
        targets: &["aarch64-apple-darwin", "x86_64-apple-darwin"],
        build: "Standalone: OSXUniversal",
        processor: "AnyCPU",
        editor: Some("OSX"),
    },
    Plugin {
        folder: "embedded-linux-aarch64",
        file: "libambit.so",
        targets: &["aarch64-unknown-linux-gnu"],
        build: "EmbeddedLinux: EmbeddedLinux",
        processor: "ARM64",
        editor: None,
    },
    Plugin {
        folder: "ios-aarch64",
        file: "libambit.a",
        targets: &["aarch64-apple-ios"],
        build: "iPhone: iOS",
        processor: "ARM64",
        editor: None,
    },
    Plugin {
        folder: "android-aarch64",
        file: "libambit.so",
        targets: &["aarch64-linux-android"],
        build: "Android: Android",
        processor: "ARM64",
        editor: None,
    },
    Plugin {
        folder: "android-armv7",
        file: "libambit.so",
        targets: &["armv7-linux-androideabi"],
        build: "Android: Android",
        processor: "ARMv7",
        editor: None,
    },
    Plugin {
        folder: "android-x86_64",
        file: "libambit.so",
        targets: &["x86_64-linux-android"],
        build: "Android: Android",
        processor: "X86_64",
        editor: None,
    },
];

/// Names of build targets whose `Exclude` settings the importer writes.
const EXCLUDABLE: [&str; 8] =
    ["Android", "Editor", "EmbeddedLinux", "Linux64", "OSXUniversal", "WebGL", "Win64", "iOS"];

impl Plugin {
    /// The library, from the package's folder.
    pub fn path(&self) -> String {
        format!("Runtime/Plugins/{}/{}", self.folder, self.file)
    }

    /// The import settings: for this platform and processor and no other.
    pub fn importer(&self) -> String {
        let (group, name) = self.build.split_once(": ").unwrap_or((self.build, self.build));
        let mut text = String::from(IMPORTER_HEAD);
        text.push_str("  - first:\n      : Any\n    second:\n      enabled: 0\n      settings:\n");
        for other in EXCLUDABLE {
            let is_meant = other == name || other == "Editor" && self.editor.is_some();
            text.push_str(&format!("        Exclude {other}: {}\n", u8::from(!is_meant)));
        }
        text.push_str("  - first:\n      Any: \n    second:\n      enabled: 0\n      settings: {}\n");
        let (enabled, system) = (u8::from(self.editor.is_some()), self.editor.unwrap_or("AnyOS"));
        let editor_processor = if self.editor.is_some() { self.processor } else { "AnyCPU" };
        text.push_str(&format!(
            "  - first:\n      Editor: Editor\n    second:\n      enabled: {enabled}\n      settings:\n        CPU: \
             {editor_processor}\n        DefaultValueInitialized: true\n        OS: {system}\n"
        ));
        text.push_str(&format!(
            "  - first:\n      {group}: {name}\n    second:\n      enabled: 1\n      settings:\n        CPU: {}\n",
            self.processor
        ));
        text
    }
}

const IMPORTER_HEAD: &str = "\
PluginImporter:
  externalObjects: {}
  serializedVersion: 2
  iconMap: {}
  executionOrder: {}
  defineConstraints: []
  isPreloaded: 0
  isOverridable: 0
  isExplicitlyReferenced: 0
  validateReferences: 1
  platformData:
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_is_for_its_own_platform_alone() {
        let [linux, .., android] = PLUGINS;
        let text = linux.importer();
        assert!(text.contains("Exclude Linux64: 0") && text.contains("Exclude Editor: 0"));
        assert!(text.contains("Exclude Win64: 1") && text.contains("Exclude WebGL: 1"));
        assert!(text.contains("Standalone: Linux64") && text.contains("OS: Linux"));
        let text = android.importer();
        assert!(text.contains("Exclude Editor: 1") && text.contains("CPU: X86_64"));
        let mut paths = PLUGINS.map(|plugin| plugin.path());
        paths.sort();
        assert!(paths.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
