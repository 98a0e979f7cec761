// A game's frames: what they allocate and what reading a row costs.

using System;
using System.Diagnostics;
using Mmo;

public static class Frames {
    private static float sum;

    private static void Moved(in MonsterRow before, in MonsterRow after) { sum += after.Position.X - before.Position.X; }

    /// <summary>One frame: wait for news, tick, hear events, read every monster and those near the first.</summary>
    private static void Frame(Ambit.Client client, Database database) {
        client.Wait(100);
        client.Tick(5);
        Ambit.Vec2 centre = default(Ambit.Vec2);
        foreach (MonsterRow row in database.Tables.Monster.Rows) {
            sum += row.Position.X;
            centre = row.Position;
        }
        foreach (MonsterRow row in database.Tables.Monster.Near(centre, 50)) sum += row.Position.Y;
    }

    /// <summary>Managed bytes that a number of frames allocate, after the same number that warms up.</summary>
    public static long AllocatedBytes(Ambit.Client client, Database database, int frames) {
        database.Tables.Monster.OnUpdate += Moved;
        for (int i = 0; i < frames; i++) Frame(client, database);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < frames; i++) Frame(client, database);
        long after = GC.GetAllocatedBytesForCurrentThread();
        database.Tables.Monster.OnUpdate -= Moved;
        return after - before;
    }

    /// <summary>Nanoseconds to step to the next row and read its position, in place.</summary>
    public static double ReadRowNanoseconds(Database database) {
        long read = 0;
        Stopwatch clock = Stopwatch.StartNew();
        while (clock.ElapsedMilliseconds < 500) {
            MonsterRows rows = database.Tables.Monster.Rows;
            for (int round = 0; round < 1000; round++) {
                for (int i = 0; i < rows.Count; i++) sum += rows[i].Position.X;
            }
            read += 1000L * rows.Count;
            rows.Dispose();
        }
        return clock.Elapsed.TotalMilliseconds * 1e6 / read;
    }
}
