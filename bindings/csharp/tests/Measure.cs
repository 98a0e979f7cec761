// Prints the figures of the C# layer: figure NAME VALUE UNIT.

using System;
using System.Globalization;
using Mmo;

public static class Measure {
    private const int Frames = 100;

    public static int Main() {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        string server = Environment.GetEnvironmentVariable("AMBIT_TEST_SERVER");
        using (Ambit.Client client = new Ambit.Client(server, Environment.GetEnvironmentVariable("AMBIT_TEST_DATABASE"))) {
            Database database = new Database(client);
            client.Subscribe("SELECT * FROM monster");
            while (database.Tables.Monster.Count == 0) {
                if (!client.Wait(10000)) return 1;
                client.Tick();
            }
            Console.WriteLine("reading " + database.Tables.Monster.Count + " rows");
            Console.WriteLine("figure csharp_read_row_ns " + global::Frames.ReadRowNanoseconds(database).ToString("F2") + " ns");
            double bytes = global::Frames.AllocatedBytes(client, database, Frames);
            Console.WriteLine("figure csharp_bytes_allocated_per_tick " + (bytes / Frames).ToString("F3") + " bytes");
        }
        return 0;
    }
}
