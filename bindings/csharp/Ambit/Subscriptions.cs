// Subscriptions, and the parameters of their queries: part of the game's handle.

using System;
using System.Text;

namespace Ambit {
    public enum SubscriptionState { Pending = 0, Applied = 1, Ended = 2, Failed = 3 }

    public sealed unsafe partial class Client {
        /// <summary>Begins a subscription. `rate` in updates per second: 0 is the server's default, infinity one per
        /// commit.</summary>
        public uint Subscribe(string sql, float rate = 0) {
            byte[] bytes = Encoding.UTF8.GetBytes(sql);
            fixed (byte* at = bytes) {
                uint subscription;
                Check(Native.ambit_client_subscribe(Handle, TextOf(at, bytes.Length), rate, &subscription));
                return subscription;
            }
        }

        /// <summary>As above, of a query that names parameters: `:name` in its text takes the value of that name.</summary>
        public uint Subscribe(string sql, Parameters parameters, float rate = 0) {
            byte[] bytes = Encoding.UTF8.GetBytes(sql);
            fixed (byte* at = bytes, data = parameters.Data)
            fixed (AmbitParameter* list = parameters.Resolve(data)) {
                uint subscription;
                Check(Native.ambit_client_subscribe_with(Handle, TextOf(at, bytes.Length), list, parameters.NativeCount, rate, &subscription));
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
