// How positions and directions of a database become the scene's, and back.

using System;
using UnityEngine;

namespace Ambit {
    /// <summary>Which of the scene's axes a database's axes are.</summary>
    public enum AmbitPlane {
        /// <summary>X and Y lie on the ground, Z points up: for worlds in two dimensions that are shown in three, and for modules whose
        /// up is Z.</summary>
        Ground = 0,
        /// <summary>X and Y are the screen's: for games in two dimensions.</summary>
        Screen = 1,
        /// <summary>X, Y and Z as the scene has them, Y up.</summary>
        Scene = 2
    }

    /// <summary>The scene's place in the database's world. Positions are doubles until the origin has been taken from them, so a
    /// world can be as large as it likes while the origin is near the camera.</summary>
    [Serializable]
    public sealed class AmbitSpace {
        [SerializeField, Tooltip("Which of the scene's axes the database's are.")]
        private AmbitPlane plane = AmbitPlane.Ground;

        [SerializeField, Tooltip("Units of the scene per unit of the database.")]
        private float scale = 1;

        [SerializeField, Tooltip("The database's position of the scene's origin.")]
        private double originX, originY, originZ;

        public AmbitPlane Plane { get { return plane; } set { plane = value; } }

        /// <summary>Units of the scene per unit of the database.</summary>
        public float Scale { get { return scale; } set { scale = value; } }

        /// <summary>The database's position of the scene's origin. Set it near the camera in large worlds.</summary>
        public DVec3 Origin {
            get { return new DVec3(originX, originY, originZ); }
            set {
                originX = value.X;
                originY = value.Y;
                originZ = value.Z;
            }
        }

        /// <summary>A place in the scene. In two dimensions `z` is 0.</summary>
        public Vector3 ToScene(double x, double y, double z) {
            float right = (float)((x - originX) * scale), second = (float)((y - originY) * scale), third = (float)((z - originZ) * scale);
            return plane == AmbitPlane.Ground ? new Vector3(right, third, second) : new Vector3(right, second, third);
        }

        public Vector3 ToScene(Vec2 place) { return ToScene(place.X, place.Y, originZ); }

        public Vector3 ToScene(Vec3 place) { return ToScene(place.X, place.Y, place.Z); }

        /// <summary>A place in the database.</summary>
        public DVec3 ToDatabase(Vector3 place) {
            double second = plane == AmbitPlane.Ground ? place.z : place.y, third = plane == AmbitPlane.Ground ? place.y : place.z;
            return new DVec3(place.x / scale + originX, second / scale + originY, third / scale + originZ);
        }

        public Vec2 ToVec2(Vector3 place) {
            DVec3 exact = ToDatabase(place);
            return new Vec2((float)exact.X, (float)exact.Y);
        }

        public Vec3 ToVec3(Vector3 place) {
            DVec3 exact = ToDatabase(place);
            return new Vec3((float)exact.X, (float)exact.Y, (float)exact.Z);
        }

        /// <summary>The rotation of something that looks along an angle, in radians from the first axis towards the second. On the
        /// ground and in the scene it looks along its Z, on the screen along its X.</summary>
        public Quaternion ToRotation(double radians) {
            float degrees = (float)radians * Mathf.Rad2Deg;
            if (plane == AmbitPlane.Screen) return Quaternion.AngleAxis(degrees, Vector3.forward);
            return Quaternion.AngleAxis(90 - degrees, Vector3.up);
        }

        /// <summary>The angle along which something looks whose forward direction this is, in radians; the inverse of
        /// ToRotation.</summary>
        public float ToAngle(Vector3 forward) {
            return plane == AmbitPlane.Screen ? Mathf.Atan2(forward.y, forward.x) : Mathf.Atan2(forward.z, forward.x);
        }

        /// <summary>A rotation of the database. Where its Z is the scene's Y, handedness changes and the rotation with it.</summary>
        public Quaternion ToRotation(Quat rotation) {
            return plane == AmbitPlane.Ground
                ? new Quaternion(-rotation.X, -rotation.Z, -rotation.Y, rotation.W)
                : new Quaternion(rotation.X, rotation.Y, rotation.Z, rotation.W);
        }
    }
}
