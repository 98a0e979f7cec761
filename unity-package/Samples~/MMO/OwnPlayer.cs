// Walks the own player by the keys and tells the server where it is, twenty times a second. Without keys, and until one is pressed, it
// strolls to the middle of the map, where the others are.

using Ambit;
using UnityEngine;

namespace Mmo.Sample {
    [RequireComponent(typeof(PlayerView))]
    public sealed class OwnPlayer : MonoBehaviour {
        private const float MetresPerSecond = 8;
        private const float SecondsBetweenSteps = 0.05f;
        private const float MapMiddle = 320;
        private const float MiddleRadius = 20;
        private PlayerView view;
        private Database database;
        private Vector3 told;
        private float nextStep;
        private bool hasKeys;

        private void OnEnable() {
            view = GetComponent<PlayerView>();
            database = view.World.Database(client => new Database(client));
            told = transform.localPosition;
        }

        private void Update() {
            if (view.World.State != WorldState.Ready) return;
            PlayerRow row;
            if (!database.Tables.Player.Find(view.World.Client.Identity, out row)) return;
            AmbitSpace space = view.World.Space;
            if (row.Health == 0) {
                Rise(space.ToScene(row.Position));
                return;
            }
            Vector2 way = WalkInput.Way;
            hasKeys = hasKeys || way.x != 0 || way.y != 0;
            if (!hasKeys) way = Stroll(row.Position);
            if (way.x != 0 || way.y != 0) {
                float facing = Mathf.Atan2(way.y, way.x);
                transform.localRotation = space.ToRotation(facing);
                transform.localPosition += space.ToRotation(facing) * Vector3.forward * (MetresPerSecond * Time.deltaTime);
            }
            Step(space);
        }

        /// <summary>Tells the place, and takes the server's if it refused one that nobody could have walked to.</summary>
        private async void Step(AmbitSpace space) {
            if (Time.time < nextStep || Vector3.Distance(told, transform.localPosition) < 0.01f) return;
            nextStep = Time.time + SecondsBetweenSteps;
            told = transform.localPosition;
            Client client = view.World.Client;
            uint request = database.Reducers.MoveTo(space.ToVec2(told), space.ToAngle(transform.localRotation * Vector3.forward));
            try {
                CallResult result = await client.Result(request);
                if (result.Status != CallStatus.Committed && view.IsShown) GoBack(space);
            } catch (AmbitException) {
                // The connection is over; the world says why.
            }
        }

        private void GoBack(AmbitSpace space) {
            PlayerRow row;
            if (!database.Tables.Player.Find(view.World.Client.Identity, out row)) return;
            transform.localPosition = told = space.ToScene(row.Position);
        }

        private void Rise(Vector3 place) {
            transform.localPosition = told = place;
            if (Time.time < nextStep) return;
            nextStep = Time.time + 1;
            database.Reducers.Respawn();
        }

        /// <summary>Towards the middle, and around it.</summary>
        private static Vector2 Stroll(Vec2 from) {
            float x = MapMiddle - from.X, y = MapMiddle - from.Y;
            return x * x + y * y > MiddleRadius * MiddleRadius ? new Vector2(x, y) : new Vector2(-y, x);
        }
    }
}
