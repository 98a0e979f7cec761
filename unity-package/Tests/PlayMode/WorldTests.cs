// AmbitWorld: states and their reasons, tokens, the one database, awaited calls, and its end.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using Ambit.Tests.Mmo;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace Ambit.Tests {
    public sealed class WorldTests : WorldFixture {
        [UnityTest]
        public IEnumerator AWorldConnectsAndKeepsItsToken() {
            AmbitWorld world = MakeWorld(Mmo, "ada");
            List<WorldState> states = new List<WorldState>();
            world.StateChanged += (state, reason) => states.Add(state);
            Assert.AreEqual(WorldState.Offline, world.State);
            world.gameObject.SetActive(true);
            Assert.AreEqual(WorldState.Connecting, world.State);
            yield return null;
            yield return Until(() => world.State == WorldState.Ready, "ready");
            string token = Tokens.Load(AmbitWorld.TokenKey(Server, Mmo, "ada"));
            Assert.AreEqual(world.Client.Token, token);
            Identity first = world.Client.Identity;
            world.enabled = false;
            Assert.AreEqual(WorldState.Offline, world.State);
            Assert.IsNull(world.Client);
            world.enabled = true;
            yield return Until(() => world.State == WorldState.Ready, "ready again");
            Assert.AreEqual(first, world.Client.Identity);
            Assert.AreEqual(new[] { WorldState.Connecting, WorldState.Ready, WorldState.Offline, WorldState.Connecting, WorldState.Ready }, states.ToArray());
            world.ForgetToken();
            Assert.AreEqual(0, Tokens.Kept.Count);
        }

        [UnityTest]
        public IEnumerator PlayersOnOneMachineAreDifferentOnes() {
            AmbitWorld one = MakeWorld(Mmo, "one"), two = MakeWorld(Mmo, "two");
            one.gameObject.SetActive(true);
            two.gameObject.SetActive(true);
            yield return Until(() => one.State == WorldState.Ready && two.State == WorldState.Ready, "both ready");
            Assert.AreNotEqual(one.Client.Identity, two.Client.Identity);
            Assert.AreEqual(2, Tokens.Kept.Count);
        }

        [UnityTest]
        public IEnumerator AFailedConnectionSaysWhy() {
            AmbitWorld world = MakeWorld("no-such-database");
            string told = null;
            world.StateChanged += (state, reason) => { if (state == WorldState.Disconnected) told = reason; };
            world.gameObject.SetActive(true);
            yield return Until(() => world.State == WorldState.Disconnected, "disconnected");
            StringAssert.Contains("no-such-database", world.Reason);
            Assert.AreEqual(world.Reason, told);
            world.Close();
            Assert.AreEqual("", world.Reason);
            world.Project = null;
            world.Connect();
            Assert.AreEqual(WorldState.Disconnected, world.State);
            StringAssert.Contains("AmbitProject", world.Reason);
        }

        [UnityTest]
        public IEnumerator AForeignTokenIsNotSilentlyReplaced() {
            AmbitWorld world = MakeWorld(Mmo);
            Tokens.Save(AmbitWorld.TokenKey(Server, Mmo, ""), "of another server");
            world.gameObject.SetActive(true);
            yield return Until(() => world.State == WorldState.Disconnected, "refused");
            StringAssert.Contains("token", world.Reason);
            world.ForgetToken();
            world.Connect();
            yield return Until(() => world.State == WorldState.Ready, "a new player");
        }

        [UnityTest]
        public IEnumerator WhoeverAsksHasTheSameDatabase() {
            AmbitWorld world = MakeWorld(Mmo);
            Assert.Throws<AmbitException>(() => world.Database(client => new Database(client)));
            world.gameObject.SetActive(true);
            Database first = world.Database(client => new Database(client));
            Assert.AreSame(first, world.Database(client => new Database(client)));
            Assert.Throws<AmbitException>(() => world.Database(client => "another view"));
            int opened = 0, closed = 0;
            world.Opened += client => opened++;
            world.Closed += () => closed++;
            Assert.AreEqual(1, opened, "who comes late is told at once");
            world.Connect();
            Assert.AreEqual(2, opened);
            Assert.AreEqual(1, closed);
            Assert.AreNotSame(first, world.Database(client => new Database(client)));
            yield return null;
        }

        [UnityTest]
        public IEnumerator CallsAreAwaited() {
            AmbitWorld world = MakeWorld(Mmo);
            world.gameObject.SetActive(true);
            Database database = world.Database(client => new Database(client));
            yield return Until(() => world.State == WorldState.Ready, "ready");
            List<string> said = new List<string>();
            Play(world.Client, database, said);
            yield return Until(() => said.Count == 2, "both calls are answered");
            Assert.AreEqual("Committed", said[0]);
            StringAssert.Contains("letters", said[1]);
            PendingCall unanswered = world.Client.Result(database.Reducers.Say("last words"));
            Assert.IsFalse(unanswered.IsCompleted);
            world.Close();
            Assert.IsTrue(unanswered.IsCompleted);
            StringAssert.Contains("may have been committed", Assert.Throws<AmbitException>(() => unanswered.GetResult()).Message);
        }

        private static async void Play(Client client, Database database, List<string> said) {
            CallResult joined = await client.Result(database.Reducers.Join(NewName()));
            said.Add(joined.Status.ToString());
            CallResult refused = await client.Result(database.Reducers.Say(""));
            said.Add(refused.Message);
        }

        [UnityTest]
        public IEnumerator AHandlerThatThrowsIsLoggedAndTheWorldGoesOn() {
            AmbitWorld world = MakeWorld(Mmo);
            world.gameObject.SetActive(true);
            Database database = world.Database(client => new Database(client));
            bool hasThrown = false;
            database.Tables.Monster.OnInsert += (in MonsterRow row) => {
                if (hasThrown) return;
                hasThrown = true;
                throw new InvalidOperationException("of a handler");
            };
            LogAssert.Expect(LogType.Exception, new Regex("of a handler"));
            world.Client.Watch(MonsterTable.Query());
            yield return Until(() => database.Tables.Monster.Count > 0 && world.Client.Statistics.EventsPending == 0, "monsters");
            Assert.IsTrue(hasThrown);
            Assert.AreEqual(WorldState.Ready, world.State);
        }

        [UnityTest]
        public IEnumerator AHandlerMayCloseTheWorld() {
            AmbitWorld world = MakeWorld(Mmo);
            world.gameObject.SetActive(true);
            Database database = world.Database(client => new Database(client));
            int inserts = 0;
            database.Tables.Monster.OnInsert += (in MonsterRow row) => {
                inserts++;
                world.Close();
            };
            world.Client.Watch(MonsterTable.Query());
            yield return Until(() => inserts > 0, "a monster");
            Assert.AreEqual(1, inserts);
            Assert.AreEqual(WorldState.Offline, world.State);
        }

        [UnityTest]
        public IEnumerator ASubscriptionLivesWithItsComponent() {
            AmbitWorld world = MakeWorld(Mmo);
            AmbitSubscription subscription = Make("Monsters", world.transform).AddComponent<AmbitSubscription>();
            subscription.Query = "SELECT * FROM monster WHERE health >= :least";
            subscription.SetParameters(new Parameters().Set("least", 1));
            subscription.Delivery = new Delivery { Rate = 30 };
            subscription.gameObject.SetActive(true);
            world.gameObject.SetActive(true);
            Database database = world.Database(client => new Database(client));
            int unsubscribed = 0;
            database.Tables.Monster.OnDelete += (in MonsterRow row, DeleteReason reason) => { if (reason == DeleteReason.Unsubscribed) unsubscribed++; };
            yield return Until(() => database.Tables.Monster.Count > 0, "monsters");
            yield return Until(() => subscription.Inspect() != null, "what is in force");
            Assert.AreEqual(30, subscription.Inspect().Rate);
            subscription.SetParameters(new Parameters().Set("least", 60000));
            yield return Until(() => database.Tables.Monster.Count == 0, "none so healthy");
            subscription.SetParameters(new Parameters().Set("least", 1));
            yield return Until(() => database.Tables.Monster.Count > 0, "monsters again");
            subscription.enabled = false;
            yield return Until(() => database.Tables.Monster.Count == 0, "nothing subscribed to");
            Assert.Greater(unsubscribed, 0);
            subscription.enabled = true;
            yield return Until(() => database.Tables.Monster.Count > 0, "subscribed again");
            world.Connect();
            database = world.Database(client => new Database(client));
            yield return Until(() => database.Tables.Monster.Count > 0, "in the next connection");
        }
    }
}
