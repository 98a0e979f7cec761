// How the rows of a subscription are delivered: options that stand beside its query and never in it, as
// docs/guides/delivery.md has them. The core checks numbers when they are used; what a query must have for them, the server says.

using System;
using System.Collections.Generic;
using System.Text;

namespace Ambit {
    /// <summary>The delivery options of a subscription: `new Delivery { Hysteresis = 5, Tiers = { new Tier(30, 20), new Tier(80, 5,
    /// "position") } }`. Without any: every change at the server's default rate.</summary>
    [Serializable]
    public sealed class Delivery {
        /// <summary>Updates per second. 0: that of the fastest tier, or without tiers the server's default. Infinity: one update per
        /// commit.</summary>
        public float Rate;

        /// <summary>A row enters a circle at its radius and leaves at its radius plus this, in units of the position.</summary>
        public double Hysteresis;

        /// <summary>By rising distance from the circle's centre; the last one holds to the border, wherever that is. None: every
        /// change at the subscription's rate.</summary>
        public List<Tier> Tiers = new List<Tier>();

        /// <summary>Bytes per second that the connection is to be sent; changes of rows wait for their turn. 0: as many as there
        /// are.</summary>
        public uint Budget;

        /// <summary>The connection is only told what is durable, for all of its subscriptions from this one on.</summary>
        public bool Confirmed;

        internal Delivery Copy() {
            return new Delivery { Rate = Rate, Hysteresis = Hysteresis, Tiers = new List<Tier>(Tiers), Budget = Budget, Confirmed = Confirmed };
        }
    }

    /// <summary>What rows up to a distance from the centre of a query's circle are told of.</summary>
    [Serializable]
    public sealed class Tier {
        /// <summary>Up to which distance, border included, in units of the position.</summary>
        public double Distance;

        /// <summary>Changes of one row per second. 0 and infinity: one per update.</summary>
        public float Rate;

        /// <summary>Names of the columns whose changes are told while the row changes. None: all.</summary>
        public string[] Columns = new string[0];

        public Tier() { }

        public Tier(double distance, float rate, params string[] columns) {
            Distance = distance;
            Rate = rate;
            Columns = columns;
        }
    }

    public sealed partial class Query<TRow> {
        private Delivery delivery = new Delivery();

        /// <summary>Updates per second. 0: that of the fastest tier, or without tiers the server's default. Infinity: one update per
        /// commit.</summary>
        public Query<TRow> Rate(float rate) {
            delivery.Rate = rate;
            return this;
        }

        /// <summary>A row enters the query's circle at its radius and leaves at its radius plus this.</summary>
        public Query<TRow> Hysteresis(double distance) {
            delivery.Hysteresis = distance;
            return this;
        }

        /// <summary>One more tier, farther than the one before: up to this distance from the circle's centre a row is told so many
        /// times per second, 0 for once per update, and while it changes only these of its columns, without any all of
        /// them.</summary>
        public Query<TRow> Tier(double distance, float rate, params Column<TRow>[] columns) {
            delivery.Tiers.Add(new Tier(distance, rate, Array.ConvertAll(columns, column => column.Name)));
            return this;
        }

        /// <summary>Bytes per second that the connection is to be sent; changes of rows wait for their turn.</summary>
        public Query<TRow> Budget(uint bytesPerSecond) {
            delivery.Budget = bytesPerSecond;
            return this;
        }

        /// <summary>The connection is only told what is durable, for all of its subscriptions from this one on.</summary>
        public Query<TRow> Confirmed() {
            delivery.Confirmed = true;
            return this;
        }

        /// <summary>All delivery options, in place of those that were said before.</summary>
        public Query<TRow> Delivery(Delivery options) {
            delivery = options.Copy();
            return this;
        }

        /// <summary>The delivery options that were asked for.</summary>
        public Delivery WantedDelivery { get { return delivery; } }
    }

    /// <summary>What delivery options lend to the core for one call.</summary>
    internal sealed unsafe class LentDelivery {
        private readonly Delivery from;
        private readonly byte[] names;
        private readonly AmbitText[] columns;
        private readonly AmbitTier[] tiers;

        internal LentDelivery(Delivery delivery) {
            List<byte> bytes = new List<byte>();
            List<AmbitText> texts = new List<AmbitText>();
            from = delivery;
            tiers = new AmbitTier[delivery.Tiers.Count];
            for (int i = 0; i < tiers.Length; i++) {
                Tier tier = delivery.Tiers[i];
                string[] named = tier.Columns ?? new string[0];
                tiers[i] = new AmbitTier { distance = tier.Distance, rate = tier.Rate, column_count = new UIntPtr((uint)named.Length) };
                foreach (string column in named) {
                    byte[] name = Encoding.UTF8.GetBytes(column);
                    texts.Add(Client.TextOf(null, name.Length));
                    bytes.AddRange(name);
                }
            }
            names = bytes.ToArray();
            columns = texts.ToArray();
        }

        internal byte[] Names { get { return names; } }

        /// <summary>The columns of all tiers one after the other, while the names lie still.</summary>
        internal AmbitText[] Columns(byte* namesAt) {
            for (int i = 0; i < columns.Length; i++) {
                columns[i].bytes = namesAt;
                namesAt += columns[i].length.ToUInt32();
            }
            return columns;
        }

        /// <summary>The tiers, while the columns lie still.</summary>
        internal AmbitTier[] Tiers(AmbitText* columnsAt) {
            for (int i = 0; i < tiers.Length; i++) {
                tiers[i].columns = columnsAt;
                columnsAt += tiers[i].column_count.ToUInt32();
            }
            return tiers;
        }

        /// <summary>The options, while the tiers lie still.</summary>
        internal AmbitDelivery Options(AmbitTier* tiersAt) {
            return new AmbitDelivery {
                rate = from.Rate, hysteresis = from.Hysteresis, tiers = tiersAt, tier_count = new UIntPtr((uint)tiers.Length),
                budget = from.Budget, confirmed = from.Confirmed ? 1u : 0u
            };
        }
    }
}
