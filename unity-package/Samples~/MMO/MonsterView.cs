// One monster: as large as its kind, and a moment longer there when it died.

using Ambit;
using UnityEngine;

namespace Mmo.Sample {
    public sealed class MonsterView : AmbitEntityView<MonsterRow> {
        private const float DyingSeconds = 0.6f;

        protected override float LingerSeconds(DeleteReason reason) { return reason == DeleteReason.Deleted ? DyingSeconds : 0; }

        protected override void Enter(in MonsterRow row) {
            float size = row.Kind == MonsterKind.Slime ? 0.6f : row.Kind == MonsterKind.Wolf ? 1 : 1.8f;
            transform.localScale = new Vector3(size, size, size);
        }

        protected override void Leave(in MonsterRow row, DeleteReason reason) {
            // What died lies flat; what went out of sight is simply not there any more.
            if (reason == DeleteReason.Deleted) transform.localScale = new Vector3(transform.localScale.x, 0.1f, transform.localScale.z);
        }
    }
}
