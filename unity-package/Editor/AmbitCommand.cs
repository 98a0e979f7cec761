// Runs the `ambit` command beside the Editor and collects what it says.

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Text;

namespace AmbitEditor {
    /// <summary>One run of `ambit`. Its lines come with Take, on the caller's thread; disposing of it ends it.</summary>
    public sealed class AmbitCommand : IDisposable {
        /// <summary>Lines that wait to be taken; of more, the oldest are lost.</summary>
        private const int LinesMax = 10000;
        private readonly Queue<string> lines = new Queue<string>();
        private readonly Process process;
        private readonly string failure;

        /// <summary>Starts it. `program` is `ambit` or a path of it; arguments are passed as they are.</summary>
        public AmbitCommand(string program, string folder, params string[] arguments) {
            ProcessStartInfo start = new ProcessStartInfo {
                FileName = program, Arguments = Quoted(arguments), WorkingDirectory = folder, UseShellExecute = false, CreateNoWindow = true,
                RedirectStandardOutput = true, RedirectStandardError = true, StandardOutputEncoding = Encoding.UTF8,
                StandardErrorEncoding = Encoding.UTF8
            };
            process = new Process { StartInfo = start };
            process.OutputDataReceived += Said;
            process.ErrorDataReceived += Said;
            try {
                process.Start();
                process.BeginOutputReadLine();
                process.BeginErrorReadLine();
            } catch (Win32Exception) {
                failure = "`" + program + "` cannot be started: install it with `cargo install --path server/cli`, or name its path in the Ambit window";
            }
        }

        /// <summary>Whether it has not ended yet.</summary>
        public bool IsRunning { get { return failure == null && !process.HasExited; } }

        /// <summary>Whether it ended and did what it should.</summary>
        public bool Succeeded { get { return failure == null && process.HasExited && process.ExitCode == 0; } }

        /// <summary>Appends the lines that came since the last call.</summary>
        public void Take(List<string> into) {
            lock (lines) while (lines.Count > 0) into.Add(lines.Dequeue());
        }

        /// <summary>Waits for its end and for its last lines.</summary>
        public void WaitForEnd() { if (failure == null) process.WaitForExit(); }

        public void Dispose() {
            if (IsRunning) {
                try {
                    process.Kill();
                } catch (InvalidOperationException) {
                    // It ended between the two lines.
                }
            }
            process.Dispose();
        }

        /// <summary>Why it could not be started; null if it was.</summary>
        public string Failure { get { return failure; } }

        /// <summary>Arguments in one line, as every system's runtime takes them apart again.</summary>
        internal static string Quoted(IEnumerable<string> arguments) {
            StringBuilder line = new StringBuilder();
            foreach (string argument in arguments) {
                if (line.Length > 0) line.Append(' ');
                line.Append('"');
                int slashes = 0;
                foreach (char letter in argument) {
                    if (letter == '"') line.Append('\\', slashes + 1);
                    slashes = letter == '\\' ? slashes + 1 : 0;
                    line.Append(letter);
                }
                line.Append('\\', slashes).Append('"');
            }
            return line.ToString();
        }

        private void Said(object sender, DataReceivedEventArgs said) {
            if (said.Data == null) return;
            lock (lines) {
                lines.Enqueue(said.Data);
                if (lines.Count > LinesMax) lines.Dequeue();
            }
        }
    }
}
