// The values of the names in a query. The core checks names and values when they are used.

using System;
using System.Text;

namespace Ambit {
    /// <summary>The kinds of the C ABI's AmbitParameterKind.</summary>
    internal enum ParameterKind { Bool = 0, Integer = 1, Float = 2, Text = 3, Bytes = 4, Point2 = 5, Point3 = 6 }

    /// <summary>Values by name, for `:name` in a query: `new Parameters().Set("zone", 3).Set("centre", position)`. One
    /// object can be filled and used again and again.</summary>
    public sealed unsafe class Parameters {
        private struct Place { public int NameAt, NameLength, BytesAt, BytesLength; }

        private AmbitParameter[] list = new AmbitParameter[4];
        private Place[] places = new Place[4];
        private byte[] data = new byte[64];
        private int count, length;

        /// <summary>How many there are.</summary>
        public int Count { get { return count; } }

        /// <summary>Forgets all of them.</summary>
        public void Clear() { count = length = 0; }

        public Parameters Set(string name, bool value) {
            list[Append(name, ParameterKind.Bool)].low = value ? 1UL : 0UL;
            return this;
        }

        public Parameters Set(string name, long value) { return Integer(name, (ulong)value, value < 0 ? -1 : 0); }

        public Parameters Set(string name, ulong value) { return Integer(name, value, 0); }

        public Parameters Set(string name, I128 value) { return Integer(name, value.Low, value.High); }

        public Parameters Set(string name, EntityId value) { return Integer(name, value.Value, 0); }

        public Parameters Set(string name, Timestamp value) { return Set(name, value.Microseconds); }

        public Parameters Set(string name, Duration value) { return Set(name, value.Microseconds); }

        public Parameters Set(string name, double value) { return Point(name, ParameterKind.Float, value, 0, 0); }

        public Parameters Set(string name, float value) { return Point(name, ParameterKind.Float, value, 0, 0); }

        public Parameters Set(string name, string value) { return Bytes(name, ParameterKind.Text, Encoding.UTF8.GetBytes(value)); }

        public Parameters Set(string name, byte[] value) { return Bytes(name, ParameterKind.Bytes, value); }

        public Parameters Set(string name, Identity value) { return Bytes(name, ParameterKind.Bytes, Copy((byte*)&value, sizeof(Identity))); }

        public Parameters Set(string name, ConnectionId value) { return Bytes(name, ParameterKind.Bytes, Copy((byte*)&value, sizeof(ConnectionId))); }

        public Parameters Set(string name, Uuid value) { return Bytes(name, ParameterKind.Bytes, Copy((byte*)&value, sizeof(Uuid))); }

        public Parameters Set(string name, Vec2 value) { return Point(name, ParameterKind.Point2, value.X, value.Y, 0); }

        public Parameters Set(string name, DVec2 value) { return Point(name, ParameterKind.Point2, value.X, value.Y, 0); }

        public Parameters Set(string name, Vec3 value) { return Point(name, ParameterKind.Point3, value.X, value.Y, value.Z); }

        public Parameters Set(string name, DVec3 value) { return Point(name, ParameterKind.Point3, value.X, value.Y, value.Z); }

        internal byte[] Data { get { return data; } }

        internal UIntPtr NativeCount { get { return new UIntPtr((uint)count); } }

        /// <summary>The list for the core, while `data` lies still.</summary>
        internal AmbitParameter[] Resolve(byte* at) {
            for (int i = 0; i < count; i++) {
                list[i].name = Client.TextOf(at + places[i].NameAt, places[i].NameLength);
                list[i].bytes = Client.TextOf(at + places[i].BytesAt, places[i].BytesLength);
            }
            return list;
        }

        private Parameters Integer(string name, ulong low, long high) {
            int at = Append(name, ParameterKind.Integer);
            list[at].low = low;
            list[at].high = high;
            return this;
        }

        private Parameters Point(string name, ParameterKind kind, double x, double y, double z) {
            int at = Append(name, kind);
            list[at].x = x;
            list[at].y = y;
            list[at].z = z;
            return this;
        }

        private Parameters Bytes(string name, ParameterKind kind, byte[] value) {
            int at = Append(name, kind);
            places[at].BytesAt = Append(value);
            places[at].BytesLength = value.Length;
            return this;
        }

        /// <summary>A parameter at the end. Of those with one name the core takes the last.</summary>
        private int Append(string name, ParameterKind kind) {
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            if (count == list.Length) {
                Array.Resize(ref list, 2 * count);
                Array.Resize(ref places, 2 * count);
            }
            places[count] = new Place { NameAt = Append(bytes), NameLength = bytes.Length };
            list[count] = new AmbitParameter { kind = (int)kind };
            return count++;
        }

        private int Append(byte[] bytes) {
            int at = length;
            length += bytes.Length;
            if (length > data.Length) Array.Resize(ref data, 2 * length);
            Buffer.BlockCopy(bytes, 0, data, at, bytes.Length);
            return at;
        }

        private static byte[] Copy(byte* from, int size) {
            byte[] bytes = new byte[size];
            for (int i = 0; i < size; i++) bytes[i] = from[i];
            return bytes;
        }
    }
}
