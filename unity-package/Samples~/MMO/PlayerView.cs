// One player: the name over the head, and for the own player the legs.

using Ambit;
using UnityEngine;

namespace Mmo.Sample {
    public sealed class PlayerView : AmbitEntityView<PlayerRow> {
        [SerializeField]
        private TextMesh label;

        /// <summary>Whether this is the player at this screen.</summary>
        public bool IsOwn { get; private set; }

        protected override void Enter(in PlayerRow row) {
            IsOwn = row.Identity.Equals(World.Client.Identity);
            label.text = row.Name;
            OwnPlayer legs = GetComponent<OwnPlayer>();
            legs.enabled = IsOwn;
            // The own player walks at once; the server's answer would come a round trip later.
            FollowsRow = !IsOwn;
        }

        protected override void Change(in PlayerRow before, in PlayerRow now) {
            if (now.Level != before.Level) label.text = now.Name + " (" + now.Level + ")";
        }
    }
}
