// The native library behind the bindings: whether it is there, and fits.

using System;
using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Ambit.Unity")]
[assembly: InternalsVisibleTo("Ambit.Unity.Editor")]

#if UNITY_WEBGL && !UNITY_EDITOR
#error Ambit does not run in WebGL builds: a browser allows no native sockets and no threads of a library. See docs/unity.md, "WebGL". Choose another build target.
#endif

namespace Ambit {
    /// <summary>The client core, a native library that is loaded by the first call into it.</summary>
    public static class Library {
        /// <summary>The version of the C ABI that these bindings are made for.</summary>
        public const uint AbiVersion = 5;

        /// <summary>Why the library cannot be used, in a sentence that says what to do; null if it can.</summary>
        public static string Fault() {
            try {
                uint version = Native.ambit_abi_version();
                if (version == AbiVersion) return null;
                return "the loaded ambit library has version " + version + " of the C ABI and these bindings need " + AbiVersion
                    + ": restart the program or the Editor, which keeps a library once it is loaded, with files of one release";
            } catch (DllNotFoundException) {
                return "the ambit library for this platform is not there: build it with `cargo xtask package`, or take the package's archive of a release";
            } catch (EntryPointNotFoundException) {
                return "the loaded ambit library is not Ambit's client core or is much older than these bindings: restart with files of one release";
            } catch (BadImageFormatException) {
                return "the ambit library is made for another processor or system than this one: check the import settings in Runtime/Plugins";
            }
        }
    }
}
