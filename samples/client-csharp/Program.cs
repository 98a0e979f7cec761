// A player in a terminal: joins, walks to the middle of the map and around it, says who enters and leaves their sight and what people say.
// Usage: client-csharp.exe SERVER DATABASE [--seconds N]

using System;
using System.Diagnostics;
using System.Globalization;
using Mmo;

public sealed class Program {
    private const float StepMetres = 1;
    private const float MapMiddle = 320;
    private const uint StepMilliseconds = 50;
    private const uint StepsBetweenWords = 100;

    private readonly Ambit.Client client;
    private readonly Database database;
    private bool joined;
    private uint steps, seen, refused, chat;
    private ushort zone;

    private Program(string server, string name) {
        client = new Ambit.Client(server, name);
        database = new Database(client);
        database.Tables.Player.OnInsert += (in PlayerRow row) => {
            if (!row.Identity.Equals(client.Identity)) seen++;
            Console.WriteLine("+ " + row.Name + " is in sight");
        };
        database.Tables.Player.OnDelete += (in PlayerRow row, Ambit.DeleteReason reason) =>
            Console.WriteLine("- " + row.Name + (reason == Ambit.DeleteReason.OutOfRange ? " is out of sight" : " is gone"));
        database.Tables.ChatMessage.OnInsert += (in ChatMessageRow row) => Console.WriteLine(row.Speaker + ": " + row.Text);
        client.OnResult += result => {
            if (result.Status == Ambit.CallStatus.Committed) return;
            refused++;
            Console.WriteLine("! " + result.Message);
        };
        client.Subscribe("SELECT * FROM player WHERE identity = :sender");
        client.Subscribe("SELECT o.* FROM player o JOIN player me ON ST_DWithin(o.position, me.position, 160) WHERE me.identity = :sender");
    }

    /// <summary>One frame of the game.</summary>
    private void Play(Ambit.Identity me) {
        if (!joined) {
            database.Reducers.Join("csharp-" + me.ToString().Substring(0, 6));
            joined = true;
            return;
        }
        PlayerRow row;
        if (!database.Tables.Player.Find(me, out row)) return;
        if (chat == 0 || row.Zone != zone) Hear(row.Zone);
        if (row.Health == 0) {
            database.Reducers.Respawn();
            return;
        }
        Ambit.Vec2 to = row.Position;
        float x = MapMiddle - to.X, y = MapMiddle - to.Y;
        float facing = x * x + y * y > 1600 ? (float)Math.Atan2(y, x) : steps * 0.05f;
        to.X += StepMetres * (float)Math.Cos(facing);
        to.Y += StepMetres * (float)Math.Sin(facing);
        database.Reducers.MoveTo(to, facing);
        if (steps++ % StepsBetweenWords == 0) database.Reducers.Say("hello from C#");
    }

    /// <summary>Listens to the zone that the player is in.</summary>
    private void Hear(ushort now) {
        if (chat != 0) client.Unsubscribe(chat);
        chat = client.Subscribe("SELECT * FROM chat_message WHERE zone = " + now);
        zone = now;
    }

    private int Run(double seconds) {
        Stopwatch clock = Stopwatch.StartNew();
        double nextStep = 0;
        while (clock.Elapsed.TotalSeconds < seconds) {
            client.Wait(StepMilliseconds);
            client.Tick(5);
            if (client.State == Ambit.ConnectionState.Disconnected) {
                Console.Error.WriteLine(client.Reason);
                return 1;
            }
            if (!client.Ready || clock.Elapsed.TotalSeconds < nextStep) continue;
            nextStep = clock.Elapsed.TotalSeconds + StepMilliseconds / 1000.0;
            Play(client.Identity);
        }
        Console.WriteLine("walked " + steps + " steps, saw " + seen + " others, " + refused + " calls refused");
        return steps > 0 && seen > 0 ? 0 : 1;
    }

    public static int Main(string[] arguments) {
        if (arguments.Length < 2) {
            Console.Error.WriteLine("usage: client-csharp SERVER DATABASE [--seconds N]");
            return 2;
        }
        double seconds = arguments.Length == 4 && arguments[2] == "--seconds" ? double.Parse(arguments[3], CultureInfo.InvariantCulture) : double.PositiveInfinity;
        Program program = new Program(arguments[0], arguments[1]);
        try {
            return program.Run(seconds);
        } catch (Ambit.AmbitException problem) {
            Console.Error.WriteLine(problem.Message);
            return 1;
        } finally {
            program.client.Dispose();
        }
    }
}
