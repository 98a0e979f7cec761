// What a player of the small MMO sees and does at first: subscribes to what is around the own player, and joins.

using Ambit;
using UnityEngine;

namespace Mmo.Sample {
    public sealed class MmoGame : MonoBehaviour {
        [SerializeField]
        private AmbitWorld world;

        [SerializeField, Tooltip("Metres that the player sees.")]
        private float sight = 120;

        public AmbitWorld World { get { return world; } }

        /// <summary>The generated tables and reducers of the connection.</summary>
        public Database Database { get { return world.Database(client => new Database(client)); } }

        /// <summary>What the server said when it refused something; empty if it did not.</summary>
        public string Refusal { get; private set; }

        private void OnEnable() {
            Refusal = "";
            world.Opened += Subscribe;
            world.StateChanged += Join;
        }

        private void OnDisable() {
            world.Opened -= Subscribe;
            world.StateChanged -= Join;
        }

        /// <summary>The own player without options, so that nothing holds it back; others by distance.</summary>
        private void Subscribe(Client client) {
            client.Watch(PlayerTable.Query().Filter(PlayerColumns.Identity.IsSender()).Rate(float.PositiveInfinity));
            client.Watch(PlayerTable.Query()
                .Around(PlayerColumns.Position, PlayerColumns.Position, sight, PlayerColumns.Identity.IsSender())
                .Hysteresis(sight / 20).Tier(sight / 3, 20).Tier(sight, 5, PlayerColumns.Position, PlayerColumns.Facing));
            client.Watch(MonsterTable.Query()
                .Around(MonsterColumns.Position, PlayerColumns.Position, sight, PlayerColumns.Identity.IsSender())
                .Hysteresis(sight / 20).Tier(sight / 3, 20).Tier(sight, 5, MonsterColumns.Position, MonsterColumns.Facing));
        }

        private async void Join(WorldState state, string reason) {
            if (state != WorldState.Ready) return;
            Client client = world.Client;
            try {
                CallResult result = await client.Result(Database.Reducers.Join("unity-" + client.Identity.ToString().Substring(0, 6)));
                Refusal = result.Message;
            } catch (AmbitException lost) {
                Refusal = lost.Message;
            }
        }
    }
}
