// Draws what is in force in a subscription into the Scene view: the circles in which rows enter, the one at which they leave, and the
// tiers.

using Ambit;
using UnityEditor;
using UnityEngine;

namespace AmbitEditor {
    internal static class InterestGizmos {
        private static readonly Color near = new Color(0.2f, 0.9f, 0.4f), far = new Color(0.9f, 0.5f, 0.2f), leaving = new Color(0.6f, 0.6f, 0.6f);

        [DrawGizmo(GizmoType.Selected | GizmoType.Active | GizmoType.InSelectionHierarchy)]
        internal static void Draw(AmbitSubscription subscription, GizmoType type) {
            Inspection inspection = subscription.Inspect();
            if (inspection == null) return;
            AmbitSpace space = subscription.World.Space;
            Vector3 normal = space.Plane == AmbitPlane.Screen ? Vector3.forward : Vector3.up;
            foreach (Circle circle in inspection.Circles) {
                // In two dimensions the circle lies at the height of the scene's origin.
                double z = circle.Centre.Z == 0 ? space.Origin.Z : circle.Centre.Z;
                Vector3 centre = space.ToScene(circle.Centre.X, circle.Centre.Y, z);
                Handles.color = far;
                Handles.DrawWireDisc(centre, normal, (float)circle.Radius * space.Scale);
                if (inspection.Hysteresis > 0) {
                    Handles.color = leaving;
                    Handles.DrawWireDisc(centre, normal, (float)(circle.Radius + inspection.Hysteresis) * space.Scale);
                }
                for (int i = 0; i < inspection.Tiers.Count; i++) {
                    TierInForce tier = inspection.Tiers[i];
                    Handles.color = Color.Lerp(near, far, inspection.Tiers.Count < 2 ? 0 : (float)i / (inspection.Tiers.Count - 1));
                    Handles.DrawWireDisc(centre, normal, (float)tier.Distance * space.Scale);
                    string rate = tier.IntervalMilliseconds == 0 ? "every update" : "every " + tier.IntervalMilliseconds + " ms";
                    Handles.Label(centre + new Vector3((float)tier.Distance * space.Scale, 0, 0), tier.Rows + " rows, " + rate);
                }
            }
        }
    }
}
