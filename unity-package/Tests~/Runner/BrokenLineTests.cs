// A line that breaks and is mended: the world says so, keeps what it shows, and goes on with it.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Ambit;
using Ambit.Tests;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.StandIn;
using UnityEngine.TestTools;

namespace StandInTests {
    /// <summary>A line to a server that a test can cut: passes bytes on between two sockets.</summary>
    public sealed class Line : IDisposable {
        private readonly TcpListener listener = new TcpListener(IPAddress.Loopback, 0);
        private readonly List<TcpClient> ends = new List<TcpClient>();
        private readonly string host;
        private readonly int port;
        private bool isCut;

        public Line(string server) {
            Uri to = new Uri(server);
            host = to.Host;
            port = to.Port;
            listener.Start();
            Accept();
        }

        /// <summary>The address that clients connect to.</summary>
        public string Address { get { return "http://127.0.0.1:" + ((IPEndPoint)listener.LocalEndpoint).Port; } }

        /// <summary>Ends every connection, and until Mend every new one at once.</summary>
        public void Cut() {
            lock (ends) {
                isCut = true;
                foreach (TcpClient each in ends) each.Close();
                ends.Clear();
            }
        }

        public void Mend() { lock (ends) isCut = false; }

        public void Dispose() {
            listener.Stop();
            Cut();
        }

        private async void Accept() {
            try {
                while (true) Connect(await listener.AcceptTcpClientAsync());
            } catch (ObjectDisposedException) {
                // The test is over.
            } catch (SocketException) {
                // The same, as some systems say it.
            }
        }

        private void Connect(TcpClient near) {
            TcpClient far = new TcpClient();
            lock (ends) {
                if (isCut) {
                    near.Close();
                    return;
                }
                far.Connect(host, port);
                ends.Add(near);
                ends.Add(far);
            }
            Pass(near, far);
            Pass(far, near);
        }

        private static async void Pass(TcpClient from, TcpClient to) {
            try {
                await from.GetStream().CopyToAsync(to.GetStream());
            } catch (Exception) {
                // One of both is closed; so is the other.
            }
            from.Close();
            to.Close();
        }
    }

    [TestFixture]
    public sealed class BrokenLineTests {
        private const double SecondsMax = 30;
        private Line line;
        private AmbitWorld world;
        private MonsterEntities entities;

        [SetUp]
        public void Begin() {
            PlayerLoop.EnterPlayMode();
            line = new Line(Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER"));
            world = Make("World").AddComponent<AmbitWorld>();
            world.Tokens = new TokensOfATest();
            world.Project = ScriptableObject.CreateInstance<AmbitProject>();
            world.Project.Server = line.Address;
            world.Project.Database = Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE");
            entities = Make("Monsters").AddComponent<MonsterEntities>();
            entities.World = world;
            entities.Prefab = Make("Monster").AddComponent<MonsterView>();
            AmbitSubscription subscription = Make("Subscription").AddComponent<AmbitSubscription>();
            subscription.World = world;
            subscription.Query = "SELECT * FROM monster";
            subscription.gameObject.SetActive(true);
            entities.gameObject.SetActive(true);
        }

        [TearDown]
        public void End() {
            PlayerLoop.Clear();
            line.Dispose();
            LogAssert.Judge();
        }

        private static GameObject Make(string name) {
            GameObject made = new GameObject(name);
            made.SetActive(false);
            return made;
        }

        private void Until(Func<bool> holds, string what) {
            Stopwatch clock = Stopwatch.StartNew();
            while (!holds()) {
                Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax, "not in time: " + what + "; " + world.State + " " + world.Reason);
                FrameTests.Frame();
            }
        }

        private bool AllAreShown {
            get {
                int count = world.Database(client => new Ambit.Tests.Mmo.Database(client)).Tables.Monster.Count;
                return count > 0 && entities.Count == count;
            }
        }

        [Test]
        public void WhatIsShownStaysWhileTheConnectionIsMadeAgain() {
            List<string> told = new List<string>();
            world.StateChanged += (state, reason) => told.Add(state + (reason == "" ? "" : "!"));
            world.gameObject.SetActive(true);
            Until(() => world.State == WorldState.Ready && AllAreShown, "monsters");
            Client client = world.Client;
            AmbitEntityView view = entities.ViewAt(0);
            uint slot = view.Slot;
            int count = entities.Count;
            ulong offset = client.Offset;
            line.Cut();
            Until(() => world.State == WorldState.Reconnecting, "the loss is noticed");
            Assert.AreNotEqual("", world.Reason);
            Assert.AreEqual(count, entities.Count);
            Assert.IsTrue(view.IsShown && view.gameObject.activeInHierarchy);
            line.Mend();
            Until(() => world.State == WorldState.Ready, "ready again");
            Assert.AreSame(client, world.Client);
            Assert.AreEqual("", world.Reason);
            Until(() => client.Offset > offset && AllAreShown, "the world as it is now");
            Assert.AreSame(view, entities.ViewOf(slot), "the same object still stands for the row");
            Assert.AreEqual("Connecting Ready Reconnecting! Ready", string.Join(" ", told.ToArray()));
        }

        [Test]
        public void AWorldWithoutPatienceIsDisconnected() {
            world.ReconnectSeconds = -1;
            world.gameObject.SetActive(true);
            Until(() => world.State == WorldState.Ready, "ready");
            PendingCall call = world.Client.Result(world.Database(client => new Ambit.Tests.Mmo.Database(client)).Reducers.Say("into the void"));
            line.Cut();
            Until(() => world.State == WorldState.Disconnected, "the end");
            Assert.AreNotEqual("", world.Reason);
            Assert.IsTrue(call.IsCompleted);
            line.Mend();
            world.Connect();
            Until(() => world.State == WorldState.Ready, "connected anew");
        }
    }
}
