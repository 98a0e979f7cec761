// The chat of a zone: what is said there is a table, and listening to another zone changes the parameters of the subscription.

using System.Collections.Generic;
using Ambit;
using UnityEngine;

namespace Chat.Sample {
    public sealed class ChatRoom : MonoBehaviour {
        private const int LettersMax = 200;

        [SerializeField]
        private AmbitWorld world;

        [SerializeField, Tooltip("Lines that are shown.")]
        private int linesMax = 20;

        private readonly List<string> lines = new List<string>();
        private Database database;
        private Subscription<ChatMessageRow> listening;
        private string text = "";
        private ushort zone;

        /// <summary>What was said and is shown, the oldest first.</summary>
        public IList<string> Lines { get { return lines; } }

        private void OnEnable() {
            world.Opened += Open;
            world.StateChanged += Follow;
        }

        private void OnDisable() {
            world.Opened -= Open;
            world.StateChanged -= Follow;
        }

        private void Open(Client client) {
            listening = null;
            database = world.Database(made => new Database(made));
            database.Tables.Player.OnInsert += Entered;
            database.Tables.Player.OnUpdate += Moved;
            database.Tables.ChatMessage.OnInsert += Said;
            client.Watch(PlayerTable.Query().Filter(PlayerColumns.Identity.IsSender()));
        }

        private void Follow(WorldState state, string reason) {
            Show(reason == "" ? "(" + state + ")" : "(" + state + ": " + reason + ")");
            if (state == WorldState.Ready) Call(database.Reducers.Join("chat-" + world.Client.Identity.ToString().Substring(0, 6)));
        }

        private void Entered(in PlayerRow row) { Listen(row.Zone); }

        private void Moved(in PlayerRow before, in PlayerRow now) { Listen(now.Zone); }

        private void Said(in ChatMessageRow row) { Show(row.Speaker + ": " + row.Text); }

        /// <summary>Hears the zone that the own player is in.</summary>
        private void Listen(ushort now) {
            if (listening != null && now == zone) return;
            zone = now;
            Query<ChatMessageRow> said = ChatMessageTable.Query().Filter(ChatMessageColumns.Zone.Equal(zone));
            if (listening == null) listening = world.Client.Watch(said); else listening.ChangeTo(said);
        }

        /// <summary>Says something to everyone in the zone.</summary>
        public void Say(string words) { Call(database.Reducers.Say(words)); }

        private async void Call(uint request) {
            try {
                CallResult result = await world.Client.Result(request);
                if (result.Status != CallStatus.Committed) Show("(" + result.Message + ")");
            } catch (AmbitException lost) {
                Show("(" + lost.Message + ")");
            }
        }

        private void Show(string line) {
            lines.Add(line);
            if (lines.Count > linesMax) lines.RemoveAt(0);
        }

        private void OnGUI() {
            GUILayout.BeginArea(new Rect(10, 10, 500, 500));
            foreach (string line in lines) GUILayout.Label(line);
            if (world.State == WorldState.Ready) {
                GUILayout.BeginHorizontal();
                text = GUILayout.TextField(text, LettersMax);
                if (GUILayout.Button("Say", GUILayout.Width(60)) && text != "") {
                    Say(text);
                    text = "";
                }
                GUILayout.EndHorizontal();
            }
            GUILayout.EndArea();
        }
    }
}
