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
    private void Until(Func<bool> ready) {
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
            if (client.State != Ambit.ConnectionState.Connected) return false;
            if (request == 0) {
                try { request = database.Reducers.Join(name); } catch (Ambit.AmbitException) { return false; }
            }
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
    public void ACodeOfAnotherSchemaIsRefused() {
        client.AddReducer("join", 1);
        Ambit.Client other = new Ambit.Client(Server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"));
        other.AddReducer("join", 1);
        Ambit.AmbitException problem = null;
        Stopwatch clock = Stopwatch.StartNew();
        while (problem == null && clock.Elapsed.TotalSeconds < SecondsMax) {
            try { other.Tick(); } catch (Ambit.AmbitException refused) { problem = refused; }
            if (problem == null) other.Wait(1000);
        }
        other.Dispose();
        StringAssert.Contains("ambit generate", problem.Message);
    }

    [Test]
    public void AFailedSubscriptionSaysWhy() {
        uint subscription = client.Subscribe("SELECT * FROM nothing");
        string message = "";
        Until(() => client.Subscription(subscription, out message) == Ambit.SubscriptionState.Failed);
        StringAssert.Contains("nothing", message);
    }

    [Test]
    public void ASteadyFrameAllocatesNothing() {
        client.Subscribe("SELECT * FROM monster");
        Until(() => database.Tables.Monster.Count > 0);
        Assert.AreEqual(0, Frames.AllocatedBytes(client, database, 50));
    }
}
