// Columns, and what can be asked of them. Generated code has those of each table.

using System.Collections.Generic;
using System.Text;

namespace Ambit {
    /// <summary>A column, whatever its type.</summary>
    public class Column<TRow> {
        internal readonly string Table, Name;
        /// <summary>Its place among the columns that clients are shown, from 0.</summary>
        internal readonly ushort Number;

        public Column(string table, string name, ushort number) {
            Table = table;
            Name = name;
            Number = number;
        }
    }

    /// <summary>A column that is compared with values of one type.</summary>
    public class Column<TRow, TValue> : Column<TRow> {
        private readonly ParameterSetter<TValue> setter;

        public Column(string table, string name, ushort number, ParameterSetter<TValue> setter) : base(table, name, number) { this.setter = setter; }

        public Condition<TRow> Equal(TValue value) { return Made(Here, Words(" = "), Value(value)); }

        public Condition<TRow> NotEqual(TValue value) { return Made(Here, Words(" <> "), Value(value)); }

        public Condition<TRow> Less(TValue value) { return Made(Here, Words(" < "), Value(value)); }

        public Condition<TRow> AtMost(TValue value) { return Made(Here, Words(" <= "), Value(value)); }

        public Condition<TRow> Greater(TValue value) { return Made(Here, Words(" > "), Value(value)); }

        public Condition<TRow> AtLeast(TValue value) { return Made(Here, Words(" >= "), Value(value)); }

        /// <summary>Both ends belong to it.</summary>
        public Condition<TRow> Between(TValue low, TValue high) { return Made(Here, Words(" BETWEEN "), Value(low), Words(" AND "), Value(high)); }

        /// <summary>One of these values, of which there is at least one.</summary>
        public Condition<TRow> IsIn(params TValue[] values) {
            List<QueryPiece> pieces = new List<QueryPiece> { Here, Words(" IN (") };
            for (int i = 0; i < values.Length; i++) {
                if (i > 0) pieces.Add(Words(", "));
                pieces.Add(Value(values[i]));
            }
            pieces.Add(Words(")"));
            return new Condition<TRow>(pieces);
        }

        /// <summary>For optional columns and floats.</summary>
        public Condition<TRow> IsNull() { return Made(Here, Words(" IS NULL")); }

        /// <summary>For optional columns and floats.</summary>
        public Condition<TRow> IsNotNull() { return Made(Here, Words(" IS NOT NULL")); }

        /// <summary>The lowest value first; NULL comes last.</summary>
        public Order<TRow> Ascending() { return new Order<TRow>(Here); }

        /// <summary>The highest value first, after NULL unless NullsLast is said.</summary>
        public Order<TRow> Descending() { return new Order<TRow>(Here, Words(" DESC")); }

        internal QueryPiece Here { get { return new QueryPiece { Column = Name }; } }

        internal QueryPiece Value(TValue value) { return new QueryPiece { Value = (parameters, name) => setter(parameters, name, value) }; }

        internal static QueryPiece Words(string words) { return new QueryPiece { Words = words }; }

        internal static Condition<TRow> Made(params QueryPiece[] pieces) { return new Condition<TRow>(new List<QueryPiece>(pieces)); }
    }

    public sealed class TextColumn<TRow> : Column<TRow, string> {
        public TextColumn(string table, string name, ushort number) : base(table, name, number, (p, n, v) => p.Set(n, v)) { }

        public Condition<TRow> StartsWith(string beginning) {
            StringBuilder pattern = new StringBuilder();
            foreach (char letter in beginning) {
                if (letter == '%' || letter == '_' || letter == '\\') pattern.Append('\\');
                pattern.Append(letter);
            }
            return Made(Here, Words(" LIKE "), Value(pattern.Append('%').ToString()));
        }
    }

    public sealed class IdentityColumn<TRow> : Column<TRow, Identity> {
        public IdentityColumn(string table, string name, ushort number) : base(table, name, number, (p, n, v) => p.Set(n, v)) { }

        /// <summary>The client's own.</summary>
        public Condition<TRow> IsSender() { return Made(Here, Words(" = :sender")); }
    }

    public sealed class ConnectionColumn<TRow> : Column<TRow, ConnectionId> {
        public ConnectionColumn(string table, string name, ushort number) : base(table, name, number, (p, n, v) => p.Set(n, v)) { }

        /// <summary>The client's own.</summary>
        public Condition<TRow> IsConnection() { return Made(Here, Words(" = :connection")); }
    }

    /// <summary>A column of places, each a TPoint.</summary>
    public sealed class PositionColumn<TRow, TPoint> : Column<TRow> {
        private readonly ParameterSetter<TPoint> setter;

        public PositionColumn(string table, string name, ushort number, ParameterSetter<TPoint> setter) : base(table, name, number) { this.setter = setter; }

        /// <summary>Within a circle, or in three dimensions a sphere.</summary>
        public Condition<TRow> Near(TPoint centre, double radius) {
            return Made(Words("ST_DWithin("), Here, Words(", "), Value(centre), Words(", "), new QueryPiece { Value = (parameters, name) => parameters.Set(name, radius) }, Words(")"));
        }

        /// <summary>Within a box with these opposite corners.</summary>
        public Condition<TRow> Inside(TPoint corner, TPoint opposite) {
            bool isFlat = typeof(TPoint) == typeof(Vec2) || typeof(TPoint) == typeof(DVec2);
            return Made(Here, Words(isFlat ? " && ST_MakeBox2D(" : " &&& ST_3DMakeBox("), Value(corner), Words(", "), Value(opposite), Words(")"));
        }

        public Condition<TRow> IsNull() { return Made(Here, Words(" IS NULL")); }

        public Condition<TRow> IsNotNull() { return Made(Here, Words(" IS NOT NULL")); }

        /// <summary>What is nearest to a point first.</summary>
        public Order<TRow> NearestTo(TPoint point) { return Distance(Value(point)); }

        /// <summary>What is nearest to the rows in the centre of the query's circle first; both are the columns of Around.</summary>
        public Order<TRow> NearestToCentre<TCentre, TOther>(PositionColumn<TCentre, TOther> centre) { return Distance(new QueryPiece { Column = centre.Name, OfCentre = true }); }

        private Order<TRow> Distance(QueryPiece to) { return new Order<TRow>(Words("ST_Distance("), Here, Words(", "), to, Words(")")); }

        private QueryPiece Here { get { return new QueryPiece { Column = Name }; } }

        private QueryPiece Value(TPoint value) { return new QueryPiece { Value = (parameters, name) => setter(parameters, name, value) }; }

        private static QueryPiece Words(string words) { return new QueryPiece { Words = words }; }

        private static Condition<TRow> Made(params QueryPiece[] pieces) { return new Condition<TRow>(new List<QueryPiece>(pieces)); }
    }
}
