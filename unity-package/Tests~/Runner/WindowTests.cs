// The editor window, its gizmos and guards, pressed and read through the stand-ins, against a real server and the real `ambit` command.

using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.CompilerServices;
using Ambit;
using AmbitEditor;
using NUnit.Framework;
using UnityEditor;
using UnityEngine;
using UnityEngine.StandIn;
using Debug = UnityEngine.Debug;

namespace StandInTests {
    [TestFixture]
    public sealed class WindowTests {
        private const double SecondsMax = 120;
        private AmbitProject project;
        private AmbitWindow window;
        private string folder;

        private static string Variable(string name) { return Environment.GetEnvironmentVariable(name); }

        [SetUp]
        public void OpenWindow() {
            folder = Path.Combine(Path.GetTempPath(), "ambit-window-" + Process.GetCurrentProcess().Id);
            Directory.CreateDirectory(Path.Combine(folder, "Assets"));
            Application.dataPath = Path.Combine(folder, "Assets");
            project = ScriptableObject.CreateInstance<AmbitProject>();
            project.Server = Variable("AMBIT_TEST_SERVER");
            project.Database = Variable("AMBIT_TEST_DATABASE");
            project.GeneratedNamespace = "Ambit.Tests.Mmo";
            AssetDatabase.Assets.Clear();
            AssetDatabase.Assets.Add("Assets/Project.asset", project);
            ModuleCommands.Program = Path.Combine(Variable("AMBIT_TEST_LIBRARY"), "ambit");
            AmbitWindow.Open();
            window = EditorWindow.GetWindow<AmbitWindow>("Ambit");
        }

        [TearDown]
        public void CloseWindow() {
            window.Close();
            PlayerLoop.Clear();
            Directory.Delete(folder, true);
        }

        /// <summary>Presses a button and draws what comes of it.</summary>
        private void Press(string button) {
            GuiScript.Press(button);
            window.DrawNow();
            Assert.IsFalse(GuiScript.Presses.Contains(button), "there is no button " + button + " among " + string.Join(" | ", GuiScript.Shown.ToArray()));
            window.DrawNow();
        }

        /// <summary>Turns and draws until a control shows some words.</summary>
        private void Until(string words) {
            Stopwatch clock = Stopwatch.StartNew();
            do {
                Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax, words + " is not among " + string.Join(" | ", GuiScript.Shown.ToArray()));
                PlayerLoop.FrameSeconds = 0.1f;
                FrameTests.Frame();
                EditorApplication.Turn();
                window.DrawNow();
            } while (!GuiScript.Shown.Exists(line => line.Contains(words)));
        }

        [Test]
        public void AConnectionOfItsOwnShowsTablesAndCallsReducers() {
            Press("Connect");
            Until("State: Connected");
            Press("Tables");
            Press("monster");
            Until("150 rows");
            Until("Kind Wolf");
            Until("B/s");
            Press("Reducers");
            GuiScript.Type("Say: text (String)", "");
            Press("Call Say");
            Until("Say: ReducerError");
            Press("Log");
            Until("Connected");
            Press("Connection");
            Press("Disconnect");
            Assert.IsFalse(GuiScript.Shown.Exists(line => line.StartsWith("State", StringComparison.Ordinal)));
        }

        [Test]
        public void WithoutGeneratedCodeItSaysWhatToPress() {
            project.GeneratedNamespace = "Nothing.Here";
            Press("Connect");
            Until("press Generate");
        }

        [Test]
        public void AWorldThatPlaysIsShownInPlaceOfTheOwnConnection() {
            Press("Connect");
            Until("State: Connected");
            GameObject holder = new GameObject("Playing");
            holder.SetActive(false);
            AmbitWorld world = holder.AddComponent<AmbitWorld>();
            world.Project = project;
            holder.SetActive(true);
            world.Database(client => new Ambit.Tests.Mmo.Database(client));
            Until("World: Playing, Ready");
            Press("Reducers");
            Assert.IsTrue(GuiScript.Shown.Contains("Call MoveTo"));
            // Scripts are exchanged: nothing may stay open.
            RuntimeHelpers.RunClassConstructor(typeof(ReloadGuard).TypeHandle);
            Assert.AreEqual(1, OpenWorlds.All.Count);
            AssemblyReloadEvents.Reload();
            Assert.AreEqual(0, OpenWorlds.All.Count);
            Assert.IsNull(world.Client);
            Assert.IsFalse(Debug.Lines.Exists(line => line.Key == LogType.Error));
        }

        [Test]
        public void AModuleIsPublishedAndItsCodeGenerated() {
            project.Module = Path.Combine(Variable("AMBIT_TEST_REPOSITORY"), "samples", "swarm-module");
            project.Database = "swarm";
            project.GeneratedNamespace = "Swarm";
            Press("Module");
            Press("Publish");
            Until("done");
            int imports = AssetDatabase.Refreshes;
            Press("Generate");
            Until("done");
            string generated = Path.Combine(folder, project.GeneratedFolder);
            StringAssert.Contains("class BodyTable", File.ReadAllText(Path.Combine(generated, "Tables.g.cs")));
            StringAssert.Contains("\"Ambit.Client\"", File.ReadAllText(Path.Combine(generated, "Swarm.Generated.asmdef")));
            Assert.AreEqual(imports + 1, AssetDatabase.Refreshes);
            project.Database = "none";
            Press("Generate");
            Until("failed");
            project.Database = "swarm";
            Press("Log");
            Press("Follow the module's log");
            Until("--follow");
            Press("Stop");
        }

        [Test]
        public void WhatIsInForceIsDrawn() {
            GameObject holder = new GameObject("Drawn");
            holder.SetActive(false);
            AmbitWorld world = holder.AddComponent<AmbitWorld>();
            world.Project = project;
            world.Space.Origin = new DVec3(100, 200, 0);
            world.Space.Scale = 2;
            AmbitSubscription subscription = holder.AddComponent<AmbitSubscription>();
            subscription.World = world;
            subscription.Query = "SELECT * FROM monster WHERE ST_DWithin(position, :centre, 80)";
            subscription.SetParameters(new Parameters().Set("centre", new Vec2(110, 220)));
            subscription.Delivery = new Delivery { Hysteresis = 5, Tiers = { new Tier(30, 20), new Tier(80, 5) } };
            holder.SetActive(true);
            world.Database(client => new Ambit.Tests.Mmo.Database(client));
            Handles.Discs.Clear();
            Handles.Labels.Clear();
            Stopwatch clock = Stopwatch.StartNew();
            while (Handles.Discs.Count == 0) {
                Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax);
                FrameTests.Frame();
                InterestGizmos.Draw(subscription, GizmoType.Selected);
            }
            Assert.AreEqual(4, Handles.Discs.Count);
            float[] radii = { 160, 170, 60, 160 };
            for (int i = 0; i < radii.Length; i++) {
                Assert.AreEqual(radii[i], Handles.Discs[i].Value, 0.01);
                Assert.Less(Vector3.Distance(new Vector3(20, 0, 40), Handles.Discs[i].Key), 0.01f);
            }
            StringAssert.Contains("every 200 ms", Handles.Labels[1]);
        }
    }
}
