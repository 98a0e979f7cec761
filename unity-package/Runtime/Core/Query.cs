// Typed queries: they print the SQL of docs/guides/queries.md, and their values travel as parameters. What a query may
// contain is for the server to say. Generated code has the columns of each table.

using System;
using System.Collections.Generic;
using System.Text;

namespace Ambit {
    /// <summary>Puts a value among parameters.</summary>
    public delegate void ParameterSetter<TValue>(Parameters parameters, string name, TValue value);

    /// <summary>What a query's text is made of: words, a column's name, or a value.</summary>
    internal struct QueryPiece {
        internal string Words, Column;
        internal Action<Parameters, string> Value;
        /// <summary>Whether the column is one of the rows in a circle's centre.</summary>
        internal bool OfCentre;
    }

    /// <summary>What joins a condition's parts at the top.</summary>
    internal enum QueryShape { One, All, Any }

    /// <summary>What must be true of a row. &amp;, | and ! join conditions.</summary>
    public sealed class Condition<TRow> {
        internal readonly List<QueryPiece> Pieces;
        private readonly QueryShape shape;

        internal Condition(List<QueryPiece> pieces, QueryShape shape = QueryShape.One) {
            Pieces = pieces;
            this.shape = shape;
        }

        public static Condition<TRow> operator &(Condition<TRow> left, Condition<TRow> right) { return Join(left, " AND ", QueryShape.All, right); }

        public static Condition<TRow> operator |(Condition<TRow> left, Condition<TRow> right) { return Join(left, " OR ", QueryShape.Any, right); }

        public static Condition<TRow> operator !(Condition<TRow> condition) {
            List<QueryPiece> pieces = new List<QueryPiece> { Words("NOT (") };
            pieces.AddRange(condition.Pieces);
            pieces.Add(Words(")"));
            return new Condition<TRow>(pieces);
        }

        /// <summary>As it stands between parts of this shape. Lists of one shape need no parentheses, however long they
        /// are: a query may not nest deep.</summary>
        internal List<QueryPiece> Within(QueryShape around) {
            if (shape == QueryShape.One || shape == around) return Pieces;
            List<QueryPiece> pieces = new List<QueryPiece> { Words("(") };
            pieces.AddRange(Pieces);
            pieces.Add(Words(")"));
            return pieces;
        }

        private static Condition<TRow> Join(Condition<TRow> left, string words, QueryShape shape, Condition<TRow> right) {
            List<QueryPiece> pieces = new List<QueryPiece>(left.Within(shape)) { Words(words) };
            pieces.AddRange(right.Within(shape));
            return new Condition<TRow>(pieces, shape);
        }

        private static QueryPiece Words(string words) { return new QueryPiece { Words = words }; }
    }

    /// <summary>Which rows come first.</summary>
    public sealed class Order<TRow> {
        internal readonly List<QueryPiece> Pieces;

        internal Order(params QueryPiece[] pieces) { Pieces = new List<QueryPiece>(pieces); }

        /// <summary>Rows without a value come before all others.</summary>
        public Order<TRow> NullsFirst() { return FollowedBy(" NULLS FIRST"); }

        /// <summary>Rows without a value come behind all others.</summary>
        public Order<TRow> NullsLast() { return FollowedBy(" NULLS LAST"); }

        private Order<TRow> FollowedBy(string words) {
            Pieces.Add(new QueryPiece { Words = words });
            return this;
        }
    }

    /// <summary>Rows of one table that a client wants to see. Queries that are built alike have one text, whatever their
    /// values are: so the values of one can replace those of the other.</summary>
    public sealed partial class Query<TRow> {
        private readonly string table;
        private readonly List<string> columns = new List<string>();
        private readonly List<List<QueryPiece>> conditions = new List<List<QueryPiece>>();
        private string centre;
        private List<QueryPiece> join;
        private readonly List<Order<TRow>> orders = new List<Order<TRow>>();
        private uint? limit;

        /// <summary>All rows of a table.</summary>
        public Query(string table) { this.table = table; }

        /// <summary>Shows only the columns that are named so, and the primary key. The others are blank in the cache, unless
        /// another subscription shows them.</summary>
        public Query<TRow> Showing(Column<TRow> column) {
            columns.Add(column.Name);
            return this;
        }

        /// <summary>Only rows for which this is true as well.</summary>
        public Query<TRow> Filter(Condition<TRow> condition) {
            conditions.Add(condition.Within(QueryShape.All));
            return this;
        }

        /// <summary>Only rows within a circle around rows of another table, which moves with them: `position` is the column
        /// of the rows that are shown, `centre` that of the rows in the middle, `whose` says which these are. Once per
        /// query.</summary>
        public Query<TRow> Around<TCentre, TPoint, TOther>(PositionColumn<TRow, TPoint> position, PositionColumn<TCentre, TOther> centre, double radius, Condition<TCentre> whose) {
            if (join != null) throw new AmbitException("a query has one circle that moves; this one has a circle already");
            this.centre = centre.Table;
            join = new List<QueryPiece> {
                new QueryPiece { Words = "ST_DWithin(" }, new QueryPiece { Column = position.Name }, new QueryPiece { Words = ", " },
                new QueryPiece { Column = centre.Name, OfCentre = true }, new QueryPiece { Words = ", " },
                new QueryPiece { Value = (parameters, name) => parameters.Set(name, radius) }, new QueryPiece { Words = ")" }
            };
            List<QueryPiece> own = new List<QueryPiece>();
            foreach (QueryPiece piece in whose.Within(QueryShape.All)) {
                own.Add(new QueryPiece { Words = piece.Words, Column = piece.Column, Value = piece.Value, OfCentre = true });
            }
            conditions.Add(own);
            return this;
        }

        /// <summary>Only rows of which this column is the same as that of the row in the circle's centre.</summary>
        public Query<TRow> Joined<TCentre, TValue>(Column<TRow, TValue> own, Column<TCentre, TValue> centre) {
            conditions.Add(new List<QueryPiece> {
                new QueryPiece { Column = own.Name }, new QueryPiece { Words = " = " }, new QueryPiece { Column = centre.Name, OfCentre = true }
            });
            return this;
        }

        /// <summary>Which rows come first, of those that an earlier order leaves equal. Goes together with Limit.</summary>
        public Query<TRow> OrderBy(Order<TRow> order) {
            orders.Add(order);
            return this;
        }

        /// <summary>Only so many of the first rows.</summary>
        public Query<TRow> Limit(uint rows) {
            limit = rows;
            return this;
        }

        /// <summary>The text, and the values of the names in it.</summary>
        public string Build(out Parameters parameters) {
            StringBuilder sql = new StringBuilder("SELECT ");
            string of = join == null ? "" : "a.";
            if (columns.Count == 0) sql.Append(of).Append('*');
            for (int i = 0; i < columns.Count; i++) {
                sql.Append(i == 0 ? "" : ", ").Append(of).Append('"').Append(columns[i]).Append('"');
            }
            sql.Append(" FROM \"").Append(table).Append('"');
            if (join != null) sql.Append(" a JOIN \"").Append(centre).Append("\" b ON ");
            parameters = new Parameters();
            if (join != null) Add(sql, parameters, join);
            for (int i = 0; i < conditions.Count; i++) {
                sql.Append(i == 0 ? " WHERE " : " AND ");
                Add(sql, parameters, conditions[i]);
            }
            for (int i = 0; i < orders.Count; i++) {
                sql.Append(i == 0 ? " ORDER BY " : ", ");
                Add(sql, parameters, orders[i].Pieces);
            }
            if (limit.HasValue) {
                uint rows = limit.Value;
                Add(sql, parameters, new List<QueryPiece> {
                    new QueryPiece { Words = " LIMIT " }, new QueryPiece { Value = (values, name) => values.Set(name, rows) }
                });
            }
            return sql.ToString();
        }

        private void Add(StringBuilder sql, Parameters parameters, List<QueryPiece> pieces) {
            foreach (QueryPiece piece in pieces) {
                if (piece.Words != null) {
                    sql.Append(piece.Words);
                } else if (piece.Column != null) {
                    if (join != null) sql.Append(piece.OfCentre ? "b." : "a.");
                    sql.Append('"').Append(piece.Column).Append('"');
                } else {
                    string name = "p" + (parameters.Count + 1);
                    piece.Value(parameters, name);
                    sql.Append(':').Append(name);
                }
            }
        }
    }

    public sealed unsafe partial class Client {
        /// <summary>Begins a subscription of a typed query.</summary>
        public uint Subscribe<TRow>(Query<TRow> query) {
            Parameters parameters;
            string sql = query.Build(out parameters);
            return Subscribe(sql, parameters, query.WantedDelivery);
        }

        /// <summary>Goes over to the values of another query, which is built like the one that the subscription began with,
        /// as ChangeParameters does.</summary>
        public uint ChangeTo<TRow>(uint subscription, Query<TRow> query) {
            Parameters parameters;
            query.Build(out parameters);
            return ChangeParameters(subscription, parameters);
        }
    }
}
