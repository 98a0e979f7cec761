// What generated tables share: their place in the connected schema, queries and the rows of answers.

using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Ambit {
    public enum RowEventKind : byte { Insert = 0, Update = 1, Delete = 2 }

    /// <summary>One change of a row; the rows are in the core's memory until the next Tick.</summary>
    public unsafe struct RowEvent {
        public readonly RowEventKind Kind;
        public readonly DeleteReason Reason;
        public readonly uint Slot;
        public readonly byte* OldRow;
        public readonly byte* NewRow;
        internal RowEvent(RowEventKind kind, DeleteReason reason, uint slot, byte* oldRow, byte* newRow) {
            Kind = kind;
            Reason = reason;
            Slot = slot;
            OldRow = oldRow;
            NewRow = newRow;
        }
    }

    /// <summary>Bytes, inserts, updates and deletes of one table.</summary>
    public struct TableStatistics {
        public ulong Bytes, Inserts, Updates, Deletes;
    }

    /// <summary>A table of the connected database. Generated code derives from it.</summary>
    public abstract unsafe partial class Table {
        private const int FirstRows = 64;
        private readonly string name;
        private readonly ulong fingerprint;
        private readonly int fixedBytes;
        private readonly RowWriter key = new RowWriter();
        private bool known;

        protected readonly Client Client;

        protected Table(Client client, string name, ulong fingerprint, int fixedBytes) {
            Client = client;
            this.name = name;
            this.fingerprint = fingerprint;
            this.fixedBytes = fixedBytes;
            client.AddTable(this);
        }

        internal ushort Id { get; private set; }

        /// <summary>As the module calls it.</summary>
        public string Name { get { return name; } }

        internal bool Known { get { return known; } }

        /// <summary>Rows in the cache; 0 before the connection stands.</summary>
        public int Count {
            get {
                if (!known) return 0;
                UIntPtr count;
                Client.Check(Native.ambit_table_count(Client.Handle, Id, &count));
                return (int)count.ToUInt32();
            }
        }

        public TableStatistics Statistics {
            get {
                AmbitTableStatistics from;
                Client.Check(Native.ambit_table_statistics(Client.Handle, Id, &from));
                return new TableStatistics { Bytes = from.bytes, Inserts = from.inserts, Updates = from.updates, Deletes = from.deletes };
            }
        }

        protected abstract void Dispatch(ref RowEvent change);

        internal virtual void Raise(ref RowEvent change) { Dispatch(ref change); }

        /// <summary>All rows, each as an object: for editors, which show tables of any type.</summary>
        internal abstract void Collect(List<object> rows);

        internal bool Bind() {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            fixed (byte* at = bytes) {
                AmbitTableInfo info;
                AmbitStatus status = Native.ambit_table_by_name(Client.Handle, Client.TextOf(at, bytes.Length), &info);
                if (status == AmbitStatus.NotConnected) return false;
                Client.Check(status);
                Client.RequireSame("table", name, fingerprint, info.fingerprint);
                if (info.fixed_bytes != fixedBytes) throw new AmbitException("rows of table `" + name + "` have another size than generated");
                Id = info.table;
                known = true;
                InterpolateWanted();
                return true;
            }
        }

        protected RowWriter Key(int fixedKeyBytes) {
            key.Begin(fixedKeyBytes);
            return key;
        }

        protected byte* Lookup(ushort index, RowWriter keyRow) {
            if (!known) return null;
            fixed (byte* bytes = keyRow.Buffer) {
                AmbitRow row;
                AmbitStatus status = Native.ambit_table_find(Client.Handle, Id, index, bytes, new UIntPtr((uint)keyRow.Length), &row);
                if (status == AmbitStatus.NotFound) return null;
                Client.Check(status);
                return row.bytes;
            }
        }

        protected RowSpan All() {
            if (!known) return default(RowSpan);
            RowArena arena = Client.Arena;
            for (int room = FirstRows; ; ) {
                UIntPtr total;
                AmbitRow* rows = arena.Room(room);
                Client.Check(Native.ambit_table_rows(Client.Handle, Id, rows, new UIntPtr((uint)room), &total));
                if (total.ToUInt64() <= (ulong)room) return arena.Take((int)total.ToUInt32());
                room = (int)total.ToUInt32();
            }
        }

        protected RowSpan Query(ushort index, RowWriter keyRow) {
            if (!known) return default(RowSpan);
            RowArena arena = Client.Arena;
            fixed (byte* bytes = keyRow.Buffer) {
                for (int room = FirstRows; ; ) {
                    UIntPtr total;
                    AmbitRow* rows = arena.Room(room);
                    Client.Check(Native.ambit_table_where(Client.Handle, Id, index, bytes, new UIntPtr((uint)keyRow.Length), rows, new UIntPtr((uint)room), &total));
                    if (total.ToUInt64() <= (ulong)room) return arena.Take((int)total.ToUInt32());
                    room = (int)total.ToUInt32();
                }
            }
        }

        protected RowSpan Query(ushort index, double x, double y, double z, double radius) {
            if (!known) return default(RowSpan);
            RowArena arena = Client.Arena;
            for (int room = FirstRows; ; ) {
                UIntPtr total;
                AmbitRow* rows = arena.Room(room);
                Client.Check(Native.ambit_table_near(Client.Handle, Id, index, x, y, z, radius, rows, new UIntPtr((uint)room), &total));
                if (total.ToUInt64() <= (ulong)room) return arena.Take((int)total.ToUInt32());
                room = (int)total.ToUInt32();
            }
        }
    }

    /// <summary>The place of an answer's rows.</summary>
    public struct RowSpan {
        internal int First;
        internal uint Age;
        public int Count;
    }

    /// <summary>Rows of the answers of one tick, last in first out; `foreach` gives its place back.</summary>
    internal sealed unsafe class RowArena {
        private AmbitRow* rows;
        private int capacity, top;
        /// <summary>Counts the Ticks, so that a span of an earlier one is known even when its place is taken anew.</summary>
        private uint age;

        internal bool IsEmpty { get { return top == 0; } }

        internal AmbitRow* Room(int count) {
            if (top + count > capacity) {
                capacity = Math.Max(top + count, capacity * 2);
                IntPtr bytes = (IntPtr)((long)capacity * sizeof(AmbitRow));
                rows = (AmbitRow*)(rows == null ? Marshal.AllocHGlobal(bytes) : Marshal.ReAllocHGlobal((IntPtr)rows, bytes));
            }
            return rows + top;
        }

        internal RowSpan Take(int count) {
            RowSpan span = new RowSpan { First = top, Count = count, Age = age };
            top += count;
            return span;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal byte* At(RowSpan span, int index) {
            if ((uint)index >= (uint)span.Count || span.Age != age || span.First + index >= top) Gone();
            return rows[span.First + index].bytes;
        }

        internal uint SlotAt(RowSpan span, int index) {
            if ((uint)index >= (uint)span.Count || span.Age != age || span.First + index >= top) Gone();
            return rows[span.First + index].slot;
        }

        private static void Gone() { throw new InvalidOperationException("the rows of an answer are gone after the next Tick"); }

        internal void Release(RowSpan span) {
            if (span.Count > 0 && span.Age == age && span.First + span.Count == top) top = span.First;
        }

        internal void Clear() {
            top = 0;
            age++;
        }

        internal void Free() {
            if (rows != null) Marshal.FreeHGlobal((IntPtr)rows);
            rows = null;
            capacity = 0;
            Clear();
        }
    }
}
