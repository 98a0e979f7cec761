// What the window looks at: the connection of a world that plays, or one of its own while nothing plays.

using System;
using System.Collections.Generic;
using System.Reflection;
using Ambit;

namespace AmbitEditor {
    /// <summary>A connection of the window's own. It sees what it subscribes to: the table that is looked at.</summary>
    public sealed class EditorConnection : IDisposable {
        private readonly Client client;
        private readonly object database;
        private Subscription subscription;
        private string watched;

        /// <summary>Connects with the generated code of this namespace. Throws AmbitException if there is none.</summary>
        public EditorConnection(string server, string databaseName, string generatedNamespace) {
            ConstructorInfo make = GeneratedCode.FindDatabase(generatedNamespace);
            if (make == null) {
                throw new AmbitException("there is no generated code in namespace " + generatedNamespace + ": press Generate on the page Module first");
            }
            client = new Client(server, databaseName);
            database = make.Invoke(new object[] { client });
        }

        public Client Client { get { return client; } }

        public object Database { get { return database; } }

        /// <summary>What the server said to the last Watch; empty if it agreed.</summary>
        public string Refusal { get { return subscription == null ? "" : subscription.Message; } }

        /// <summary>Subscribes to all rows of a table in place of what was watched before.</summary>
        public void Watch(string table) {
            if (table == watched) return;
            if (subscription != null) subscription.Dispose();
            watched = table;
            subscription = table == null ? null : client.Watch("SELECT * FROM \"" + table + "\"");
        }

        /// <summary>Brings the cache up to date, many times a second.</summary>
        public void Turn() { client.Tick(2); }

        public void Dispose() { client.Dispose(); }
    }

    /// <summary>How much each table of a connection receives.</summary>
    public sealed class TableRates {
        private struct Past {
            internal TableStatistics Statistics;
            internal double BytesPerSecond, ChangesPerSecond;
        }

        private const double SecondsBetween = 0.5;
        private readonly Dictionary<Table, Past> past = new Dictionary<Table, Past>();
        private Client measured;
        private double measuredAt;

        /// <summary>Measures anew if the last time is long enough ago. `now` in seconds.</summary>
        public void Measure(Client client, double now) {
            if (client != measured) {
                past.Clear();
                measured = client;
                measuredAt = now - SecondsBetween;
            }
            double seconds = now - measuredAt;
            if (seconds < SecondsBetween || !client.Ready) return;
            measuredAt = now;
            foreach (Table table in client.Tables) {
                TableStatistics current = table.Statistics;
                Past before;
                bool isKnown = past.TryGetValue(table, out before);
                ulong changes = current.Inserts + current.Updates + current.Deletes;
                ulong earlier = before.Statistics.Inserts + before.Statistics.Updates + before.Statistics.Deletes;
                past[table] = new Past {
                    Statistics = current,
                    BytesPerSecond = isKnown ? (current.Bytes - before.Statistics.Bytes) / seconds : 0,
                    ChangesPerSecond = isKnown ? (changes - earlier) / seconds : 0
                };
            }
        }

        public double BytesPerSecond(Table table) {
            Past found;
            return past.TryGetValue(table, out found) ? found.BytesPerSecond : 0;
        }

        public double ChangesPerSecond(Table table) {
            Past found;
            return past.TryGetValue(table, out found) ? found.ChangesPerSecond : 0;
        }
    }
}
