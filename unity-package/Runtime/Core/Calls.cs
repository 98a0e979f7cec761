// Reducer calls that are waited for: `CallResult result = await client.Result(database.Reducers.Join("Ada"));`

using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Ambit {
    /// <summary>A reducer call and, once it is there, its result. Can be awaited, on the thread that ticks, or asked each frame.</summary>
    public sealed class PendingCall : INotifyCompletion {
        private Action continuation;
        private CallResult result;
        private string failure;

        internal PendingCall(uint request) { Request = request; }

        /// <summary>The number of the call.</summary>
        public uint Request { get; private set; }

        /// <summary>Whether the result is there, or will never come.</summary>
        public bool IsCompleted { get; private set; }

        public PendingCall GetAwaiter() { return this; }

        /// <summary>The result. Throws before it is there, and if the client was disposed of or is over before: then nobody knows
        /// whether the call was committed. A line that breaks gives a result of status Lost.</summary>
        public CallResult GetResult() {
            if (!IsCompleted) throw new InvalidOperationException("the call has no result yet");
            if (failure != null) throw new AmbitException(failure);
            return result;
        }

        public void OnCompleted(Action next) {
            if (IsCompleted) next(); else continuation += next;
        }

        internal void Complete(ref CallResult with) {
            result = with;
            Complete();
        }

        internal void Fail(string why) {
            failure = why;
            Complete();
        }

        private void Complete() {
            IsCompleted = true;
            Action next = continuation;
            continuation = null;
            if (next != null) next();
        }
    }

    public sealed unsafe partial class Client {
        private const string NeverAnswered = "the client was closed before the call was answered: it may have been committed or not";
        private readonly Dictionary<uint, PendingCall> pendingCalls = new Dictionary<uint, PendingCall>();

        /// <summary>The result of a call that was made since the last Tick, to be awaited: `await client.Result(request)`.
        /// Awaiting goes on in the Tick that brings the result.</summary>
        public PendingCall Result(uint request) {
            PendingCall call;
            if (!pendingCalls.TryGetValue(request, out call)) {
                call = new PendingCall(request);
                pendingCalls.Add(request, call);
            }
            return call;
        }

        /// <summary>Answers who waits for this result.</summary>
        private void Answer(ref CallResult result) {
            PendingCall call;
            if (!pendingCalls.TryGetValue(result.Request, out call)) return;
            pendingCalls.Remove(result.Request);
            call.Complete(ref result);
        }

        /// <summary>Tells everyone who waits that no result will come.</summary>
        private void FailPendingCalls() {
            if (pendingCalls.Count == 0) return;
            PendingCall[] calls = new PendingCall[pendingCalls.Count];
            pendingCalls.Values.CopyTo(calls, 0);
            pendingCalls.Clear();
            foreach (PendingCall call in calls) call.Fail(NeverAnswered);
        }
    }
}
