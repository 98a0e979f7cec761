// Subscriptions as objects, for who would rather hold one than its number.

using System;

namespace Ambit {
    /// <summary>A subscription of one client. Disposing of it ends it.</summary>
    public class Subscription : IDisposable {
        private readonly Client client;
        private bool ended;

        internal Subscription(Client client, uint id) {
            this.client = client;
            Id = id;
        }

        /// <summary>Its number, as the methods of Client take it.</summary>
        public uint Id { get; private set; }

        /// <summary>How it stands as of the last Tick.</summary>
        public SubscriptionState State {
            get {
                string message;
                return client.Subscription(Id, out message);
            }
        }

        /// <summary>What the server said if it refused it; empty otherwise.</summary>
        public string Message {
            get {
                string message;
                client.Subscription(Id, out message);
                return message;
            }
        }

        /// <summary>Asks the server what is in force; Inspection has the answer with a later Tick.</summary>
        public void Inspect() { client.Inspect(Id); }

        /// <summary>Copies the last answer to Inspect; false if there is none.</summary>
        public bool Inspection(Inspection into) { return client.Inspection(Id, into); }

        /// <summary>Goes over to other values of the names in the query, all at once; answers the number of the change.</summary>
        public uint ChangeParameters(Parameters parameters) { return client.ChangeParameters(Id, parameters); }

        /// <summary>Ends it: rows that no other one holds leave with a later Tick.</summary>
        public void Dispose() {
            if (ended) return;
            ended = true;
            if (!client.IsDisposed) client.Unsubscribe(Id);
        }

        protected Client Client { get { return client; } }
    }

    /// <summary>A subscription of rows of one table.</summary>
    public sealed class Subscription<TRow> : Subscription {
        internal Subscription(Client client, uint id) : base(client, id) { }

        /// <summary>Goes over to the values of another query that is built alike; answers the number of the change.</summary>
        public uint ChangeTo(Query<TRow> query) { return Client.ChangeTo(Id, query); }
    }

    public sealed unsafe partial class Client {
        /// <summary>Whether Dispose was called.</summary>
        public bool IsDisposed { get { return handle == null || disposing; } }

        /// <summary>Subscribes to a typed query and answers an object to hold on to.</summary>
        public Subscription<TRow> Watch<TRow>(Query<TRow> query) { return new Subscription<TRow>(this, Subscribe(query)); }

        /// <summary>Subscribes to a query and answers an object to hold on to.</summary>
        public Subscription Watch(string sql, Parameters parameters = null, Delivery delivery = null) {
            return new Subscription(this, Subscribe(sql, parameters ?? new Parameters(), delivery ?? new Delivery()));
        }
    }
}
