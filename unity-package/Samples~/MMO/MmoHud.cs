// A few lines on the screen: how the connection stands and what is in sight.

using Ambit;
using UnityEngine;

namespace Mmo.Sample {
    public sealed class MmoHud : MonoBehaviour {
        [SerializeField]
        private MmoGame game;

        [SerializeField]
        private PlayerEntities players;

        [SerializeField]
        private MonsterEntities monsters;

        private void OnGUI() {
            GUILayout.BeginArea(new Rect(10, 10, 400, 200));
            AmbitWorld world = game.World;
            GUILayout.Label(world.Reason == "" ? world.State.ToString() : world.State + ": " + world.Reason);
            if (game.Refusal != "") GUILayout.Label(game.Refusal);
            if (world.State == WorldState.Ready) {
                GUILayout.Label(players.Count + " players and " + monsters.Count + " monsters in sight");
                GUILayout.Label(world.Client.Statistics.RoundTripMicroseconds / 1000 + " ms to the server and back");
            } else if (world.State == WorldState.Disconnected && GUILayout.Button("Connect")) {
                world.Connect();
            }
            GUILayout.EndArea();
        }
    }
}
