// The game's handle: connect, call, tick; Subscriptions.cs has the rest. All work is the core's; this file checks statuses and hands
// out what the core lends. One client belongs to one thread at a time.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Text;

namespace Ambit {
    public enum ConnectionState { Connecting = 0, Connected = 1, Disconnected = 2 }

    public enum CallStatus { Committed = 0, ReducerError = 1, Rejected = 2 }

    /// <summary>Why a row left the cache.</summary>
    public enum DeleteReason : byte {
        Deleted = 0, OutOfRange = 1, NoLongerMatching = 2, NotPermitted = 3, Unsubscribed = 4
    }

    /// <summary>The core refused something; the message says what and why.</summary>
    public sealed class AmbitException : Exception {
        public AmbitException(string message) : base(message) { }
    }

    /// <summary>What became of a reducer call.</summary>
    public struct CallResult {
        public uint Request;
        public CallStatus Status;
        public ulong Offset;
        /// <summary>The error; empty when committed.</summary>
        public string Message;
    }

    /// <summary>Figures of a connection.</summary>
    public struct Statistics {
        public ulong BytesReceived, MessagesReceived, UpdatesReceived, BytesSent, MessagesSent, RoundTripMicroseconds;
        public long ClockOffsetMicroseconds;
        public ulong RowsPending, EventsPending, CallsInFlight, OutgoingBytes;
    }

    /// <summary>A reducer of the connected database, looked up by name at the first tick that knows the schema.</summary>
    public sealed class Reducer {
        internal readonly string Name;
        internal readonly ulong Fingerprint;
        internal ushort Id;
        internal bool Known;
        internal Reducer(string name, ulong fingerprint) { Name = name; Fingerprint = fingerprint; }
    }

    /// <summary>One connection to a database, with its cache. Keep it for as long as its rows are read.</summary>
    public sealed unsafe partial class Client : IDisposable {
        private const uint AbiVersion = 5;
        private AmbitClient* handle;
        private readonly List<Table> tables = new List<Table>();
        private readonly List<Reducer> reducers = new List<Reducer>();
        private readonly RowWriter writer = new RowWriter();
        private readonly RowArena arena = new RowArena();
        private Table[] tablesById = new Table[0];
        private bool bound, ticking, disposing;

        /// <summary>Raised by Tick for every result of a call.</summary>
        public event Action<CallResult> OnResult;

        /// <summary>The commit that the cache equals.</summary>
        public ulong Offset { get; private set; }

        /// <summary>Every commit up to this offset is durable.</summary>
        public ulong DurableOffset { get; private set; }

        /// <summary>The time of the commit that the cache equals.</summary>
        public Timestamp Timestamp { get; private set; }

        /// <summary>Begins to connect and returns at once; State tells how it goes.</summary>
        public Client(string uri, string database, string token = null) {
            if (Native.ambit_abi_version() != AbiVersion) {
                throw new AmbitException("the ambit library has another version than these bindings; restart with matching files");
            }
            byte[] uriBytes = Encoding.UTF8.GetBytes(uri);
            byte[] databaseBytes = Encoding.UTF8.GetBytes(database);
            byte[] tokenBytes = Encoding.UTF8.GetBytes(token ?? "");
            fixed (byte* uriAt = uriBytes, databaseAt = databaseBytes, tokenAt = tokenBytes) {
                AmbitOptions options;
                options.uri = TextOf(uriAt, uriBytes.Length);
                options.database = TextOf(databaseAt, databaseBytes.Length);
                options.token = TextOf(tokenAt, tokenBytes.Length);
                AmbitClient* client;
                Check(Native.ambit_client_connect(&options, &client));
                handle = client;
            }
        }

        internal AmbitClient* Handle {
            get {
                if (handle == null) throw new ObjectDisposedException("Ambit.Client");
                return handle;
            }
        }

        public ConnectionState State {
            get {
                AmbitState state;
                Check(Native.ambit_client_state(Handle, &state));
                return (ConnectionState)(int)state;
            }
        }

        /// <summary>Whether tables and reducers are known, which is from the first Tick after the connection stands
        /// on. Before that tables are empty and calls are refused.</summary>
        public bool Ready { get { return bound; } }

        /// <summary>Why the connection is over; empty while it is not.</summary>
        public string Reason {
            get {
                AmbitText text;
                Check(Native.ambit_client_reason(Handle, &text));
                return StringOf(text);
            }
        }

        /// <summary>Who this client is. Throws before it is connected.</summary>
        public Identity Identity {
            get {
                Identity identity;
                Check(Native.ambit_client_identity(Handle, (byte*)&identity));
                return identity;
            }
        }

        public ConnectionId ConnectionId {
            get {
                ConnectionId connection;
                Check(Native.ambit_client_connection(Handle, (byte*)&connection));
                return connection;
            }
        }

        /// <summary>To keep, and to give next time. Throws before the client is connected.</summary>
        public string Token {
            get {
                AmbitText text;
                Check(Native.ambit_client_token(Handle, &text));
                return StringOf(text);
            }
        }

        public Statistics Statistics {
            get {
                AmbitStatistics from;
                Check(Native.ambit_client_statistics(Handle, &from));
                return new Statistics {
                    BytesReceived = from.bytes_received, MessagesReceived = from.messages_received,
                    UpdatesReceived = from.updates_received, BytesSent = from.bytes_sent,
                    MessagesSent = from.messages_sent, RoundTripMicroseconds = from.round_trip_us,
                    ClockOffsetMicroseconds = from.clock_offset_us, RowsPending = from.rows_pending,
                    EventsPending = from.events_pending, CallsInFlight = from.calls_in_flight,
                    OutgoingBytes = from.outgoing_bytes
                };
            }
        }

        /// <summary>Brings the cache to the latest commit that has arrived, and raises events and results. With a
        /// budget, events for which the time is up come with the next Tick; the cache is whole nevertheless.
        /// When a handler throws, all results are raised nevertheless, the events after the one that it was given
        /// come with the next Tick, and the first exception comes out of here. A handler must not call Tick.</summary>
        public void Tick(double budgetMilliseconds = double.PositiveInfinity) {
            if (ticking) throw new AmbitException("Tick cannot be called by a handler of Tick: the rows of the handler's event would be gone");
            AmbitTick tick;
            arena.Clear();
            Check(Native.ambit_client_tick(Handle, UIntPtr.Zero, &tick));
            Offset = tick.offset;
            DurableOffset = tick.durable_offset;
            Timestamp = new Timestamp(tick.timestamp);
            if (!bound) Bind();
            ExceptionDispatchInfo failure = null;
            ticking = true;
            try {
                RaiseResults(ref tick, ref failure);
                RaiseEvents(ref tick, budgetMilliseconds);
            } catch (Exception problem) {
                if (failure == null) failure = ExceptionDispatchInfo.Capture(problem);
            } finally {
                ticking = false;
                if (disposing) Dispose();
            }
            if (failure != null) failure.Throw();
        }

        /// <summary>Blocks until something has happened since the last Tick or the time is over. For programs
        /// without frames.</summary>
        public bool Wait(uint timeoutMilliseconds) {
            byte news;
            Check(Native.ambit_client_wait(Handle, timeoutMilliseconds, (bool*)&news));
            return news != 0;
        }

        public void Disconnect() { Check(Native.ambit_client_disconnect(Handle)); }

        /// <summary>Closes the connection and frees the cache: rows read in place are gone. Called by a handler, it
        /// raises nothing more and does so at the end of the Tick.</summary>
        public void Dispose() {
            if (handle == null) return;
            disposing = true;
            if (ticking) return;
            Native.ambit_client_free(handle);
            handle = null;
            arena.Free();
            GC.SuppressFinalize(this);
        }

        ~Client() {
            if (handle != null) Native.ambit_client_free(handle);
            arena.Free();
        }

        // What generated code calls.

        public Reducer AddReducer(string name, ulong fingerprint) {
            Reducer reducer = new Reducer(name, fingerprint);
            reducers.Add(reducer);
            bound = false;
            return reducer;
        }

        public RowWriter Arguments(int fixedBytes) {
            writer.Begin(fixedBytes);
            return writer;
        }

        public uint Call(Reducer reducer, RowWriter arguments) {
            if (!reducer.Known) throw new AmbitException("reducer " + reducer.Name + " cannot be called before the first Tick after the connection stands");
            fixed (byte* bytes = arguments.Buffer) {
                uint request;
                Check(Native.ambit_client_call(Handle, reducer.Id, bytes, new UIntPtr((uint)arguments.Length), &request));
                return request;
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public byte* RowAt(RowSpan rows, int index) { return arena.At(rows, index); }

        public void Release(RowSpan rows) { arena.Release(rows); }

        internal RowArena Arena { get { return arena; } }

        internal void AddTable(Table table) {
            tables.Add(table);
            bound = false;
        }

        /// <summary>Looks everything up in the schema, which outlives the connection that brought it.</summary>
        private void Bind() {
            Identity anyone;
            AmbitStatus welcomed = Native.ambit_client_identity(Handle, (byte*)&anyone);
            if (welcomed == AmbitStatus.NotConnected) return;
            Check(welcomed);
            int last = -1;
            foreach (Table table in tables) {
                if (!table.Bind()) return;
                last = Math.Max(last, table.Id);
            }
            foreach (Reducer reducer in reducers) {
                byte[] bytes = Encoding.UTF8.GetBytes(reducer.Name);
                fixed (byte* at = bytes) {
                    AmbitReducerInfo info;
                    AmbitStatus status = Native.ambit_reducer_by_name(Handle, TextOf(at, bytes.Length), &info);
                    if (status == AmbitStatus.NotConnected) return;
                    Check(status);
                    RequireSame("reducer", reducer.Name, reducer.Fingerprint, info.fingerprint);
                    reducer.Id = (ushort)info.reducer;
                    reducer.Known = true;
                }
            }
            tablesById = new Table[last + 1];
            foreach (Table table in tables) tablesById[table.Id] = table;
            bound = true;
        }

        internal static void RequireSame(string what, string name, ulong generated, ulong connected) {
            if (generated == connected) return;
            throw new AmbitException(what + " `" + name + "` of the connected database differs from the one this code was generated from; run `ambit generate` again");
        }

        private void RaiseResults(ref AmbitTick tick, ref ExceptionDispatchInfo failure) {
            int count = (int)tick.result_count.ToUInt32();
            for (int i = 0; i < count && !disposing; i++) {
                Action<CallResult> handlers = OnResult;
                if (handlers == null) return;
                AmbitResult* result = tick.results + i;
                // Results are handed out once: each is raised whatever the handlers of another did.
                try {
                    handlers(new CallResult {
                        Request = result->request, Status = (CallStatus)result->status, Offset = result->offset,
                        Message = StringOf(result->message)
                    });
                } catch (Exception problem) {
                    if (failure == null) failure = ExceptionDispatchInfo.Capture(problem);
                }
            }
        }

        private void RaiseEvents(ref AmbitTick tick, double budgetMilliseconds) {
            int count = (int)tick.event_count.ToUInt32();
            long end = double.IsPositiveInfinity(budgetMilliseconds)
                ? long.MaxValue
                : Stopwatch.GetTimestamp() + (long)(budgetMilliseconds * Stopwatch.Frequency / 1000);
            int handled = 0;
            try {
                while (handled < count && !disposing) {
                    // At least one event per Tick, so that even a budget of 0 gets through.
                    if (handled > 0 && end != long.MaxValue && Stopwatch.GetTimestamp() >= end) break;
                    AmbitEvent* from = tick.events + handled++;
                    if (from->table >= tablesById.Length) continue;
                    Table table = tablesById[from->table];
                    if (table == null) continue;
                    RowEvent change = new RowEvent((RowEventKind)from->kind, (DeleteReason)from->reason, from->slot, from->old_row, from->new_row);
                    table.Raise(ref change);
                }
            } finally {
                if (handled < count) Check(Native.ambit_client_defer_events(Handle, new UIntPtr((uint)handled)));
            }
        }

        internal static AmbitText TextOf(byte* bytes, int length) {
            AmbitText text;
            text.bytes = bytes;
            text.length = new UIntPtr((uint)length);
            return text;
        }

        private string StringOf(AmbitText text) {
            string copy = RowReader.Decode(text.bytes, (int)text.length.ToUInt32());
            GC.KeepAlive(this);
            return copy;
        }

        /// <summary>Ends every call into the core: throws when it refused, and keeps the finalizer from freeing the
        /// client while the call runs.</summary>
        internal void Check(AmbitStatus status) {
            GC.KeepAlive(this);
            if (status == AmbitStatus.Ok) return;
            AmbitText text;
            Native.ambit_error_text(&text);
            throw new AmbitException(StringOf(text));
        }
    }
}
