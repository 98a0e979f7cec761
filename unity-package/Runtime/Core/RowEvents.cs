// Tables of one row type, and changes of such rows with the number that a row has while it is in the cache: for whoever keeps an
// object per row.

using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Ambit {
    /// <summary>One change of a row, in rows of a generated type. Its rows are safe until the next Tick.</summary>
    public readonly unsafe struct RowEvent<TRow> {
        private readonly Table<TRow> table;
        private readonly byte* oldRow, newRow;

        public readonly RowEventKind Kind;

        /// <summary>Why the row left. Of deletes only.</summary>
        public readonly DeleteReason Reason;

        /// <summary>The row's number in its table, from its insert to its delete.</summary>
        public readonly uint Slot;

        internal RowEvent(Table<TRow> table, ref RowEvent change) {
            this.table = table;
            Kind = change.Kind;
            Reason = change.Reason;
            Slot = change.Slot;
            oldRow = change.OldRow;
            newRow = change.NewRow;
        }

        /// <summary>The row before. An insert has none and throws.</summary>
        public TRow Old { get { return table.Typed(oldRow, "an insert has no old row"); } }

        /// <summary>The row now. A delete has none and throws.</summary>
        public TRow New { get { return table.Typed(newRow, "a delete has no new row"); } }
    }

    public delegate void RowChanged<TRow>(in RowEvent<TRow> change);

    /// <summary>A table whose rows are of one generated type.</summary>
    public abstract unsafe partial class Table<TRow> : Table {
        /// <summary>Raised for every change, before OnInsert, OnUpdate and OnDelete.</summary>
        public event RowChanged<TRow> OnChange;

        protected Table(Client client, string name, ulong fingerprint, int fixedBytes) : base(client, name, fingerprint, fixedBytes) { }

        protected abstract TRow Read(byte* row);

        /// <summary>The row with this number, and whether it is in the cache.</summary>
        public bool TryRow(uint slot, out TRow row) {
            row = default(TRow);
            if (!Known) return false;
            AmbitRow found;
            AmbitStatus status = Native.ambit_table_row(Client.Handle, Id, slot, &found);
            if (status == AmbitStatus.NotFound) return false;
            Client.Check(status);
            row = Read(found.bytes);
            return true;
        }

        /// <summary>The numbers of all rows in the cache, in place of what the list held.</summary>
        public void Slots(List<uint> slots) {
            slots.Clear();
            RowSpan rows = All();
            for (int i = 0; i < rows.Count; i++) slots.Add(Client.Arena.SlotAt(rows, i));
            Client.Release(rows);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal TRow Typed(byte* row, string otherwise) {
            if (row == null) throw new InvalidOperationException(otherwise);
            return Read(row);
        }

        internal override void Raise(ref RowEvent change) {
            RowChanged<TRow> handlers = OnChange;
            if (handlers != null) {
                RowEvent<TRow> typed = new RowEvent<TRow>(this, ref change);
                handlers(in typed);
            }
            Dispatch(ref change);
        }

        internal override void Collect(List<object> rows) {
            RowSpan all = All();
            for (int i = 0; i < all.Count; i++) rows.Add(Read(Client.RowAt(all, i)));
            Client.Release(all);
        }
    }
}
