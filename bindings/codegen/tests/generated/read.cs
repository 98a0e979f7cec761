// Reads rows that Rust wrote, says what is in them, writes them again and compares every byte.

using System;
using System.IO;
using System.Text;
using Game;

public static unsafe class Read {
    private static string folder;

    private static byte[] Row(string table) { return File.ReadAllBytes(Path.Combine(folder, table + ".row")); }

    private static string Same(byte[] bytes, Ambit.RowWriter writer) {
        if (bytes.Length != writer.Length) return "length " + writer.Length + " instead of " + bytes.Length;
        for (int i = 0; i < bytes.Length; i++) if (bytes[i] != writer.Buffer[i]) return "byte " + i;
        return "ok";
    }

    /// <summary>A tier names columns of every type, those too that nothing can be compared with.</summary>
    private static string NamesOfATier() {
        Ambit.Query<PlainRow> query = PlainTable.Query().Tier(80, 5, PlainColumns.Flag, PlainColumns.Mood, PlainColumns.D3,
            PlainColumns.Owner, PlainColumns.Turn, PlainColumns.MaybeStats);
        return string.Join(" ", query.WantedDelivery.Tiers[0].Columns);
    }

    public static void Main(string[] arguments) {
        Console.OutputEncoding = new UTF8Encoding(false);
        folder = arguments[0];
        StringBuilder text = new StringBuilder();
        Ambit.RowWriter writer = new Ambit.RowWriter();
        byte[] bytes = Row("plain");
        fixed (byte* row = bytes) {
            PlainRow* plain = (PlainRow*)row;
            text.Append("plain " + plain->Id + " " + plain->AI8 + " " + plain->AU32 + " " + plain->AF32 + " " + plain->D3.Y
                + " " + plain->I3.X + " " + plain->Entity.Value + " " + plain->Mood + " " + plain->Stats.Level + " "
                + plain->MaybeU64 + " " + plain->MaybeMaybe.Value + " " + plain->Class);
            bool whole = sizeof(PlainRow) == bytes.Length && plain->Flag && plain->NoU64 == null && plain->MaybeStats.Value.Power == 5
                && plain->MaybeFlag == true && plain->AU128.High == 1UL << 36 && plain->Owner.ToString().StartsWith("abab")
                && NamesOfATier() == "flag mood d3 owner turn maybe_stats";
            text.Append(whole ? " ok\n" : " wrong\n");
        }
        bytes = Row("heap_row");
        fixed (byte* row = bytes) {
            HeapRowRow heap = new HeapRowRow(row);
            Game.Action.Move move = (Game.Action.Move)heap.Action;
            text.Append("heap " + heap.Name + " " + heap.Blob.Length + " " + heap.Points[0].X + " " + heap.Points[0].Y + " "
                + heap.Item.Name + " " + heap.Items[0].Name);
            bool whole = heap.Empty == "" && heap.NoText == null && heap.MaybeText == "yes" && heap.Words.Length == 3 && heap.Grid[0][0] == 1
                && heap.Maybes[0] == 5 && heap.Maybes[1] == null && move.Run && move.To.Z == -1
                && ((Game.Action.Say)heap.MaybeAction)._0 == "hey";
            text.Append(whole ? " ok\n" : " wrong\n");
        }
        bytes = Row("nested_fixed");
        fixed (byte* row = bytes) {
            NestedFixedRow* nested = (NestedFixedRow*)row;
            EverythingFixed value = nested->Event;
            value.MaybeU64 = 99;
            writer.Begin(bytes.Length);
            writer.Put(0, nested->Id);
            RowCodec.WriteEverythingFixed(writer, 8, value);
            text.Append("nested_fixed " + Same(bytes, writer) + "\n");
        }
        bytes = Row("nested");
        fixed (byte* row = bytes) {
            NestedRow nested = new NestedRow(row);
            writer.Begin((8 + EverythingBytes(bytes) + 7) / 8 * 8);
            writer.Put(0, nested.Id);
            RowCodec.WriteEverything(writer, 8, nested.Event);
            text.Append("nested " + Same(bytes, writer) + "\n");
        }
        bytes = Row("veiled");
        fixed (byte* row = bytes) {
            VeiledRow* veiled = (VeiledRow*)row;
            text.Append("veiled " + veiled->Id + " " + veiled->Level + " " + veiled->Private2
                + (sizeof(VeiledRow) == bytes.Length && veiled->Flag ? " ok\n" : " wrong\n"));
        }
        Console.Write(text.ToString());
    }

    // The first heap block, that of the first column, begins where the fixed part ends.
    private static int EverythingBytes(byte[] bytes) { return BitConverter.ToInt32(bytes, 8) - 8; }
}
