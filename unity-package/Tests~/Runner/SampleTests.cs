// The samples as somebody imports and plays them: their scenes are loaded from the files that ship, and their scripts play on a real
// server, where somebody else walks and talks.

using System;
using System.Collections;
using System.Collections.Generic;
using System.IO;
using Ambit;
using Mmo;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.StandIn;
using UnityEngine.TestTools;

namespace StandInTests {
    [TestFixture]
    public sealed class SampleTests {
        private AssetLoader assets;
        private Client other;
        private Database view;
        /// <summary>The scene's; null before it is loaded.</summary>
        private AmbitWorld world;
        private static int others;

        private static string Package { get { return Environment.GetEnvironmentVariable("AMBIT_TEST_PACKAGE"); } }

        [SetUp]
        public void Begin() {
            world = null;
            Debug.Lines.Clear();
            Application.isPlaying = true;
            PlayerLoop.EnterPlayMode();
            assets = new AssetLoader(Package);
            other = new Client(Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER"), Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"));
            view = new Database(other);
            other.Watch(PlayerTable.Query());
        }

        [TearDown]
        public void End() {
            other.Dispose();
            PlayerLoop.Quit();
            Application.isPlaying = false;
            LogAssert.Judge();
        }

        /// <summary>Loads a sample's scene and sends it to the test's server.</summary>
        private void Load(string scene, string project) {
            AmbitProject told = (AmbitProject)assets.Load(Path.Combine(Package, project))[11400000];
            Assert.AreEqual("http://127.0.0.1:7800", told.Server);
            told.Server = Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER");
            told.Database = Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE");
            assets.LoadScene(Path.Combine(Package, scene));
            world = UnityEngine.Object.FindAnyObjectByType<AmbitWorld>();
            world.ForgetToken();
        }

        private void Until(Func<bool> holds, string what) {
            System.Diagnostics.Stopwatch clock = System.Diagnostics.Stopwatch.StartNew();
            while (!holds()) {
                Assert.Less(clock.Elapsed.TotalSeconds, 30, "not in time: " + what + (world == null ? "" : "; " + world.State + " " + world.Reason));
                if (world == null) other.Wait(16); else FrameTests.Frame();
                other.Tick();
            }
        }

        private bool Other(out PlayerRow row) { return view.Tables.Player.Find(other.Identity, out row); }

        /// <summary>The other player joins.</summary>
        private void Join() {
            uint request = 0;
            PlayerRow row;
            Until(() => {
                if (!other.Ready) return false;
                if (request == 0) request = view.Reducers.Join("other-" + System.Diagnostics.Process.GetCurrentProcess().Id + "-" + others++);
                return Other(out row);
            }, "the other has joined");
        }

        /// <summary>One step of the other towards somebody.</summary>
        private void StepTowards(Vec2 goal) {
            PlayerRow row;
            if (!Other(out row)) return;
            if (row.Health == 0) {
                view.Reducers.Respawn();
                return;
            }
            float x = goal.X - row.Position.X, y = goal.Y - row.Position.Y, way = Mathf.Sqrt(x * x + y * y);
            if (way < 4) return;
            view.Reducers.MoveTo(new Vec2(row.Position.X + x / way, row.Position.Y + y / way), Mathf.Atan2(y, x));
        }

        [Test]
        public void EveryAssetLoadsAndEveryReferenceHasATarget() {
            int files = 0;
            foreach (string pattern in new[] { "*.prefab", "*.asset", "*.unity" }) {
                foreach (string file in Directory.GetFiles(Package, pattern, SearchOption.AllDirectories)) {
                    assets.Load(file);
                    files++;
                }
            }
            Assert.GreaterOrEqual(files, 6);
            Assert.Greater(assets.References, 60);
        }

        [Test]
        public void ABrokenReferenceIsFound() {
            string broken = Path.Combine(Path.GetTempPath(), "ambit-broken-" + System.Diagnostics.Process.GetCurrentProcess().Id + ".unity");
            string scene = File.ReadAllText(Path.Combine(Package, "Samples~/Chat/Chat.unity"));
            foreach (string[] change in new[] { new[] { "guid: ", "guid: f" }, new[] { "linesMax", "linesMost" }, new[] { "world: {fileID: ", "world: {fileID: 77" } }) {
                File.WriteAllText(broken, scene.Replace(change[0], change[1]));
                Assert.Throws<FormatException>(() => new AssetLoader(Package).Load(broken), change[1]);
            }
            File.Delete(broken);
        }

        [Test]
        public void WhoPressesPlaySeesOthersWalk() {
            Join();
            Load("Samples~/MMO/Mmo.unity", "Samples~/MMO/MmoProject.asset");
            Mmo.Sample.PlayerEntities players = UnityEngine.Object.FindAnyObjectByType<Mmo.Sample.PlayerEntities>();
            Mmo.Sample.PlayerView own = null, seen = null;
            Vector3 start = Vector3.zero;
            double stepAt = 0;
            Until(() => {
                for (int i = 0; i < players.Count; i++) {
                    Mmo.Sample.PlayerView each = (Mmo.Sample.PlayerView)players.ViewAt(i);
                    if (each.IsOwn) own = each;
                    PlayerRow row;
                    if (Other(out row) && each.GetComponentInChildren<TextMesh>().text == row.Name) seen = each;
                }
                if (own == null) return false;
                if (start.sqrMagnitude == 0) start = own.transform.position;
                if (Time.time > stepAt) StepTowards(world.Space.ToVec2(own.transform.position));
                if (Time.time > stepAt) stepAt = Time.time + 0.05;
                return seen != null && Vector3.Distance(start, own.transform.position) > 2;
            }, "the own player strolls and the other is in sight");
            Assert.IsFalse(seen.IsOwn);
            Until(() => GuiScript.Shown.Exists(line => line.Contains("players and")), "the screen tells");
            PlayerRow mine;
            Until(() => view.Tables.Player.Find(world.Client.Identity, out mine) && mine.Online, "the own player is in the world of the other");
            Assert.IsNull(LogAssert.Judge());
            other.Disconnect();
            Until(() => !seen.IsShown, "the other has left");
        }

        [Test]
        public void WhatIsSaidIsHeard() {
            Join();
            Load("Samples~/Chat/Chat.unity", "Samples~/Chat/ChatProject.asset");
            global::Chat.Sample.ChatRoom room = UnityEngine.Object.FindAnyObjectByType<global::Chat.Sample.ChatRoom>();
            Until(() => room.Lines.Contains("(Ready)"), "ready");
            GuiScript.Type("", "hello from the scene");
            FrameTests.Frame();
            GuiScript.Press("Say");
            Until(() => Heard(room, "hello from the scene"), "what was said comes back");
            room.Say("");
            Until(() => Heard(room, "letters"), "a refusal is shown");
            Assert.IsNull(LogAssert.Judge());
        }

        private static bool Heard(global::Chat.Sample.ChatRoom room, string words) {
            foreach (string line in room.Lines) if (line.Contains(words)) return true;
            return false;
        }
    }
}
