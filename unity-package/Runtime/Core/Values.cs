// Column types that C# does not have: plain structs with the bytes of a row.

using System;
using System.Runtime.InteropServices;

namespace Ambit {
    [StructLayout(LayoutKind.Sequential)]
    public struct Vec2 {
        public float X, Y;
        public Vec2(float x, float y) { X = x; Y = y; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Vec3 {
        public float X, Y, Z;
        public Vec3(float x, float y, float z) { X = x; Y = y; Z = z; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct Vec4 {
        public float X, Y, Z, W;
        public Vec4(float x, float y, float z, float w) { X = x; Y = y; Z = z; W = w; }
    }

    /// <summary>A rotation.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Quat {
        public float X, Y, Z, W;
        public Quat(float x, float y, float z, float w) { X = x; Y = y; Z = z; W = w; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct DVec2 {
        public double X, Y;
        public DVec2(double x, double y) { X = x; Y = y; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct DVec3 {
        public double X, Y, Z;
        public DVec3(double x, double y, double z) { X = x; Y = y; Z = z; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct IVec2 {
        public int X, Y;
        public IVec2(int x, int y) { X = x; Y = y; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct IVec3 {
        public int X, Y, Z;
        public IVec3(int x, int y, int z) { X = x; Y = y; Z = z; }
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct I128 {
        public ulong Low;
        public long High;
    }

    [StructLayout(LayoutKind.Sequential)]
    public struct U128 {
        public ulong Low;
        public ulong High;
    }

    /// <summary>An entity of the game world.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct EntityId {
        public ulong Value;
        public EntityId(ulong value) { Value = value; }
    }

    /// <summary>A moment: microseconds since 1970-01-01 UTC.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Timestamp {
        public long Microseconds;
        public Timestamp(long microseconds) { Microseconds = microseconds; }
        public DateTime ToDateTime() {
            return new DateTime(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddTicks(Microseconds * 10);
        }
    }

    /// <summary>A span of time in microseconds.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Duration {
        public long Microseconds;
        public Duration(long microseconds) { Microseconds = microseconds; }
        public TimeSpan ToTimeSpan() { return new TimeSpan(Microseconds * 10); }
    }

    /// <summary>Who is calling: a player or a service, the same across connections.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1, Size = 32)]
    public unsafe struct Identity : IEquatable<Identity> {
        public fixed byte Data[32];
        public bool Equals(Identity other) {
            fixed (byte* mine = Data) return RowReader.Same(mine, other.Data, 32);
        }
        public override bool Equals(object other) { return other is Identity && Equals((Identity)other); }
        public override int GetHashCode() { fixed (byte* data = Data) return *(int*)data; }
        public override string ToString() { fixed (byte* data = Data) return RowReader.Hex(data, 32); }
    }

    /// <summary>One connection of a client.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
    public unsafe struct ConnectionId : IEquatable<ConnectionId> {
        public fixed byte Data[16];
        public bool Equals(ConnectionId other) {
            fixed (byte* mine = Data) return RowReader.Same(mine, other.Data, 16);
        }
        public override bool Equals(object other) { return other is ConnectionId && Equals((ConnectionId)other); }
        public override int GetHashCode() { fixed (byte* data = Data) return *(int*)data; }
        public override string ToString() { fixed (byte* data = Data) return RowReader.Hex(data, 16); }
    }

    /// <summary>A 128-bit identifier in the byte order of RFC 9562.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1, Size = 16)]
    public unsafe struct Uuid : IEquatable<Uuid> {
        public fixed byte Data[16];
        public bool Equals(Uuid other) {
            fixed (byte* mine = Data) return RowReader.Same(mine, other.Data, 16);
        }
        public override bool Equals(object other) { return other is Uuid && Equals((Uuid)other); }
        public override int GetHashCode() { fixed (byte* data = Data) return *(int*)data; }
        public override string ToString() { fixed (byte* data = Data) return RowReader.Hex(data, 16); }
    }

    /// <summary>A value or nothing, where C# has no `T?`: an option of an option.</summary>
    public struct Optional<T> {
        private readonly bool has;
        private readonly T value;
        public Optional(T value) { has = true; this.value = value; }
        public bool HasValue { get { return has; } }
        public T Value { get { return value; } }
        public T GetValueOrDefault() { return value; }
    }
}
