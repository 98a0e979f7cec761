// A connection as a component: connects, ticks once per frame, says how it stands, and closes before the objects that read its rows are
// gone. How rows become game objects is AmbitEntities' part; what is subscribed to, AmbitSubscription's or the game's.

using System;
using UnityEngine;
using UnityEngine.Events;

namespace Ambit {
    /// <summary>How a world stands.</summary>
    public enum WorldState {
        /// <summary>No connection was asked for.</summary>
        Offline = 0,
        /// <summary>Not yet welcomed by the server.</summary>
        Connecting = 1,
        /// <summary>Tables are filled and reducers can be called.</summary>
        Ready = 2,
        /// <summary>The connection was lost and comes back by itself; tables hold what was known last.</summary>
        Reconnecting = 3,
        /// <summary>Over; AmbitWorld.Reason says why.</summary>
        Disconnected = 4
    }

    [Serializable]
    public sealed class WorldReasonEvent : UnityEvent<string> { }

    [AddComponentMenu("Ambit/Ambit World"), DisallowMultipleComponent, DefaultExecutionOrder(-1000)]
    public class AmbitWorld : MonoBehaviour {
        [SerializeField, Tooltip("Which server and database.")]
        private AmbitProject project;

        [SerializeField, Tooltip("Tells players on one machine apart: each has a token of its own.")]
        private string player = "";

        [SerializeField, Tooltip("Connects as soon as the component is enabled.")]
        private bool connectOnEnable = true;

        [SerializeField, Tooltip("Ticks in Update, before all other scripts. Without it the game calls Tick itself.")]
        private bool tickInUpdate = true;

        [SerializeField, Min(0), Tooltip("Milliseconds per frame for the handlers of row events; what is left over comes with the next frame. 0: no bound.")]
        private float tickBudgetMilliseconds = 4;

        [SerializeField, Tooltip("Seconds for which a lost connection is made again. 0: as long as the component is enabled; less: it is over at once.")]
        private float reconnectSeconds;

        [SerializeField]
        private AmbitSpace space = new AmbitSpace();

        [SerializeField]
        private UnityEvent becameReady = new UnityEvent();

        [SerializeField]
        private WorldReasonEvent becameDisconnected = new WorldReasonEvent();

        private object database;
        private ITokenStore tokens = new PlayerPrefsTokens();
        private Action<Client> opened;
        private string tokenKey;
        private string reason = "";
        private bool isQuitting;

        /// <summary>Raised for every new connection, before its first Tick: the place to add handlers and subscriptions. A handler that
        /// comes later is told at once.</summary>
        public event Action<Client> Opened {
            add {
                opened += value;
                if (Client != null) value(Client);
            }
            remove { opened -= value; }
        }

        /// <summary>Raised before a connection's cache is freed: rows that were read in place are gone afterwards.</summary>
        public event Action Closed;

        /// <summary>Raised for every change of State, with the reason if it is Reconnecting or Disconnected, otherwise empty.</summary>
        public event Action<WorldState, string> StateChanged;

        /// <summary>Raised after every Tick, before other scripts' Update.</summary>
        public event Action Ticked;

        /// <summary>The connection; null while Offline.</summary>
        public Client Client { get; private set; }

        public WorldState State { get; private set; }

        /// <summary>Why the connection was lost or is over; empty otherwise.</summary>
        public string Reason { get { return reason; } }

        /// <summary>The time that this frame shows, as of the last Tick: the server's minus the render delay. Before the server's clock is
        /// known it is that of the last commit.</summary>
        public Timestamp RenderTime { get; private set; }

        /// <summary>How the database's positions become the scene's.</summary>
        public AmbitSpace Space { get { return space; } }

        public AmbitProject Project { get { return project; } set { project = value; } }

        /// <summary>Tells players on one machine apart. Counts from the next Connect on.</summary>
        public string Player { get { return player; } set { player = value ?? ""; } }

        /// <summary>Milliseconds per frame for the handlers of row events; 0 for no bound.</summary>
        public float TickBudgetMilliseconds { get { return tickBudgetMilliseconds; } set { tickBudgetMilliseconds = value; } }

        /// <summary>Seconds for which a lost connection is made again: 0 for as long as the component is enabled, less than 0 for not at all.
        /// Counts from the next Connect on.</summary>
        public float ReconnectSeconds { get { return reconnectSeconds; } set { reconnectSeconds = value; } }

        /// <summary>Where tokens are kept. Set it before the world connects.</summary>
        public ITokenStore Tokens { get { return tokens; } set { tokens = value; } }

        /// <summary>The generated view of this connection, one for all who ask: `world.Database(client => new Game.Database(client))`.
        /// A connection has one, made when it is first asked for; while Offline there is none and this throws.</summary>
        public TDatabase Database<TDatabase>(Func<Client, TDatabase> make) where TDatabase : class {
            if (Client == null) throw new AmbitException("the world is offline: ask for its database in a handler of Opened");
            if (database == null) database = make(Client);
            TDatabase typed = database as TDatabase;
            if (typed == null) throw new AmbitException("this connection is viewed as a " + database.GetType() + " already");
            return typed;
        }

        /// <summary>The generated view, whatever its type; null if nobody has asked for one.</summary>
        internal object AnyDatabase { get { return database; } }

        /// <summary>Connects to the project's server, with the player's kept token. Closes an earlier connection first. Returns at once;
        /// State tells how it goes.</summary>
        public void Connect() {
            if (project == null) {
                End("no AmbitProject is set: make one with Assets > Create > Ambit > Project and drag it onto the world");
                return;
            }
            Connect(project.Server, project.Database);
        }

        /// <summary>As above, to a server and database that the project does not name.</summary>
        public void Connect(string server, string databaseName) {
            Close();
            tokenKey = TokenKey(server, databaseName, player);
            try {
                Client = new Client(server, databaseName, tokens.Load(tokenKey), (long)(reconnectSeconds * 1000));
            } catch (AmbitException refused) {
                End(refused.Message);
                return;
            }
            OpenWorlds.Add(this);
            SetState(WorldState.Connecting, "");
            if (opened != null) opened(Client);
        }

        /// <summary>Ends the connection and frees its cache. The world is Offline afterwards.</summary>
        public void Close() {
            if (Client == null) {
                SetState(WorldState.Offline, "");
                return;
            }
            if (Closed != null) Closed();
            if (isQuitting) SendWhatWaits();
            Client.Dispose();
            Client = null;
            database = null;
            OpenWorlds.Remove(this);
            SetState(WorldState.Offline, "");
        }

        /// <summary>Forgets the kept token of this player: the next Connect makes a new player.</summary>
        public void ForgetToken() {
            if (project != null) tokens.Forget(TokenKey(project.Server, project.Database, player));
            if (tokenKey != null) tokens.Forget(tokenKey);
        }

        /// <summary>Brings the cache up to date and raises events. Called by Update unless that is switched off; of what handlers throw,
        /// the first exception of a Tick is logged.</summary>
        public void Tick() {
            if (Client == null) return;
            Client ticked = Client;
            try {
                ticked.Tick(tickBudgetMilliseconds > 0 ? tickBudgetMilliseconds : double.PositiveInfinity);
            } catch (Exception problem) {
                Debug.LogException(problem, this);
            }
            // A handler may have closed the world, or connected it anew.
            if (Client != ticked) return;
            TakeRenderTime();
            Follow();
            if (Ticked != null) Ticked();
        }

        /// <summary>The key under which the token of a player is kept.</summary>
        public static string TokenKey(string server, string databaseName, string player) {
            return "ambit.token." + server + "." + databaseName + (player == "" ? "" : "." + player);
        }

        /// <summary>The world of a parent, otherwise of the scene; null if there is none.</summary>
        internal static AmbitWorld Around(Component component) {
            AmbitWorld found = component.GetComponentInParent<AmbitWorld>();
            return found != null ? found : FindAnyObjectByType<AmbitWorld>();
        }

        private void OnEnable() { if (connectOnEnable) Connect(); }

        private void Update() { if (tickInUpdate) Tick(); }

        private void OnApplicationQuit() { isQuitting = true; }

        private void OnDisable() { Close(); }

        /// <summary>A library's threads end with the program, so what was called last is given the time to leave. The core ends this
        /// within a second.</summary>
        private void SendWhatWaits() {
            if (Client.State != ConnectionState.Connected) return;
            Client.Disconnect();
            while (Client.State != ConnectionState.Disconnected) Client.Wait(100);
        }

        private void TakeRenderTime() {
            Timestamp shown;
            RenderTime = Client.RenderTime(out shown) ? shown : Client.Timestamp;
        }

        private void Follow() {
            WorldState now = StateOf(Client);
            if (now == State) return;
            if (now == WorldState.Ready) tokens.Save(tokenKey, Client.Token);
            if (now == WorldState.Disconnected) End(Client.Reason); else SetState(now, now == WorldState.Reconnecting ? Client.Reason : "");
        }

        private static WorldState StateOf(Client client) {
            switch (client.State) {
                case ConnectionState.Connected: return client.Ready ? WorldState.Ready : WorldState.Connecting;
                case ConnectionState.Reconnecting: return WorldState.Reconnecting;
                case ConnectionState.Disconnected: return WorldState.Disconnected;
                default: return WorldState.Connecting;
            }
        }

        private void End(string why) {
            Debug.LogWarning("Ambit: not connected: " + why, this);
            SetState(WorldState.Disconnected, why);
        }

        private void SetState(WorldState state, string why) {
            if (State == state && reason == why) return;
            State = state;
            reason = why;
            if (StateChanged != null) StateChanged(state, why);
            if (state == WorldState.Ready) becameReady.Invoke();
            if (state == WorldState.Disconnected) becameDisconnected.Invoke(why);
        }
    }
}
