// What tests of the components share: worlds on the server that the environment names, and waiting frame by frame. The server plays
// samples/mmo-module as AMBIT_TEST_DATABASE and samples/swarm-module as `swarm`.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Diagnostics;
using NUnit.Framework;
using UnityEngine;

namespace Ambit.Tests {
    /// <summary>Tokens of one test.</summary>
    public sealed class TokensOfATest : ITokenStore {
        public readonly Dictionary<string, string> Kept = new Dictionary<string, string>();
        public string Load(string key) {
            string found;
            return Kept.TryGetValue(key, out found) ? found : null;
        }
        public void Save(string key, string token) { Kept[key] = token; }
        public void Forget(string key) { Kept.Remove(key); }
    }

    public abstract class WorldFixture {
        private const double SecondsMax = 20;
        private readonly List<GameObject> made = new List<GameObject>();
        private static int names;
        protected TokensOfATest Tokens;

        [SetUp]
        public void Prepare() { Tokens = new TokensOfATest(); }

        [TearDown]
        public void Destroy() {
            foreach (GameObject each in made) UnityEngine.Object.DestroyImmediate(each);
            made.Clear();
        }

        protected static string Server {
            get {
                string server = Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER");
                Assert.IsNotNull(server, "set AMBIT_TEST_SERVER and AMBIT_TEST_DATABASE: these tests need a server, as bindings/c/tests/with_server starts one");
                return server;
            }
        }

        protected static string Mmo { get { return Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"); } }

        /// <summary>An inactive object, so that components can be set up before they are told anything.</summary>
        protected GameObject Make(string name, Transform parent = null) {
            GameObject created = new GameObject(name);
            created.SetActive(false);
            if (parent == null) made.Add(created); else created.transform.SetParent(parent, false);
            return created;
        }

        /// <summary>An inactive world.</summary>
        protected AmbitWorld MakeWorld(string database, string player = "") {
            AmbitWorld world = Make("World " + player).AddComponent<AmbitWorld>();
            world.Project = ScriptableObject.CreateInstance<AmbitProject>();
            world.Project.Server = Server;
            world.Project.Database = database;
            world.Player = player;
            world.Tokens = Tokens;
            return world;
        }

        /// <summary>A name that no other player has.</summary>
        protected static string NewName() { return "unity-" + Process.GetCurrentProcess().Id + "-" + names++; }

        /// <summary>Frames until something holds.</summary>
        protected static IEnumerator Until(Func<bool> holds, string what) {
            Stopwatch clock = Stopwatch.StartNew();
            while (!holds()) {
                if (clock.Elapsed.TotalSeconds > SecondsMax) Assert.Fail("not in time: " + what);
                yield return null;
            }
        }
    }
}
