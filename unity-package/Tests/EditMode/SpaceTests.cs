// AmbitSpace: positions and directions, there and back, on every plane.

using NUnit.Framework;
using UnityEngine;

namespace Ambit.Tests {
    public sealed class SpaceTests {
        private const double Tolerance = 1e-4;

        private static void AreNear(Vector3 expected, Vector3 actual) {
            Assert.Less(Vector3.Distance(expected, actual), Tolerance, expected + " and " + actual);
        }

        [Test]
        public void PositionsGoThereAndBack() {
            foreach (AmbitPlane plane in new[] { AmbitPlane.Ground, AmbitPlane.Screen, AmbitPlane.Scene }) {
                AmbitSpace space = new AmbitSpace { Plane = plane, Scale = 2, Origin = new DVec3(1000000, 2000000, 30) };
                DVec3 back = space.ToDatabase(space.ToScene(1000001.5, 2000002.5, 33));
                Assert.AreEqual(1000001.5, back.X, Tolerance);
                Assert.AreEqual(2000002.5, back.Y, Tolerance);
                Assert.AreEqual(33, back.Z, Tolerance);
            }
        }

        [Test]
        public void TheGroundIsFlatAndTheScreenUpright() {
            AreNear(new Vector3(1, 0, 2), new AmbitSpace { Plane = AmbitPlane.Ground }.ToScene(new Vec2(1, 2)));
            AreNear(new Vector3(1, 2, 0), new AmbitSpace { Plane = AmbitPlane.Screen }.ToScene(new Vec2(1, 2)));
            AreNear(new Vector3(1, 2, 3), new AmbitSpace { Plane = AmbitPlane.Scene }.ToScene(new Vec3(1, 2, 3)));
            AreNear(new Vector3(1, 3, 2), new AmbitSpace { Plane = AmbitPlane.Ground }.ToScene(new Vec3(1, 2, 3)));
        }

        [Test]
        public void AnAngleLooksWhereThePositionWouldGo() {
            foreach (AmbitPlane plane in new[] { AmbitPlane.Ground, AmbitPlane.Screen }) {
                AmbitSpace space = new AmbitSpace { Plane = plane };
                for (float angle = -3; angle < 3; angle += 0.5f) {
                    Vector3 way = space.ToScene(new Vec2(Mathf.Cos(angle), Mathf.Sin(angle)));
                    Vector3 ahead = plane == AmbitPlane.Screen ? new Vector3(1, 0, 0) : Vector3.forward;
                    AreNear(way, space.ToRotation(angle) * ahead);
                    Assert.AreEqual(angle, space.ToAngle(way), Tolerance);
                }
            }
        }

        [Test]
        public void ARotationOfTheDatabaseTurnsTheSameWayInTheScene() {
            AmbitSpace space = new AmbitSpace { Plane = AmbitPlane.Ground };
            // A quarter turn about the database's up, from its first axis to its second.
            float half = Mathf.PI / 4;
            Quaternion turned = space.ToRotation(new Quat(0, 0, Mathf.Sin(half), Mathf.Cos(half)));
            AreNear(space.ToScene(0, 1, 0), turned * space.ToScene(1, 0, 0));
            AreNear(space.ToScene(-1, 0, 0), turned * space.ToScene(0, 1, 0));
            // And one about its first axis, from the second to up.
            turned = space.ToRotation(new Quat(Mathf.Sin(half), 0, 0, Mathf.Cos(half)));
            AreNear(space.ToScene(0, 0, 1), turned * space.ToScene(0, 1, 0));
        }
    }
}
