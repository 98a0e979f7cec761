// AmbitEntities: who enters has an object in its place, who leaves gives it back with a reason, and objects are used again.

using System.Collections;
using System.Collections.Generic;
using System.Text.RegularExpressions;
using Ambit.Tests.Mmo;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace Ambit.Tests {
    /// <summary>Writes down what it is told.</summary>
    public sealed class MonsterView : AmbitEntityView<MonsterRow> {
        public static readonly List<DeleteReason> Left = new List<DeleteReason>();
        public static float Linger;
        public static bool Throws;
        public uint Monster;
        public int Changes;

        private void OnEnable() { Assert.IsNotNull(World, "a view is enabled for a row"); }

        protected override float LingerSeconds(DeleteReason reason) { return Linger; }

        protected override void Enter(in MonsterRow row) {
            Monster = row.Id;
            Changes = 0;
            if (Throws) throw new System.InvalidOperationException("of a view");
        }

        protected override void Change(in MonsterRow before, in MonsterRow now) {
            Assert.AreEqual(Monster, before.Id);
            Assert.AreEqual(Monster, now.Id);
            Changes++;
        }

        protected override void Leave(in MonsterRow row, DeleteReason reason) {
            Assert.AreEqual(Monster, row.Id);
            Left.Add(reason);
        }
    }

    public sealed class MonsterEntities : AmbitEntities<MonsterRow> {
        public MonsterKind? Only;

        protected override Table<MonsterRow> Bind(Client client) {
            MoveBy(MonsterColumns.Position);
            TurnBy(MonsterColumns.Facing);
            return World.Database(made => new Database(made)).Tables.Monster;
        }

        protected override bool Shows(in MonsterRow row) { return !Only.HasValue || row.Kind == Only.Value; }
    }

    public sealed class EntityTests : WorldFixture {
        private AmbitWorld world;
        private MonsterEntities entities;

        [SetUp]
        public void Reset() {
            MonsterView.Left.Clear();
            MonsterView.Linger = 0;
            MonsterView.Throws = false;
        }

        private Database Database { get { return world.Database(client => new Database(client)); } }

        /// <summary>A world with entities that nobody is subscribed to yet.</summary>
        private void Begin() {
            world = MakeWorld(Mmo);
            entities = Make("Monsters", world.transform).AddComponent<MonsterEntities>();
            entities.Prefab = Make("Monster").AddComponent<MonsterView>();
            entities.gameObject.SetActive(true);
            world.gameObject.SetActive(true);
        }

        private AmbitSubscription Subscribe(string query) {
            AmbitSubscription subscription = Make("Subscription", world.transform).AddComponent<AmbitSubscription>();
            subscription.Query = query;
            subscription.gameObject.SetActive(true);
            return subscription;
        }

        private bool AllAreShown { get { return Database.Tables.Monster.Count > 0 && entities.Count == Database.Tables.Monster.Count; } }

        [UnityTest]
        public IEnumerator RowsHaveObjectsWhileTheyAreThere() {
            Begin();
            Assert.AreEqual(16, entities.PooledCount, "made beforehand");
            AmbitSubscription subscription = Subscribe("SELECT * FROM monster");
            yield return Until(() => AllAreShown, "every monster has an object");
            HashSet<uint> seen = new HashSet<uint>();
            for (int i = 0; i < entities.Count; i++) {
                MonsterView view = (MonsterView)entities.ViewAt(i);
                Assert.IsTrue(view.IsShown && view.gameObject.activeInHierarchy);
                Assert.AreSame(view, entities.ViewOf(view.Slot));
                MonsterRow row;
                Assert.IsTrue(Database.Tables.Monster.TryRow(view.Slot, out row));
                Assert.AreEqual(view.Monster, row.Id);
                seen.Add(view.Monster);
            }
            Assert.AreEqual(entities.Count, seen.Count);
            yield return Until(() => ((MonsterView)entities.ViewAt(0)).Changes + ((MonsterView)entities.ViewAt(1)).Changes + ((MonsterView)entities.ViewAt(2)).Changes > 0, "changes are told");
            int made = entities.PooledCount;
            subscription.enabled = false;
            yield return Until(() => entities.Count == 0, "all have left");
            Assert.IsTrue(MonsterView.Left.TrueForAll(reason => reason == DeleteReason.Unsubscribed));
            Assert.IsFalse(entities.transform.GetChild(1).gameObject.activeSelf);
            subscription.enabled = true;
            yield return Until(() => AllAreShown, "all are back");
            Assert.LessOrEqual(entities.PooledCount, System.Math.Max(made, entities.Count), "objects are used again");
        }

        [UnityTest]
        public IEnumerator WhoComesLateShowsWhatIsThere() {
            Begin();
            entities.enabled = false;
            Database database = Database;
            Subscribe("SELECT * FROM monster");
            yield return Until(() => database.Tables.Monster.Count > 0, "monsters");
            Assert.AreEqual(0, entities.Count);
            entities.enabled = true;
            Assert.AreEqual(database.Tables.Monster.Count, entities.Count);
            yield return null;
            world.Close();
            Assert.AreEqual(0, entities.Count);
            world.Connect();
            yield return Until(() => AllAreShown, "all of the next connection");
        }

        [UnityTest]
        public IEnumerator OnlyWhatIsWantedIsShown() {
            Begin();
            entities.Only = MonsterKind.Wolf;
            Database database = Database;
            Subscribe("SELECT * FROM monster");
            yield return Until(() => database.Tables.Monster.Count > 0 && world.Client.Statistics.EventsPending == 0, "monsters");
            int wolves = 0;
            foreach (MonsterRow row in database.Tables.Monster.Rows) if (row.Kind == MonsterKind.Wolf) wolves++;
            Assert.AreEqual(wolves, entities.Count);
            // A row that is no longer wanted leaves with its next change.
            entities.Only = MonsterKind.Troll;
            MonsterView.Linger = 0.05f;
            yield return Until(() => MonsterView.Left.Count > 0, "wolves that move leave");
            Assert.AreEqual(DeleteReason.NoLongerMatching, MonsterView.Left[0]);
        }

        [UnityTest]
        public IEnumerator TheDeadLinger() {
            Begin();
            AmbitSubscription subscription = Subscribe("SELECT * FROM monster");
            yield return Until(() => AllAreShown, "every monster has an object");
            MonsterView.Linger = 0.2f;
            AmbitEntityView view = entities.ViewAt(0);
            subscription.enabled = false;
            yield return Until(() => entities.Count == 0, "all have left");
            Assert.IsFalse(view.IsShown);
            Assert.IsTrue(view.gameObject.activeSelf, "it lingers");
            yield return Until(() => !view.gameObject.activeSelf, "its time is over");
        }

        [UnityTest]
        public IEnumerator AViewThatThrowsOrIsDestroyedHarmsNoOther() {
            Begin();
            MonsterView.Throws = true;
            Database database = Database;
            AmbitSubscription subscription = Subscribe("SELECT * FROM monster WHERE id = 1 OR id = 2");
            LogAssert.Expect(LogType.Exception, new Regex("of a view"));
            LogAssert.Expect(LogType.Exception, new Regex("of a view"));
            yield return Until(() => entities.Count == 2, "both are shown");
            Object.DestroyImmediate(entities.ViewAt(0).gameObject);
            MonsterView.Throws = false;
            subscription.enabled = false;
            yield return Until(() => entities.Count == 0 && database.Tables.Monster.Count == 0, "both have left");
            subscription.enabled = true;
            yield return Until(() => entities.Count == 2, "both are back");
            Assert.IsTrue(entities.ViewAt(0) != null && entities.ViewAt(1) != null);
        }

        [UnityTest]
        public IEnumerator WithoutAWorldOrPrefabItIsSaidWhatIsMissing() {
            LogAssert.Expect(LogType.Error, new Regex("AmbitWorld"));
            Make("Alone").AddComponent<MonsterEntities>().gameObject.SetActive(true);
            LogAssert.Expect(LogType.Error, new Regex("prefab"));
            world = MakeWorld(Mmo);
            Make("Monsters", world.transform).AddComponent<MonsterEntities>().gameObject.SetActive(true);
            world.gameObject.SetActive(true);
            yield return null;
        }
    }
}
