// What keeps an object per row: events with a row's number, rows by it, values between updates; and calls and subscriptions as objects.

using System;
using System.Collections.Generic;
using System.Diagnostics;
using Mmo;
using NUnit.Framework;

[TestFixture]
public sealed class RowNumberTests {
    private const double SecondsMax = 10;
    private Ambit.Client client;
    private Database database;

    [SetUp]
    public void Connect() {
        client = new Ambit.Client(Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER"), Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"));
        database = new Database(client);
    }

    [TearDown]
    public void Free() { client.Dispose(); }

    private void Until(Func<bool> holds) {
        Stopwatch clock = Stopwatch.StartNew();
        for (client.Tick(); !holds(); client.Tick()) {
            Assert.Less(clock.Elapsed.TotalSeconds, SecondsMax, "state " + client.State + " " + client.Reason);
            client.Wait(1000);
        }
    }

    [Test]
    public void AChangeNamesItsRow() {
        Dictionary<uint, uint> monsters = new Dictionary<uint, uint>();
        int updates = 0, deletes = 0;
        string noOld = null, noNew = null;
        database.Tables.Monster.OnChange += (in Ambit.RowEvent<MonsterRow> change) => {
            switch (change.Kind) {
                case Ambit.RowEventKind.Insert:
                    monsters.Add(change.Slot, change.New.Id);
                    Ambit.RowEvent<MonsterRow> insert = change;
                    noOld = Assert.Throws<InvalidOperationException>(() => { MonsterRow none = insert.Old; }).Message;
                    break;
                case Ambit.RowEventKind.Update:
                    Assert.AreEqual(monsters[change.Slot], change.Old.Id);
                    Assert.AreEqual(monsters[change.Slot], change.New.Id);
                    updates++;
                    break;
                case Ambit.RowEventKind.Delete:
                    Assert.AreEqual(monsters[change.Slot], change.Old.Id);
                    Assert.AreEqual(Ambit.DeleteReason.Unsubscribed, change.Reason);
                    Ambit.RowEvent<MonsterRow> delete = change;
                    noNew = Assert.Throws<InvalidOperationException>(() => { MonsterRow none = delete.New; }).Message;
                    deletes++;
                    break;
            }
        };
        List<uint> slots = new List<uint> { 7 };
        database.Tables.Monster.Slots(slots);
        Assert.AreEqual(0, slots.Count, "before the connection stands");
        Ambit.Subscription<MonsterRow> watched = client.Watch(MonsterTable.Query().Filter(MonsterColumns.Id.AtMost(20)));
        Until(() => updates > 0);
        Assert.AreEqual(Ambit.SubscriptionState.Applied, watched.State);
        Assert.AreEqual("", watched.Message);
        database.Tables.Monster.Slots(slots);
        Assert.AreEqual(monsters.Count, slots.Count);
        MonsterRow row;
        foreach (uint slot in slots) {
            Assert.IsTrue(database.Tables.Monster.TryRow(slot, out row));
            Assert.AreEqual(monsters[slot], row.Id);
        }
        Assert.IsFalse(database.Tables.Monster.TryRow(1000000, out row));
        watched.Dispose();
        watched.Dispose();
        Until(() => deletes == monsters.Count);
        Assert.AreEqual(Ambit.SubscriptionState.Ended, watched.State);
        StringAssert.Contains("insert", noOld);
        StringAssert.Contains("delete", noNew);
    }

    [Test]
    public void ValuesBetweenUpdatesAreSampled() {
        database.Tables.Monster.Interpolate(MonsterColumns.Position);
        client.Watch(MonsterTable.Query());
        Ambit.Timestamp shown = default(Ambit.Timestamp), server;
        Until(() => database.Tables.Monster.Count > 0 && client.RenderTime(out shown));
        Assert.IsTrue(client.ServerTime(out server));
        Assert.Greater(server.Microseconds, shown.Microseconds);
        Assert.Greater(client.Statistics.RenderDelayMicroseconds, 0);
        List<uint> slots = new List<uint>();
        database.Tables.Monster.Slots(slots);
        foreach (uint slot in slots) {
            MonsterRow row;
            Ambit.SampledValue value;
            Assert.IsTrue(database.Tables.Monster.TryRow(slot, out row));
            Assert.IsTrue(database.Tables.Monster.Sample(slot, MonsterColumns.Position, shown, out value));
            // The fastest monster is at most a few metres from where it was a render delay ago.
            Assert.AreEqual(row.Position.X, value.X, 5);
            Assert.AreEqual(row.Position.Y, value.Y, 5);
            Assert.AreEqual(0, value.Z);
        }
        Ambit.SampledValue none;
        Assert.IsFalse(database.Tables.Monster.Sample(1000000, MonsterColumns.Position, shown, out none));
        StringAssert.Contains("interpol", Assert.Throws<Ambit.AmbitException>(() => database.Tables.Monster.Sample(slots[0], MonsterColumns.Facing, shown, out none)).Message);
        Assert.Throws<Ambit.AmbitException>(() => database.Tables.Monster.Interpolate(MonsterColumns.Kind));
        client.Tick();
    }

    [Test]
    public void ACallIsAwaited() {
        Ambit.CallResult said = default(Ambit.CallResult);
        int continued = 0;
        Until(() => client.Ready);
        Ambit.PendingCall call = client.Result(database.Reducers.Say(""));
        Assert.AreSame(call, client.Result(call.Request));
        Assert.Throws<InvalidOperationException>(() => call.GetResult());
        call.OnCompleted(() => {
            continued++;
            said = call.GetResult();
        });
        Until(() => call.IsCompleted);
        Assert.AreEqual(1, continued);
        Assert.AreEqual(call.Request, said.Request);
        Assert.AreEqual(Ambit.CallStatus.ReducerError, said.Status);
        call.OnCompleted(() => continued++);
        Assert.AreEqual(2, continued, "who comes late goes on at once");
        Ambit.PendingCall lost = client.Result(database.Reducers.Say(""));
        client.Dispose();
        Assert.IsTrue(lost.IsCompleted);
        StringAssert.Contains("may have been committed", Assert.Throws<Ambit.AmbitException>(() => lost.GetResult()).Message);
    }

    [Test]
    public void TheLibraryFits() { Assert.IsNull(Ambit.Library.Fault()); }
}
