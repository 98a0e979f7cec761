// Where a game object is, in the space of its parent.

using System.Collections.Generic;

namespace UnityEngine {
    public sealed class Transform : Component {
        private readonly List<Transform> children = new List<Transform>();
        private Transform above;

        public Vector3 localPosition { get; set; }
        public Quaternion localRotation { get; set; }
        public Vector3 localScale { get; set; }

        internal Transform() {
            localRotation = Quaternion.identity;
            localScale = Vector3.one;
        }

        public Transform parent { get { return above; } set { SetParent(value, true); } }
        public int childCount { get { return children.Count; } }
        public Transform GetChild(int index) { return children[index]; }

        public void SetParent(Transform to, bool worldPositionStays) {
            Vector3 place = position;
            if (above != null) above.children.Remove(this);
            above = to;
            if (above != null) above.children.Add(this);
            if (worldPositionStays) position = place;
        }

        public Vector3 position {
            get { return above == null ? localPosition : above.position + above.rotation * Scaled(localPosition, above.localScale); }
            set {
                if (above == null) {
                    localPosition = value;
                    return;
                }
                Vector3 from = Inverse(above.rotation) * (value - above.position), scale = above.localScale;
                localPosition = new Vector3(from.x / scale.x, from.y / scale.y, from.z / scale.z);
            }
        }

        public Quaternion rotation {
            get { return above == null ? localRotation : above.rotation * localRotation; }
            set { localRotation = above == null ? value : Inverse(above.rotation) * value; }
        }

        public Vector3 forward { get { return rotation * Vector3.forward; } }

        public void SetLocalPositionAndRotation(Vector3 position, Quaternion rotation) {
            localPosition = position;
            localRotation = rotation;
        }

        private static Quaternion Inverse(Quaternion of) { return new Quaternion(-of.x, -of.y, -of.z, of.w); }
        private static Vector3 Scaled(Vector3 by, Vector3 scale) { return new Vector3(by.x * scale.x, by.y * scale.y, by.z * scale.z); }
    }
}
