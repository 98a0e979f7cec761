// Objects stand where the core says that their rows are at the time that is shown, and between updates they move.

using System.Collections;
using Ambit.Tests.Swarm;
using NUnit.Framework;
using UnityEngine;
using UnityEngine.TestTools;

namespace Ambit.Tests {
    public sealed class MotionTests : WorldFixture {
        private const float Spacing = 4;
        private const uint Columns = 50;
        private const float Radius = 1.5f;
        private const int Updates = 20;

        [UnityTest]
        public IEnumerator AnObjectIsWhereItsRowIsAtTheTimeThatIsShown() {
            AmbitWorld world = MakeWorld("swarm");
            BodyEntities entities = Make("Bodies", world.transform).AddComponent<BodyEntities>();
            entities.Prefab = Make("Body").AddComponent<BodyView>();
            entities.gameObject.SetActive(true);
            world.gameObject.SetActive(true);
            Table<BodyRow> bodies = world.Database(client => new Database(client)).Tables.Body;
            world.Client.Watch(BodyTable.Query().Filter(BodyColumns.Id.AtMost(9)));
            Timestamp shown = default(Timestamp);
            yield return Until(() => entities.Count == 10 && world.Client.RenderTime(out shown), "bodies, and the server's clock");
            uint slot = entities.ViewAt(0).Slot;
            BodyRow row;
            Assert.IsTrue(bodies.TryRow(slot, out row));
            Vector3 centre = new Vector3(row.Id % Columns * Spacing, 0, row.Id / Columns * Spacing);
            ulong firstOffset = world.Client.Offset, lastOffset = firstOffset;
            int places = 0, updates = 0;
            Vector3 last = Vector3.zero;
            while (updates < Updates) {
                yield return null;
                Transform at = entities.ViewOf(slot).transform;
                SampledValue place, turn;
                Assert.IsTrue(bodies.Sample(slot, BodyColumns.Position, world.RenderTime, out place));
                Assert.IsTrue(bodies.Sample(slot, BodyColumns.Rotation, world.RenderTime, out turn));
                Assert.Less(Vector3.Distance(world.Space.ToScene(place.X, place.Y, place.Z), at.localPosition), 1e-3f);
                Assert.AreEqual(-turn.Z, at.localRotation.y, 1e-5);
                // Straight lines between points of the circle lie within it.
                float distance = Vector3.Distance(centre, at.localPosition);
                Assert.IsTrue(distance > 0.9f * Radius && distance < 1.01f * Radius, "it left its circle: " + distance);
                if (Vector3.Distance(last, at.localPosition) > 1e-6f) places++;
                last = at.localPosition;
                if (world.Client.Offset != lastOffset) updates++;
                lastOffset = world.Client.Offset;
            }
            Assert.Greater(places, Updates / 2, "it moves");
        }

        [UnityTest]
        public IEnumerator TheRenderDelayCanBeFixed() {
            AmbitWorld world = MakeWorld("swarm");
            world.gameObject.SetActive(true);
            Timestamp server = default(Timestamp), shown = default(Timestamp);
            Assert.IsFalse(world.Client.ServerTime(out server));
            Assert.IsFalse(world.Client.RenderTime(out shown));
            yield return Until(() => world.Client.ServerTime(out server) && world.Client.RenderTime(out shown), "the server's clock");
            Assert.Greater(server.Microseconds, shown.Microseconds);
            world.Client.SetRenderDelay(new Duration(1500000));
            yield return Until(() => world.Client.Statistics.RenderDelayMicroseconds == 1500000, "the delay that was asked for");
            world.Client.SetRenderDelay(null);
            yield return Until(() => world.Client.Statistics.RenderDelayMicroseconds < 1500000, "a delay of the core's choice");
            Assert.Throws<AmbitException>(() => world.Client.SetRenderDelay(new Duration(3000000)));
        }

        [UnityTest]
        public IEnumerator AColumnThatCannotBeSmoothedIsRefusedOnce() {
            AmbitWorld world = MakeWorld("swarm");
            world.gameObject.SetActive(true);
            BodyTable bodies = world.Database(client => new Database(client)).Tables.Body;
            LogAssert.Expect(LogType.Exception, new System.Text.RegularExpressions.Regex("body"));
            bodies.Interpolate(BodyColumns.Id);
            yield return Until(() => world.State == WorldState.Ready, "ready nevertheless");
        }
    }
}
