// What is in force in a subscription: for editors, gizmos and debuggers, which ask the server for it.

using System;
using System.Collections.Generic;

namespace Ambit {
    /// <summary>A circle, or a sphere, in units of the position.</summary>
    public struct Circle {
        /// <summary>In two dimensions its Z is 0.</summary>
        public DVec3 Centre;

        /// <summary>At which rows enter.</summary>
        public double Radius;
    }

    /// <summary>A tier of a subscription, and what it holds.</summary>
    public struct TierInForce {
        /// <summary>Up to which distance, border included, in units of the position.</summary>
        public double Distance;

        /// <summary>Changes of one row are at least so many milliseconds apart; 0 for one per update.</summary>
        public uint IntervalMilliseconds;

        /// <summary>Rows that lie in it.</summary>
        public uint Rows;
    }

    /// <summary>What is in force in a subscription, as of one update.</summary>
    public sealed class Inspection {
        /// <summary>The commit that the cache equalled then.</summary>
        public ulong Offset;

        /// <summary>Rows that the client holds because of it. It may hold some of them because of others too.</summary>
        public uint Rows;

        /// <summary>Those of them that have changes which the client is still to be told.</summary>
        public uint Waiting;

        /// <summary>Updates per second of the connection; infinity for one per commit.</summary>
        public float Rate;

        /// <summary>Rows leave its circles at the radius plus this.</summary>
        public double Hysteresis;

        /// <summary>Bytes per second that its changes compete for; 0 for no bound.</summary>
        public uint Budget;

        /// <summary>Where its rows lie, if the query says so by distance: in any of these if they move, in all of them
        /// otherwise.</summary>
        public readonly List<Circle> Circles = new List<Circle>();

        /// <summary>From near to far; the last one holds to the border.</summary>
        public readonly List<TierInForce> Tiers = new List<TierInForce>();
    }

    public sealed unsafe partial class Client {
        /// <summary>Asks the server what is in force in a subscription: how many rows it holds, how many of them wait, its circles
        /// and tiers. Nothing is sent when nobody asks. Inspection has the answer with a later Tick.</summary>
        public void Inspect(uint subscription) { Check(Native.ambit_client_inspect(Handle, subscription)); }

        /// <summary>The last answer to Inspect as of the last Tick; null before it, and once the subscription is over.</summary>
        public Inspection Inspection(uint subscription) {
            Inspection inspection = new Inspection();
            return Inspection(subscription, inspection) ? inspection : null;
        }

        /// <summary>The same into an object of the caller's, which can be used again: for whoever draws it every frame. False,
        /// and nothing is changed, if there is none.</summary>
        public bool Inspection(uint subscription, Inspection into) {
            AmbitInspection from;
            AmbitStatus status = Native.ambit_client_inspection(Handle, subscription, &from);
            if (status == AmbitStatus.NotFound) return false;
            Check(status);
            into.Offset = from.offset;
            into.Rows = from.rows;
            into.Waiting = from.waiting;
            into.Rate = from.rate;
            into.Hysteresis = from.hysteresis;
            into.Budget = from.budget;
            into.Circles.Clear();
            for (uint i = 0; i < from.circle_count.ToUInt32(); i++) {
                AmbitCircle circle = from.circles[i];
                into.Circles.Add(new Circle { Centre = new DVec3(circle.x, circle.y, circle.z), Radius = circle.radius });
            }
            into.Tiers.Clear();
            for (uint i = 0; i < from.tier_count.ToUInt32(); i++) {
                AmbitTierInForce tier = from.tiers[i];
                into.Tiers.Add(new TierInForce { Distance = tier.distance, IntervalMilliseconds = tier.interval_ms, Rows = tier.rows });
            }
            GC.KeepAlive(this);
            return true;
        }
    }
}
