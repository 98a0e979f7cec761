// One player's life on a real server, in generated types; and that a frame in steady state allocates nothing.

using System;
using System.Diagnostics;
using Mmo;
using NUnit.Framework;

[TestFixture]
public sealed class ClientTests {
    private const double SecondsMax = 10;
    private static int players;

    private Ambit.Client client;
    private Database database;

    [SetUp]
    public void Connect() {
        client = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"));
        database = new Database(client);
        client.Subscribe("SELECT * FROM player WHERE identity = :sender", float.PositiveInfinity);
        Until(() => client.Offset > 0 || client.State == Ambit.ConnectionState.Connected);
    }

    [TearDown]
    public void Free() { client.Dispose(); }

    private static string Server { get { return Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER"); } }

    /// <summary>Ticks until something holds; every wait ends when the server sends something.</summary>
    private void Until(Func<bool> ready) { Until(client, ready); }

    private static void Until(Ambit.Client client, Func<bool> ready) {
        Stopwatch clock = Stopwatch.StartNew();
        for (client.Tick(); !ready(); client.Tick()) {
            Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax, "state " + client.State + " " + client.Reason);
            client.Wait(1000);
        }
    }

    private void Join() {
        string name = "cs-" + Process.GetCurrentProcess().Id + "-" + players++;
        uint request = 0;
        Until(() => {
            if (!client.Ready) return false;
            if (request == 0) request = database.Reducers.Join(name);
            return database.Tables.Player.Count == 1;
        });
    }

    [Test]
    public void RowsAreFoundIteratedAndNear() {
        Join();
        PlayerRow row;
        Assert.IsTrue(database.Tables.Player.Find(client.Identity, out row));
        Assert.IsTrue(row.Name.StartsWith("cs-"));
        Assert.AreEqual(client.Identity, row.Identity);
        Assert.IsTrue(row.Online);
        Assert.IsFalse(database.Tables.Player.Find(default(Ambit.Identity), out row));
        int count = 0;
        foreach (PlayerRow player in database.Tables.Player.Rows) {
            foreach (PlayerRow neighbour in database.Tables.Player.Near(player.Position, 1)) {
                Assert.AreEqual(player.Name, neighbour.Name);
                count++;
            }
        }
        Assert.AreEqual(1, count);
        Assert.IsTrue(client.Arena.IsEmpty, "foreach gives the place of its rows back");
        Assert.Greater(client.Statistics.BytesReceived, 0UL);
        Assert.Greater(database.Tables.Player.Statistics.Inserts, 0UL);
    }

    [Test]
    public void EventsCarryOldAndNewRows() {
        int inserts = 0, updates = 0;
        float moved = 0;
        database.Tables.Player.OnInsert += (in PlayerRow row) => inserts++;
        database.Tables.Player.OnUpdate += (in PlayerRow before, in PlayerRow after) => {
            updates++;
            moved = after.Position.X - before.Position.X;
        };
        Join();
        PlayerRow me;
        database.Tables.Player.Find(client.Identity, out me);
        Ambit.Vec2 to = me.Position;
        float step = to.X > 300 ? -2 : 2;
        to.X += step;
        database.Reducers.MoveTo(to, 0);
        Until(() => updates > 0);
        Assert.AreEqual(1, inserts);
        Assert.AreEqual(step, moved, 0.001);
    }

    [Test]
    public void FixedRowsAreReadInPlace() {
        client.Subscribe("SELECT * FROM monster");
        Until(() => database.Tables.Monster.Count > 0);
        int seen = 0;
        unsafe {
            foreach (MonsterRow copy in database.Tables.Monster.Rows) {
                MonsterRow* row = database.Tables.Monster.FindInPlace(copy.Id);
                Assert.IsTrue(row != null);
                Assert.AreEqual(copy.Position.X, row->Position.X);
                seen++;
            }
        }
        Assert.AreEqual(database.Tables.Monster.Count, seen);
    }

    [Test]
    public void ResultsCarryTheReducersError() {
        Ambit.CallResult last = default(Ambit.CallResult);
        client.OnResult += result => last = result;
        Join();
        uint request = database.Reducers.Join("");
        Until(() => last.Request == request);
        Assert.AreEqual(Ambit.CallStatus.ReducerError, last.Status);
        StringAssert.Contains("name", last.Message);
    }

    [Test]
    public void ATokenMakesTheSamePlayer() {
        Ambit.Identity first = client.Identity;
        string token = client.Token;
        client.Dispose();
        client = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"), token);
        database = new Database(client);
        Until(() => client.State == Ambit.ConnectionState.Connected);
        Assert.AreEqual(first, client.Identity);
    }

    [Test]
    public void RowsOfAnEarlierTickAreGone() {
        Join();
        PlayerRows before = database.Tables.Player.Rows;
        client.Tick();
        PlayerRows after = database.Tables.Player.Rows;
        Assert.Throws<InvalidOperationException>(() => { string gone = before[0].Name; });
        before.Dispose();
        Assert.AreEqual(client.Identity, after[0].Identity);
        after.Dispose();
        Assert.IsTrue(client.Arena.IsEmpty);
    }

    /// <summary>What the first Tick that knows the schema says to a reducer that the module does not have so.</summary>
    private string Refusal(string reducer) {
        using (Ambit.Client other = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"))) {
            other.AddReducer(reducer, 1);
            Stopwatch clock = Stopwatch.StartNew();
            while (clock.Elapsed.TotalSeconds < SecondsMax) {
                try { other.Tick(); } catch (Ambit.AmbitException refused) { return refused.Message; }
                other.Wait(1000);
            }
            return "";
        }
    }

    [Test]
    public void ACodeOfAnotherSchemaIsRefused() {
        StringAssert.Contains("ambit generate", Refusal("join"));
        StringAssert.Contains("no_such", Refusal("no_such"));
        // What is added to a client at work is looked up by its next Tick.
        Until(() => client.Ready);
        client.AddReducer("join", 1);
        StringAssert.Contains("ambit generate", Assert.Throws<Ambit.AmbitException>(() => client.Tick()).Message);
    }

    [Test]
    public void AConnectionThatIsOverAtTheFirstTickIsStillKnown() {
        using (Ambit.Client other = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"))) {
            Database view = new Database(other);
            while (other.State == Ambit.ConnectionState.Connecting) other.Wait(1000);
            other.Disconnect();
            while (other.State == Ambit.ConnectionState.Connected) other.Wait(1000);
            Assert.IsFalse(other.Ready);
            other.Tick();
            Assert.IsTrue(other.Ready);
            Assert.AreEqual(0, view.Tables.Player.Count);
        }
    }

    [Test]
    public void AHandlerThatThrowsLosesNothingOfTheOthers() {
        Join();
        int results = 0, inserts = 0, problems = 0;
        uint first = uint.MaxValue;
        client.OnResult += result => {
            // The result of joining may come after the row.
            if (result.Request < first) return;
            results++;
            throw new InvalidOperationException("a result's handler");
        };
        database.Tables.Monster.OnInsert += (in MonsterRow row) => {
            inserts++;
            if (inserts <= 2) throw new InvalidOperationException("an event's handler");
        };
        client.Subscribe("SELECT * FROM monster");
        first = database.Reducers.Say("one");
        database.Reducers.Say("two");
        Stopwatch clock = Stopwatch.StartNew();
        while (results < 2 || inserts < 3 || inserts < database.Tables.Monster.Count) {
            Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax, results + " results, " + inserts + " inserts");
            try {
                client.Tick();
                client.Wait(1000);
            } catch (InvalidOperationException) { problems++; }
        }
        Assert.AreEqual(2, results);
        Assert.AreEqual(database.Tables.Monster.Count, inserts);
        Assert.GreaterOrEqual(problems, 2);
    }

    [Test]
    public void AHandlerCannotTick() {
        string refused = null, name = null;
        database.Tables.Player.OnInsert += (in PlayerRow row) => {
            try { client.Tick(); } catch (Ambit.AmbitException problem) { refused = problem.Message; }
            name = row.Name;
        };
        Join();
        StringAssert.Contains("handler", refused);
        StringAssert.StartsWith("cs-", name);
        client.Tick();
    }

    [Test]
    public void AHandlerCanDispose() {
        Ambit.Client other = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"));
        Database view = new Database(other);
        other.Subscribe("SELECT * FROM monster");
        int inserts = 0;
        float x = float.NaN;
        view.Tables.Monster.OnInsert += (in MonsterRow row) => {
            inserts++;
            other.Dispose();
            x = row.Position.X;
        };
        Stopwatch clock = Stopwatch.StartNew();
        while (inserts == 0) {
            Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax);
            other.Wait(1000);
            other.Tick();
        }
        Assert.AreEqual(1, inserts);
        Assert.IsFalse(float.IsNaN(x));
        Assert.Throws<ObjectDisposedException>(() => other.Tick());
    }

    [Test]
    public void ABudgetLosesNoEvents() {
        int inserts = 0, ticks = 0, most = 0, now = 0;
        database.Tables.Monster.OnInsert += (in MonsterRow row) => now++;
        client.Subscribe("SELECT * FROM monster");
        Stopwatch clock = Stopwatch.StartNew();
        while (inserts == 0 || inserts < database.Tables.Monster.Count) {
            Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax);
            client.Wait(1000);
            now = 0;
            client.Tick(0);
            inserts += now;
            most = Math.Max(most, now);
            ticks++;
        }
        Assert.AreEqual(database.Tables.Monster.Count, inserts);
        Assert.AreEqual(1, most);
        Assert.Greater(ticks, 1);
    }

    [Test]
    public void AFailedSubscriptionSaysWhy() {
        uint subscription = client.Subscribe("SELECT * FROM nothing");
        string message = "";
        Until(() => client.Subscription(subscription, out message) == Ambit.SubscriptionState.Failed);
        StringAssert.Contains("nothing", message);
    }

    [Test]
    public void ParametersChangeAndOnlyTheDifferenceComes() {
        Ambit.Parameters near = new Ambit.Parameters().Set("centre", new Ambit.Vec2(300, 300)).Set("radius", 100000);
        uint subscription = client.Subscribe("SELECT * FROM monster WHERE ST_DWithin(position, :centre, :radius)", near, float.PositiveInfinity);
        Until(() => database.Tables.Monster.Count > 0);
        int all = database.Tables.Monster.Count, inserts = 0, deletes = 0;
        database.Tables.Monster.OnInsert += (in MonsterRow row) => inserts++;
        database.Tables.Monster.OnDelete += (in MonsterRow row, Ambit.DeleteReason reason) => deletes++;
        string message = "";
        near.Clear();
        near.Set("centre", new Ambit.DVec2(300, 300)).Set("radius", 0.5);
        uint change = client.ChangeParameters(subscription, near);
        Until(() => client.Change(subscription, change, out message) == Ambit.SubscriptionState.Applied);
        Assert.Less(database.Tables.Monster.Count, all);
        Assert.GreaterOrEqual(deletes, all - database.Tables.Monster.Count);
        near.Clear();
        change = client.ChangeParameters(subscription, near);
        Until(() => client.Change(subscription, change, out message) == Ambit.SubscriptionState.Failed);
        StringAssert.Contains(":radius", message);
        Assert.AreEqual(Ambit.SubscriptionState.Applied, client.Subscription(subscription, out message));
        string refusal = Assert.Throws<Ambit.AmbitException>(() => client.ChangeParameters(subscription, near.Set("sender", true))).Message;
        StringAssert.Contains(":sender", refusal);
    }

    [Test]
    public void EveryKindOfParameterIsTaken() {
        Ambit.Parameters values = new Ambit.Parameters()
            .Set("id", 7).Set("unsigned", ulong.MaxValue).Set("bool", true).Set("float", 0.5f).Set("double", 0.5)
            .Set("text", "Ädä").Set("bytes", new byte[] { 0, 255 }).Set("identity", client.Identity)
            .Set("three", new Ambit.Vec3(1, 2, 3)).Set("time", new Ambit.Timestamp(5)).Set("negative", -1L);
        Assert.AreEqual(11, values.Count);
        uint subscription = client.Subscribe("SELECT * FROM player WHERE identity = :identity", values);
        string message;
        Until(() => client.Subscription(subscription, out message) == Ambit.SubscriptionState.Applied);
    }

    [Test]
    public void RowsAreDeliveredAsAsked() {
        Join();
        PlayerRow me;
        database.Tables.Player.Find(client.Identity, out me);
        Ambit.Vec2 start = me.Position, at = start;
        Ambit.CallResult last = default(Ambit.CallResult);
        client.OnResult += result => last = result;
        Action walk = () => {
            at.X += start.X > 300 ? -1 : 1;
            uint request = database.Reducers.MoveTo(at, 0);
            Until(() => last.Request == request);
            Assert.AreEqual(Ambit.CallStatus.Committed, last.Status);
        };
        using (Ambit.Client watcher = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"))) {
            Database seen = new Database(watcher);
            Func<bool> isThere = () => {
                PlayerRow row;
                return seen.Tables.Player.Find(client.Identity, out row) && row.Position.X == at.X && row.Position.Y == at.Y;
            };
            Func<float, Ambit.Query<PlayerRow>> near = aside => PlayerTable.Query()
                .Filter(PlayerColumns.Position.Near(new Ambit.Vec2(start.X + aside, start.Y), 1000))
                .Hysteresis(5).Tier(30, 20).Tier(2000, 0.01f, PlayerColumns.Position, PlayerColumns.Facing)
                .Budget(64000).Confirmed();
            // Monsters always move, so that there are updates whether the walker is told or not.
            watcher.Subscribe("SELECT * FROM monster");
            uint subscription = watcher.Subscribe(near(0));
            Until(watcher, isThere);
            walk();
            Until(watcher, isThere);
            string message;
            uint change = watcher.ChangeTo(subscription, near(200));
            Until(watcher, () => watcher.Change(subscription, change, out message) == Ambit.SubscriptionState.Applied);
            walk();
            Until(watcher, () => watcher.Offset >= last.Offset);
            Assert.IsFalse(isThere());
            watcher.ChangeTo(subscription, near(0));
            Until(watcher, isThere);
        }
    }

    [Test]
    public void WhatIsInForceIsTold() {
        Join();
        PlayerRow me;
        database.Tables.Player.Find(client.Identity, out me);
        uint subscription = client.Subscribe(PlayerTable.Query()
            .Around(PlayerColumns.Position, PlayerColumns.Position, 80, PlayerColumns.Identity.IsSender())
            .Filter(PlayerColumns.Identity.Equal(client.Identity)).Rate(20).Hysteresis(5).Tier(30, 0).Tier(80, 4).Budget(64000));
        Assert.IsNull(client.Inspection(subscription));
        client.Inspect(subscription);
        Until(() => client.Inspection(subscription) != null);
        Ambit.Inspection told = client.Inspection(subscription);
        Assert.AreEqual(1, told.Rows);
        Assert.AreEqual(0, told.Waiting);
        Assert.AreEqual(5, told.Hysteresis);
        Assert.AreEqual(64000, told.Budget);
        // The other subscription of the connection wants every commit.
        Assert.IsTrue(float.IsPositiveInfinity(told.Rate));
        Assert.AreEqual(1, told.Circles.Count);
        Assert.AreEqual(80, told.Circles[0].Radius);
        Assert.AreEqual(me.Position.X, told.Circles[0].Centre.X);
        Assert.AreEqual(me.Position.Y, told.Circles[0].Centre.Y);
        Assert.AreEqual(2, told.Tiers.Count);
        Assert.AreEqual(1, told.Tiers[0].Rows);
        Assert.AreEqual(80, told.Tiers[1].Distance);
        Assert.AreEqual(250, told.Tiers[1].IntervalMilliseconds);
        // An object that is used again.
        told.Rows = 77;
        Assert.IsTrue(client.Inspection(subscription, told));
        Assert.AreEqual(1, told.Rows);
        Assert.AreEqual(1, told.Circles.Count);
        client.Unsubscribe(subscription);
        Until(() => client.Inspection(subscription) == null);
        Assert.IsFalse(client.Inspection(subscription, told));
        Assert.AreEqual(1, told.Rows);
        StringAssert.Contains("no subscription 99", Assert.Throws<Ambit.AmbitException>(() => client.Inspect(99)).Message);
    }

    [Test]
    public void DeliveryThatIsNotPossibleIsRefused() {
        string message = "";
        Action<uint, string> failed = (subscription, why) => {
            Until(() => client.Subscription(subscription, out message) == Ambit.SubscriptionState.Failed);
            StringAssert.Contains(why, message);
        };
        Ambit.Delivery delivery = new Ambit.Delivery { Hysteresis = 5 };
        failed(client.Subscribe("SELECT * FROM player", delivery), "ST_DWithin");
        delivery.Tiers.Add(new Ambit.Tier(30, 20));
        delivery.Tiers.Add(new Ambit.Tier(80, 5, "position", "no_such"));
        Ambit.Parameters centre = new Ambit.Parameters().Set("centre", new Ambit.Vec2(1, 2));
        failed(client.Subscribe("SELECT * FROM player WHERE ST_DWithin(position, :centre, 80)", centre, delivery), "no_such");

        Action<Ambit.Query<PlayerRow>, string> refused = (query, why) =>
            StringAssert.Contains(why, Assert.Throws<Ambit.AmbitException>(() => client.Subscribe(query)).Message);
        refused(PlayerTable.Query().Rate(float.NaN), "rate");
        refused(PlayerTable.Query().Hysteresis(-1), "hysteresis");
        refused(PlayerTable.Query().Budget(999), "budget of 999");
        refused(PlayerTable.Query().Tier(30, 20).Tier(20, 5), "tier 2");
        refused(PlayerTable.Query().Tier(30, 0.001f), "rate");
        refused(PlayerTable.Query().Delivery(new Ambit.Delivery { Tiers = { new Ambit.Tier(30, 20, "") } }), "column");
        delivery.Tiers.Clear();
        for (int i = 0; i < 9; i++) delivery.Tiers.Add(new Ambit.Tier { Distance = i + 1, Columns = null });
        refused(PlayerTable.Query().Delivery(delivery), "9 tiers");
        Assert.AreEqual(0, PlayerTable.Query().Tier(30, 20).Delivery(new Ambit.Delivery()).WantedDelivery.Tiers.Count);
        Assert.IsTrue(PlayerTable.Query().Confirmed().WantedDelivery.Confirmed);
    }

    [Test]
    public void TypedQueriesPrintTheGuidesSql() {
        Ambit.Parameters parameters;
        string sql = MonsterTable.Query()
            .Around(MonsterColumns.Position, PlayerColumns.Position, 80, PlayerColumns.Identity.IsSender())
            .Filter(MonsterColumns.Kind.Equal(MonsterKind.Wolf) | MonsterColumns.Health.Between(1, 9) & !MonsterColumns.Target.IsNull())
            .Build(out parameters);
        Assert.AreEqual("SELECT a.* FROM \"monster\" a JOIN \"player\" b ON ST_DWithin(a.\"position\", b.\"position\", :p1) WHERE b.\"identity\" = :sender"
            + " AND (a.\"kind\" = :p2 OR (a.\"health\" BETWEEN :p3 AND :p4 AND NOT (a.\"target\" IS NULL)))", sql);
        Assert.AreEqual(4, parameters.Count);
        sql = PlayerTable.Query().Filter(PlayerColumns.Name.StartsWith("50%") & PlayerColumns.Name.IsIn("a", "b"))
            .Filter(PlayerColumns.Position.Inside(new Ambit.Vec2(0, 0), new Ambit.Vec2(9, 9))).Build(out parameters);
        Assert.AreEqual("SELECT * FROM \"player\" WHERE \"name\" LIKE :p1 AND \"name\" IN (:p2, :p3) AND \"position\" && ST_MakeBox2D(:p4, :p5)", sql);
        sql = PlayerTable.Query().Showing(PlayerColumns.Name).Showing(PlayerColumns.Level).Filter(PlayerColumns.Online.Equal(true)).Build(out parameters);
        Assert.AreEqual("SELECT \"name\", \"level\" FROM \"player\" WHERE \"online\" = :p1", sql);
        sql = MonsterTable.Query().Showing(MonsterColumns.Position)
            .Around(MonsterColumns.Position, PlayerColumns.Position, 80, PlayerColumns.Identity.IsSender()).Build(out parameters);
        Assert.AreEqual("SELECT a.\"position\" FROM \"monster\" a JOIN \"player\" b ON ST_DWithin(a.\"position\", b.\"position\", :p1) WHERE b.\"identity\" = :sender", sql);
    }

    [Test]
    public void TypedQueriesPrintOrdersAndLimits() {
        Ambit.Parameters parameters;
        string sql = MonsterTable.Query()
            .Around(MonsterColumns.Position, PlayerColumns.Position, 80, PlayerColumns.Identity.IsSender())
            .OrderBy(MonsterColumns.Position.NearestToCentre(PlayerColumns.Position)).OrderBy(MonsterColumns.Health.Descending()).Limit(50)
            .Build(out parameters);
        Assert.AreEqual("SELECT a.* FROM \"monster\" a JOIN \"player\" b ON ST_DWithin(a.\"position\", b.\"position\", :p1) WHERE b.\"identity\" = :sender"
            + " ORDER BY ST_Distance(a.\"position\", b.\"position\"), a.\"health\" DESC LIMIT :p2", sql);
        Assert.AreEqual(2, parameters.Count);
        sql = MonsterTable.Query().OrderBy(MonsterColumns.Target.Ascending().NullsFirst()).OrderBy(MonsterColumns.Health.Descending().NullsLast())
            .OrderBy(MonsterColumns.Position.NearestTo(new Ambit.Vec2(1, 2))).Limit(10).Build(out parameters);
        Assert.AreEqual("SELECT * FROM \"monster\" ORDER BY \"target\" NULLS FIRST, \"health\" DESC NULLS LAST, ST_Distance(\"position\", :p1) LIMIT :p2", sql);
    }

    [Test]
    public void TypedQueriesAreTakenAndChanged() {
        Join();
        string message = "";
        Func<double, Ambit.Query<MonsterRow>> near = radius => MonsterTable.Query()
            .Filter(MonsterColumns.Position.Near(new Ambit.Vec2(300, 300), radius)).Rate(float.PositiveInfinity);
        uint subscription = client.Subscribe(near(100000));
        Until(() => database.Tables.Monster.Count > 0);
        int all = database.Tables.Monster.Count;
        uint change = client.ChangeTo(subscription, near(0.5));
        Until(() => client.Change(subscription, change, out message) == Ambit.SubscriptionState.Applied);
        Assert.Less(database.Tables.Monster.Count, all);
        uint every = client.Subscribe(MonsterTable.Query()
            .Around(MonsterColumns.Position, PlayerColumns.Position, 80, PlayerColumns.Identity.IsSender())
            .Filter((MonsterColumns.Kind.Equal(MonsterKind.Wolf) | MonsterColumns.Health.AtLeast(1)) & MonsterColumns.Target.IsNull()
                & MonsterColumns.Position.Inside(new Ambit.Vec2(0, 0), new Ambit.Vec2(1000, 1000)) & MonsterColumns.Id.IsIn(1, 2, 3)));
        uint named = client.Subscribe(PlayerTable.Query().Filter(PlayerColumns.Name.StartsWith("50%_") & PlayerColumns.Online.Equal(true)));
        Until(() => client.Subscription(every, out message) != Ambit.SubscriptionState.Pending);
        Assert.AreEqual("", message);
        Until(() => client.Subscription(named, out message) != Ambit.SubscriptionState.Pending);
        Assert.AreEqual("", message);
        uint first = client.Subscribe(MonsterTable.Query().OrderBy(MonsterColumns.Health.Descending().NullsLast()).Limit(3));
        uint nearest = client.Subscribe(MonsterTable.Query()
            .Around(MonsterColumns.Position, PlayerColumns.Position, 80, PlayerColumns.Identity.IsSender())
            .OrderBy(MonsterColumns.Position.NearestToCentre(PlayerColumns.Position)).Limit(2));
        Until(() => client.Subscription(first, out message) != Ambit.SubscriptionState.Pending);
        Assert.AreEqual("", message);
        Until(() => client.Subscription(nearest, out message) != Ambit.SubscriptionState.Pending);
        Assert.AreEqual("", message);
    }

    [Test]
    public void ASteadyFrameAllocatesNothing() {
        client.Subscribe("SELECT * FROM monster");
        Until(() => database.Tables.Monster.Count > 0);
        Assert.AreEqual(0, Frames.AllocatedBytes(client, database, 50));
    }
}
