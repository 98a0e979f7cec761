// Looks at the own player from behind and above.

using UnityEngine;

namespace Mmo.Sample {
    public sealed class FollowCamera : MonoBehaviour {
        [SerializeField]
        private PlayerEntities players;

        [SerializeField]
        private Vector3 offset = new Vector3(0, 18, -14);

        private void LateUpdate() {
            for (int i = 0; i < players.Count; i++) {
                PlayerView view = players.ViewAt(i) as PlayerView;
                if (view == null || !view.IsOwn) continue;
                transform.position = view.transform.position + offset;
                return;
            }
        }
    }
}
