// What a frame costs the managed heap: nothing, with two thousand rows that move and have objects.

using System;
using System.Collections;
using Ambit.Tests.Swarm;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace Ambit.Tests {
    public sealed class BodyView : AmbitEntityView<BodyRow> {
        public static long Changes;
        public static float Turned;

        protected override void Change(in BodyRow before, in BodyRow now) {
            Changes++;
            Turned += now.Angle - before.Angle;
        }
    }

    public sealed class BodyEntities : AmbitEntities<BodyRow> {
        protected override Table<BodyRow> Bind(Client client) {
            MoveBy(BodyColumns.Position);
            TurnByRotation(BodyColumns.Rotation);
            return World.Database(made => new Database(made)).Tables.Body;
        }
    }

    public sealed class AllocationTests : WorldFixture {
        private const int Bodies = 2000;
        private const int Frames = 60;

        private static int handled;

        private static void Moved(in BodyRow before, in BodyRow now) { handled++; }

        [UnityTest]
        public IEnumerator AFrameWithTwoThousandMovingRowsAllocatesNothing() {
            AmbitWorld world = MakeWorld("swarm");
            world.TickBudgetMilliseconds = 0;
            BodyEntities entities = Make("Bodies", world.transform).AddComponent<BodyEntities>();
            entities.Prefab = Make("Body").AddComponent<BodyView>();
            entities.gameObject.SetActive(true);
            world.gameObject.SetActive(true);
            Database database = world.Database(client => new Database(client));
            database.Tables.Body.OnUpdate += Moved;
            world.Client.Watch(BodyTable.Query());
            yield return Until(() => entities.Count == Bodies, "every body has an object");
            // Everything has run before it is measured: compiled methods, grown buffers.
            for (int i = 0; i < Frames; i++) yield return null;
            long changes = BodyView.Changes;
            long allocated = 0;
            for (int measured = 0; measured < Frames; measured++) {
                // The test's own step allocates, so only the world's work is measured: its Tick with all handlers and placements.
                world.Client.Wait(100);
                long before = GC.GetAllocatedBytesForCurrentThread();
                world.Tick();
                allocated += GC.GetAllocatedBytesForCurrentThread() - before;
            }
            Assert.Greater(BodyView.Changes - changes, Bodies * 10, "the bodies moved meanwhile");
            Assert.Greater(handled, 0);
            Assert.AreEqual(0, allocated);
            yield return null;
        }

        [UnityTest]
        public IEnumerator TheMeasureMeasures() {
            long before = GC.GetAllocatedBytesForCurrentThread();
            byte[] made = new byte[4096];
            Assert.GreaterOrEqual(GC.GetAllocatedBytesForCurrentThread() - before, made.Length, "this runtime does not count what a thread allocates");
            yield return null;
        }
    }
}
