// Subscriptions, and the parameters of their queries: part of the game's handle.

using System;
using System.Text;

namespace Ambit {
    public enum SubscriptionState { Pending = 0, Applied = 1, Ended = 2, Failed = 3 }

    public sealed unsafe partial class Client {
        /// <summary>Begins a subscription. `rate` in updates per second: 0 is the server's default, infinity one per
        /// commit.</summary>
        public uint Subscribe(string sql, float rate = 0) { return Subscribe(sql, new Parameters(), rate); }

        /// <summary>As above, of a query that names parameters: `:name` in its text takes the value of that name.</summary>
        public uint Subscribe(string sql, Parameters parameters, float rate = 0) { return Subscribe(sql, parameters, new Delivery { Rate = rate }); }

        /// <summary>As above, with delivery options: how often rows are told by their distance, when they leave a circle, how many
        /// bytes per second the connection is sent, and whether only what is durable is told.</summary>
        public uint Subscribe(string sql, Delivery delivery) { return Subscribe(sql, new Parameters(), delivery); }

        /// <summary>As above, of a query that names parameters.</summary>
        public uint Subscribe(string sql, Parameters parameters, Delivery delivery) {
            byte[] bytes = Encoding.UTF8.GetBytes(sql);
            LentDelivery lent = new LentDelivery(delivery);
            fixed (byte* at = bytes, data = parameters.Data, names = lent.Names)
            fixed (AmbitParameter* list = parameters.Resolve(data))
            fixed (AmbitText* columns = lent.Columns(names))
            fixed (AmbitTier* tiers = lent.Tiers(columns)) {
                AmbitDelivery options = lent.Options(tiers);
                uint subscription;
                Check(Native.ambit_client_subscribe(Handle, TextOf(at, bytes.Length), list, parameters.NativeCount, &options, &subscription));
                return subscription;
            }
        }

        /// <summary>Gives a subscription's query other parameters in place of all that it had; answers the number of the
        /// change. With a later Tick the rows that are in one of both answers only come or leave, all at once; Change
        /// tells when.</summary>
        public uint ChangeParameters(uint subscription, Parameters parameters) {
            fixed (byte* data = parameters.Data)
            fixed (AmbitParameter* list = parameters.Resolve(data)) {
                uint change;
                Check(Native.ambit_client_change_parameters(Handle, subscription, list, parameters.NativeCount, &change));
                return change;
            }
        }

        public void Unsubscribe(uint subscription) { Check(Native.ambit_client_unsubscribe(Handle, subscription)); }

        public SubscriptionState Subscription(uint subscription, out string message) {
            AmbitSubscriptionState state;
            AmbitText text;
            Check(Native.ambit_client_subscription(Handle, subscription, &state, &text));
            message = StringOf(text);
            return (SubscriptionState)(int)state;
        }

        /// <summary>How a change of parameters stands: applied if it or a later one counts, failed if the server refused
        /// it; if the subscription is over, as that stands.</summary>
        public SubscriptionState Change(uint subscription, uint change, out string message) {
            AmbitSubscriptionState state;
            AmbitText text;
            Check(Native.ambit_client_change(Handle, subscription, change, &state, &text));
            message = StringOf(text);
            return (SubscriptionState)(int)state;
        }
    }
}
