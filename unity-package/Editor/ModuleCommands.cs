// The module's life from the window: publish, generate, and the log. The `ambit` command does the work.

using System;
using System.Collections.Generic;
using System.IO;
using Ambit;
using UnityEditor;

namespace AmbitEditor {
    /// <summary>Runs one command after the other for a project, and keeps what they said.</summary>
    public sealed class ModuleCommands : IDisposable {
        private const int LinesMax = 500;
        private const string CommandKey = "ambit.command";
        private readonly List<string> lines = new List<string>();
        private readonly string folder;
        private AmbitCommand running;
        private Action afterwards;

        /// <summary>`folder` is the Unity project's: paths of the project asset are relative to it.</summary>
        public ModuleCommands(string folder) { this.folder = folder; }

        /// <summary>The `ambit` command of this machine.</summary>
        public static string Program {
            get { return EditorPrefs.GetString(CommandKey, "ambit"); }
            set { EditorPrefs.SetString(CommandKey, value); }
        }

        /// <summary>What was said, the last lines.</summary>
        public IList<string> Lines { get { return lines; } }

        public bool IsRunning { get { return running != null; } }

        /// <summary>Builds and publishes the project's module. `confirmed` agrees to losing tables or columns.</summary>
        public void Publish(AmbitProject project, bool confirmed) {
            List<string> arguments = new List<string> { "publish", project.Module, "--name", project.Database, "--server", project.Server };
            if (confirmed) arguments.Add("--confirm");
            Run(null, arguments);
        }

        /// <summary>Writes the typed code of the published module, with an assembly definition of its own, and imports it.</summary>
        public void Generate(AmbitProject project) {
            Action import = () => {
                WriteAssembly(Path.Combine(folder, project.GeneratedFolder), project.GeneratedNamespace);
                AssetDatabase.Refresh();
            };
            Run(import, new List<string> {
                "generate", "--lang", "csharp", "--name", project.Database, "--server", project.Server, "--namespace", project.GeneratedNamespace,
                "--out", project.GeneratedFolder
            });
        }

        /// <summary>Shows what the module and the server say about the database, until something else runs.</summary>
        public void FollowLog(AmbitProject project) {
            Run(null, new List<string> { "logs", project.Database, "--server", project.Server, "--follow" });
        }

        /// <summary>Ends what runs.</summary>
        public void Stop() {
            if (running != null) running.Dispose();
            running = null;
        }

        /// <summary>Collects what was said, and finishes what has ended.</summary>
        public void Turn() {
            if (running == null) return;
            bool hasEnded = !running.IsRunning;
            if (hasEnded) running.WaitForEnd();
            running.Take(lines);
            if (lines.Count > LinesMax) lines.RemoveRange(0, lines.Count - LinesMax);
            if (!hasEnded) return;
            bool succeeded = running.Succeeded;
            if (running.Failure != null) lines.Add(running.Failure);
            Stop();
            lines.Add(succeeded ? "done" : "failed");
            if (succeeded && afterwards != null) afterwards();
        }

        public void Dispose() { Stop(); }

        private void Run(Action then, List<string> arguments) {
            Stop();
            lines.Clear();
            lines.Add("ambit " + string.Join(" ", arguments.ToArray()));
            afterwards = then;
            running = new AmbitCommand(Program, folder, arguments.ToArray());
        }

        /// <summary>Generated code reads rows in place, which only an assembly of its own has to be allowed.</summary>
        private static void WriteAssembly(string into, string name) {
            if (Directory.GetFiles(into, "*.asmdef").Length > 0) return;
            File.WriteAllText(Path.Combine(into, name + ".Generated.asmdef"),
                "{\n    \"name\": \"" + name + ".Generated\",\n    \"references\": [\"Ambit.Client\"],\n    \"allowUnsafeCode\": true,\n"
                + "    \"autoReferenced\": true,\n    \"noEngineReferences\": true\n}\n");
        }
    }
}
