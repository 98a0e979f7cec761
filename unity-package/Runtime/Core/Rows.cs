// Bytes of rows: reading text and lists out of them, and writing rows of arguments and keys in the canonical
// layout. Rows that are read were checked by the core; nothing is checked twice.

using System;
using System.Text;

namespace Ambit {
    /// <summary>Reads the heap of a row.</summary>
    public static unsafe class RowReader {
        private const int CachedTextBytesMax = 64;
        private const int CachedTexts = 1024;
        // Names repeat from row to row and frame to frame: short texts decode once.
        [ThreadStatic] private static string[] texts;
        [ThreadStatic] private static byte[][] textBytes;

        public static int HeapOffset(byte* row, int at) { return (int)*(uint*)(row + at); }

        public static int HeapLength(byte* row, int at) { return (int)*(uint*)(row + at + 4); }

        public static string Text(byte* row, int at) { return Decode(row + HeapOffset(row, at), HeapLength(row, at)); }

        public static byte[] Bytes(byte* row, int at) {
            byte[] bytes = new byte[HeapLength(row, at)];
            byte* from = row + HeapOffset(row, at);
            for (int i = 0; i < bytes.Length; i++) bytes[i] = from[i];
            return bytes;
        }

        public static string Decode(byte* bytes, int length) {
            if (length == 0) return "";
            if (length > CachedTextBytesMax) return Encoding.UTF8.GetString(bytes, length);
            if (texts == null) {
                texts = new string[CachedTexts];
                textBytes = new byte[CachedTexts][];
            }
            uint hash = 2166136261;
            for (int i = 0; i < length; i++) hash = (hash ^ bytes[i]) * 16777619;
            uint place = hash % CachedTexts;
            byte[] known = textBytes[place];
            if (known != null && known.Length == length) {
                fixed (byte* start = known) if (Same(start, bytes, length)) return texts[place];
            }
            byte[] copy = new byte[length];
            for (int i = 0; i < length; i++) copy[i] = bytes[i];
            textBytes[place] = copy;
            texts[place] = Encoding.UTF8.GetString(bytes, length);
            return texts[place];
        }

        internal static bool Same(byte* a, byte* b, int length) {
            for (int i = 0; i < length; i++) if (a[i] != b[i]) return false;
            return true;
        }

        internal static string Hex(byte* bytes, int length) {
            StringBuilder text = new StringBuilder(length * 2);
            for (int i = 0; i < length; i++) text.Append(bytes[i].ToString("x2"));
            return text.ToString();
        }
    }

    /// <summary>Writes one row into a buffer that is used again and again.</summary>
    public sealed unsafe class RowWriter {
        private byte[] buffer = new byte[256];
        private int length;

        public byte[] Buffer { get { return buffer; } }

        public int Length { get { return length; } }

        /// <summary>Starts a row with a zeroed fixed part.</summary>
        public void Begin(int fixedBytes) {
            length = 0;
            Reserve(fixedBytes, 1);
        }

        /// <summary>Reserves a zeroed list in the heap, refers to it at `at`, returns its place.</summary>
        public int List(int at, int count, int stride, int align) {
            if (count == 0) return 0;
            int block = Reserve(checked(count * stride), align);
            Refer(at, block, count);
            return block;
        }

        /// <summary>Reserves a zeroed block in the heap, refers to it at `at`, returns its place.</summary>
        public int Block(int at, int size, int align) {
            int block = Reserve(size, align);
            Refer(at, block, size);
            return block;
        }

        private int Reserve(int size, int align) {
            int block = (length + align - 1) / align * align;
            int end = checked(block + size);
            if (end > buffer.Length) Array.Resize(ref buffer, Math.Max(end, buffer.Length * 2));
            Array.Clear(buffer, length, end - length);
            length = end;
            return block;
        }

        private void Refer(int at, int offset, int count) {
            Put(at, (uint)offset);
            Put(at + 4, (uint)count);
        }

        private byte[] At(int at, int size) {
            if (at < 0 || at + size > length) throw new ArgumentOutOfRangeException("at");
            return buffer;
        }

        public void Put(int at, bool value) { At(at, 1)[at] = value ? (byte)1 : (byte)0; }
        public void Put(int at, byte value) { At(at, 1)[at] = value; }
        public void Put(int at, sbyte value) { At(at, 1)[at] = (byte)value; }
        public void Put(int at, short value) { fixed (byte* p = At(at, 2)) *(short*)(p + at) = value; }
        public void Put(int at, ushort value) { fixed (byte* p = At(at, 2)) *(ushort*)(p + at) = value; }
        public void Put(int at, int value) { fixed (byte* p = At(at, 4)) *(int*)(p + at) = value; }
        public void Put(int at, uint value) { fixed (byte* p = At(at, 4)) *(uint*)(p + at) = value; }
        public void Put(int at, long value) { fixed (byte* p = At(at, 8)) *(long*)(p + at) = value; }
        public void Put(int at, ulong value) { fixed (byte* p = At(at, 8)) *(ulong*)(p + at) = value; }
        public void Put(int at, float value) { fixed (byte* p = At(at, 4)) *(float*)(p + at) = value; }
        public void Put(int at, double value) { fixed (byte* p = At(at, 8)) *(double*)(p + at) = value; }
        public void Put(int at, Vec2 value) { fixed (byte* p = At(at, 8)) *(Vec2*)(p + at) = value; }
        public void Put(int at, Vec3 value) { fixed (byte* p = At(at, 12)) *(Vec3*)(p + at) = value; }
        public void Put(int at, Vec4 value) { fixed (byte* p = At(at, 16)) *(Vec4*)(p + at) = value; }
        public void Put(int at, Quat value) { fixed (byte* p = At(at, 16)) *(Quat*)(p + at) = value; }
        public void Put(int at, DVec2 value) { fixed (byte* p = At(at, 16)) *(DVec2*)(p + at) = value; }
        public void Put(int at, DVec3 value) { fixed (byte* p = At(at, 24)) *(DVec3*)(p + at) = value; }
        public void Put(int at, IVec2 value) { fixed (byte* p = At(at, 8)) *(IVec2*)(p + at) = value; }
        public void Put(int at, IVec3 value) { fixed (byte* p = At(at, 12)) *(IVec3*)(p + at) = value; }
        public void Put(int at, I128 value) { fixed (byte* p = At(at, 16)) *(I128*)(p + at) = value; }
        public void Put(int at, U128 value) { fixed (byte* p = At(at, 16)) *(U128*)(p + at) = value; }
        public void Put(int at, EntityId value) { Put(at, value.Value); }
        public void Put(int at, Timestamp value) { Put(at, value.Microseconds); }
        public void Put(int at, Duration value) { Put(at, value.Microseconds); }
        public void Put(int at, Identity value) { fixed (byte* p = At(at, 32)) *(Identity*)(p + at) = value; }
        public void Put(int at, ConnectionId value) { fixed (byte* p = At(at, 16)) *(ConnectionId*)(p + at) = value; }
        public void Put(int at, Uuid value) { fixed (byte* p = At(at, 16)) *(Uuid*)(p + at) = value; }

        public void Put(int at, string value) {
            if (string.IsNullOrEmpty(value)) return;
            int bytes = Encoding.UTF8.GetByteCount(value);
            int block = List(at, bytes, 1, 1);
            Encoding.UTF8.GetBytes(value, 0, value.Length, buffer, block);
        }

        public void Put(int at, byte[] value) {
            if (value == null || value.Length == 0) return;
            int block = List(at, value.Length, 1, 1);
            System.Buffer.BlockCopy(value, 0, buffer, block, value.Length);
        }
    }
}
