// Typed queries: they print the SQL of docs/guides/queries.md, and their values travel as parameters. What a query may
// contain is for the server to say. Generated code has the columns of each table.
#pragma once

#include <initializer_list>

#include "client.h"

namespace ambit {

/// What a query's text is made of: words, a column's name, or a value.
struct QueryPiece {
    enum class Kind { Words, Column, Value } kind;
    std::string text;
    Parameter value;
    /// Whether the column is one of the rows in a circle's centre.
    bool of_centre = false;

    static QueryPiece words(std::string_view text) { return {Kind::Words, std::string(text), {}}; }
    static QueryPiece column(const char* name) { return {Kind::Column, name, {}}; }
    template <typename T>
    static QueryPiece of(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            return {Kind::Value, {}, Parameters().set("", query_text(value)).list().front()};
        } else {
            return {Kind::Value, {}, Parameters().set("", value).list().front()};
        }
    }
};

/// What must be true of a row. &&, || and ! join conditions.
template <typename Row>
class Condition {
public:
    /// What joins its parts at the top.
    enum class Shape { One, All, Any };

    explicit Condition(std::vector<QueryPiece> pieces, Shape shape = Shape::One) : pieces_(std::move(pieces)), shape_(shape) {}

    friend Condition operator&&(const Condition& left, const Condition& right) { return join(left, " AND ", Shape::All, right); }
    friend Condition operator||(const Condition& left, const Condition& right) { return join(left, " OR ", Shape::Any, right); }
    friend Condition operator!(const Condition& condition) { return Condition(wrapped("NOT (", condition.pieces_)); }

    /// As it stands between parts of this shape. Lists of one shape need no parentheses, however long they are: a query may
    /// not nest deep.
    std::vector<QueryPiece> within(Shape shape) const { return shape_ == Shape::One || shape_ == shape ? pieces_ : wrapped("(", pieces_); }

private:
    static std::vector<QueryPiece> wrapped(const char* open, const std::vector<QueryPiece>& inner) {
        std::vector<QueryPiece> pieces{QueryPiece::words(open)};
        pieces.insert(pieces.end(), inner.begin(), inner.end());
        pieces.push_back(QueryPiece::words(")"));
        return pieces;
    }
    static Condition join(const Condition& left, const char* words, Shape shape, const Condition& right) {
        std::vector<QueryPiece> pieces = left.within(shape);
        pieces.push_back(QueryPiece::words(words));
        const std::vector<QueryPiece> more = right.within(shape);
        pieces.insert(pieces.end(), more.begin(), more.end());
        return Condition(std::move(pieces), shape);
    }

    std::vector<QueryPiece> pieces_;
    Shape shape_;
};

/// Which rows come first.
template <typename Row>
class Order {
public:
    explicit Order(std::vector<QueryPiece> pieces) : pieces_(std::move(pieces)) {}

    /// Rows without a value come before all others.
    Order nulls_first() const { return followed_by(" NULLS FIRST"); }
    /// Rows without a value come behind all others.
    Order nulls_last() const { return followed_by(" NULLS LAST"); }

    const std::vector<QueryPiece>& pieces() const { return pieces_; }

private:
    Order followed_by(const char* words) const {
        std::vector<QueryPiece> pieces = pieces_;
        pieces.push_back(QueryPiece::words(words));
        return Order(std::move(pieces));
    }

    std::vector<QueryPiece> pieces_;
};

/// What a column of type T is compared with.
template <typename T>
struct Compared { using Type = T; };
template <>
struct Compared<std::string> { using Type = std::string_view; };
template <typename T>
struct Compared<Option<T>> : Compared<T> {};
template <typename T>
struct Compared<std::optional<T>> : Compared<T> {};

/// A column of a table.
template <typename Row, typename T>
struct Column {
    using Value = typename Compared<T>::Type;

    const char* table;
    const char* name;

    Condition<Row> equal(const Value& value) const { return compare(" = ", value); }
    Condition<Row> not_equal(const Value& value) const { return compare(" <> ", value); }
    Condition<Row> less(const Value& value) const { return compare(" < ", value); }
    Condition<Row> at_most(const Value& value) const { return compare(" <= ", value); }
    Condition<Row> greater(const Value& value) const { return compare(" > ", value); }
    Condition<Row> at_least(const Value& value) const { return compare(" >= ", value); }
    /// Both ends belong to it.
    Condition<Row> between(const Value& low, const Value& high) const {
        return made({here(), QueryPiece::words(" BETWEEN "), QueryPiece::of(low), QueryPiece::words(" AND "), QueryPiece::of(high)});
    }
    /// One of these values, of which there is at least one.
    Condition<Row> is_in(const std::vector<Value>& values) const {
        std::vector<QueryPiece> pieces{here(), QueryPiece::words(" IN (")};
        for (std::size_t i = 0; i < values.size(); i++) {
            if (i > 0) pieces.push_back(QueryPiece::words(", "));
            pieces.push_back(QueryPiece::of(values[i]));
        }
        pieces.push_back(QueryPiece::words(")"));
        return Condition<Row>(std::move(pieces));
    }
    /// For texts.
    Condition<Row> starts_with(std::string_view beginning) const {
        static_assert(std::is_same_v<Value, std::string_view>, "only a text begins with something");
        std::string pattern;
        for (const char letter : beginning) {
            if (letter == '%' || letter == '_' || letter == '\\') pattern += '\\';
            pattern += letter;
        }
        return made({here(), QueryPiece::words(" LIKE "), QueryPiece::of(pattern + '%')});
    }
    /// For optional columns and floats.
    Condition<Row> is_null() const { return made({here(), QueryPiece::words(" IS NULL")}); }
    Condition<Row> is_not_null() const { return made({here(), QueryPiece::words(" IS NOT NULL")}); }
    /// The client's own.
    Condition<Row> is_sender() const {
        static_assert(std::is_same_v<Value, Identity>, "only an identity is the sender");
        return made({here(), QueryPiece::words(" = :sender")});
    }
    Condition<Row> is_connection() const {
        static_assert(std::is_same_v<Value, ConnectionId>, "only a connection id is the connection");
        return made({here(), QueryPiece::words(" = :connection")});
    }
    /// Within a circle, or in three dimensions a sphere. For positions.
    Condition<Row> near(const Value& centre, double radius) const {
        return made({QueryPiece::words("ST_DWithin("), here(), QueryPiece::words(", "), QueryPiece::of(centre), QueryPiece::words(", "),
                     QueryPiece::of(radius), QueryPiece::words(")")});
    }
    /// Within a box with these opposite corners. For positions.
    Condition<Row> inside(const Value& corner, const Value& opposite) const {
        constexpr bool is_flat = std::is_same_v<Value, Vec2> || std::is_same_v<Value, DVec2>;
        static_assert(is_flat || std::is_same_v<Value, Vec3> || std::is_same_v<Value, DVec3>, "only a position is inside a box");
        return made({here(), QueryPiece::words(is_flat ? " && ST_MakeBox2D(" : " &&& ST_3DMakeBox("), QueryPiece::of(corner),
                     QueryPiece::words(", "), QueryPiece::of(opposite), QueryPiece::words(")")});
    }

    /// The lowest value first; NULL comes last.
    Order<Row> ascending() const { return Order<Row>({here()}); }
    /// The highest value first, after NULL unless nulls_last is said.
    Order<Row> descending() const { return Order<Row>({here(), QueryPiece::words(" DESC")}); }
    /// What is nearest to a point first. For positions.
    Order<Row> nearest_to(const Value& point) const { return distance(QueryPiece::of(point)); }
    /// What is nearest to the rows in the centre of the query's circle first; both are the columns of Query::around.
    template <typename Other, typename U>
    Order<Row> nearest_to_centre(const Column<Other, U>& centre) const {
        QueryPiece to = centre.here();
        to.of_centre = true;
        return distance(std::move(to));
    }

    QueryPiece here() const { return QueryPiece::column(name); }

private:
    Order<Row> distance(QueryPiece to) const {
        return Order<Row>({QueryPiece::words("ST_Distance("), here(), QueryPiece::words(", "), std::move(to), QueryPiece::words(")")});
    }
    Condition<Row> compare(const char* words, const Value& value) const { return made({here(), QueryPiece::words(words), QueryPiece::of(value)}); }
    static Condition<Row> made(std::initializer_list<QueryPiece> pieces) { return Condition<Row>(std::vector<QueryPiece>(pieces)); }
};

/// Rows of one table that a client wants to see. Queries that are built alike have one text, whatever their values are: so
/// the values of one can replace those of the other.
template <typename Row>
class Query {
    using Shape = typename Condition<Row>::Shape;

    std::string table_, centre_;
    std::vector<const char*> columns_;
    std::vector<QueryPiece> join_;
    std::vector<std::vector<QueryPiece>> conditions_, orders_;
    std::optional<std::uint32_t> limit_;
    Delivery delivery_;

public:
    /// A text and the values of the names in it.
    struct Built {
        std::string sql;
        Parameters parameters;
    };

    /// All rows of a table.
    explicit Query(std::string_view table) : table_(table) {}

    /// Shows only the columns that are named so, and the primary key. The others are blank in the cache, unless another
    /// subscription shows them.
    template <typename T>
    Query& showing(const Column<Row, T>& column) {
        columns_.push_back(column.name);
        return *this;
    }
    /// Only rows for which this is true as well.
    Query& filter(const Condition<Row>& condition) {
        conditions_.push_back(condition.within(Shape::All));
        return *this;
    }
    /// Only rows within a circle around rows of another table, which moves with them: `position` is the column of the rows
    /// that are shown, `centre` that of the rows in the middle, `whose` says which these are. Once per query.
    template <typename Other, typename T, typename U>
    Query& around(const Column<Row, T>& position, const Column<Other, U>& centre, double radius, const Condition<Other>& whose) {
        centre_ = centre.table;
        join_ = {QueryPiece::words("ST_DWithin("), position.here(), QueryPiece::words(", "), of_centre(centre.here()), QueryPiece::words(", "),
                 QueryPiece::of(radius), QueryPiece::words(")")};
        std::vector<QueryPiece> own = whose.within(Condition<Other>::Shape::All);
        for (QueryPiece& piece : own) piece.of_centre = true;
        conditions_.push_back(std::move(own));
        return *this;
    }
    /// Only rows of which this column is the same as that of the row in the circle's centre.
    template <typename Other, typename T>
    Query& joined(const Column<Row, T>& own, const Column<Other, T>& centre) {
        conditions_.push_back({own.here(), QueryPiece::words(" = "), of_centre(centre.here())});
        return *this;
    }
    /// Which rows come first, of those that an earlier order leaves equal. Goes together with limit.
    Query& order_by(const Order<Row>& order) {
        orders_.push_back(order.pieces());
        return *this;
    }
    /// Only so many of the first rows.
    Query& limit(std::uint32_t rows) {
        limit_ = rows;
        return *this;
    }
    /// Updates per second. 0: that of the fastest tier, or without tiers the server's default. Infinity: one update per commit.
    Query& rate(float rate) {
        delivery_.rate = rate;
        return *this;
    }
    /// A row enters the query's circle at its radius and leaves at its radius plus this.
    Query& hysteresis(double distance) {
        delivery_.hysteresis = distance;
        return *this;
    }
    /// One more tier, farther than the one before: up to this distance from the circle's centre a row is told so many times per
    /// second, 0 for once per update, and while it changes only these of its columns, without any all of them.
    template <typename... T>
    Query& tier(double distance, float rate, const Column<Row, T>&... columns) {
        delivery_.tiers.push_back({distance, rate, std::vector<std::string>{columns.name...}});
        return *this;
    }
    /// Bytes per second that the connection is to be sent; changes of rows wait for their turn.
    Query& budget(std::uint32_t bytes_per_second) {
        delivery_.budget = bytes_per_second;
        return *this;
    }
    /// Only what is durable is told.
    Query& confirmed() {
        delivery_.confirmed = true;
        return *this;
    }
    /// All delivery options, in place of those that were said before.
    Query& delivery(Delivery delivery) {
        delivery_ = std::move(delivery);
        return *this;
    }
    const Delivery& wanted_delivery() const { return delivery_; }

    Built build() const {
        Built built;
        const std::string of = join_.empty() ? "" : "a.";
        built.sql = "SELECT " + (columns_.empty() ? of + "*" : "");
        for (std::size_t i = 0; i < columns_.size(); i++) {
            built.sql += (i == 0 ? "" : ", ") + of + "\"" + columns_[i] + "\"";
        }
        built.sql += " FROM \"" + table_ + "\"";
        if (!join_.empty()) built.sql += " a JOIN \"" + centre_ + "\" b ON ";
        add(built, join_);
        const char* words = " WHERE ";
        for (const std::vector<QueryPiece>& condition : conditions_) {
            built.sql += words;
            add(built, condition);
            words = " AND ";
        }
        words = " ORDER BY ";
        for (const std::vector<QueryPiece>& order : orders_) {
            built.sql += words;
            add(built, order);
            words = ", ";
        }
        if (limit_) add(built, {QueryPiece::words(" LIMIT "), QueryPiece::of(*limit_)});
        return built;
    }

private:
    static QueryPiece of_centre(QueryPiece piece) {
        piece.of_centre = true;
        return piece;
    }
    void add(Built& built, const std::vector<QueryPiece>& pieces) const {
        for (const QueryPiece& piece : pieces) {
            switch (piece.kind) {
            case QueryPiece::Kind::Words:
                built.sql += piece.text;
                break;
            case QueryPiece::Kind::Column:
                if (!join_.empty()) built.sql += piece.of_centre ? "b." : "a.";
                built.sql += '"' + piece.text + '"';
                break;
            case QueryPiece::Kind::Value:
                const std::string name = "p" + std::to_string(built.parameters.list().size() + 1);
                built.parameters.add(name, piece.value);
                built.sql += ':' + name;
                break;
            }
        }
    }
};

/// Begins a subscription of a typed query; as Client::subscribe.
template <typename Row>
std::uint32_t subscribe(Client& client, const Query<Row>& query) {
    const auto built = query.build();
    return client.subscribe(built.sql, built.parameters, query.wanted_delivery());
}

/// Goes over to the values of another query, which is built like the one that the subscription began with; as
/// Client::change_parameters.
template <typename Row>
std::uint32_t change_to(Client& client, std::uint32_t subscription, const Query<Row>& query) {
    return client.change_parameters(subscription, query.build().parameters);
}

}  // namespace ambit
