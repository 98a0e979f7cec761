// Values of rows between updates, and the server's clock. All of it is the core's: docs/guides/smoothing.md says how.

using System;
using System.Collections.Generic;

namespace Ambit {
    /// <summary>A value in between: the numbers of a position, a rotation (a quaternion) or a single number; what the column does not
    /// have is 0.</summary>
    public struct SampledValue {
        public double X, Y, Z, W;
    }

    public abstract unsafe partial class Table {
        private List<ushort> wanted;

        /// <summary>Remembers the last values of a column from now on, by its number.</summary>
        internal void Interpolate(ushort column) {
            if (wanted == null) wanted = new List<ushort>();
            wanted.Add(column);
            if (known) InterpolateWanted();
        }

        /// <summary>False if the row or its values are not in the cache.</summary>
        internal bool Sample(uint slot, ushort column, Timestamp at, out SampledValue value) {
            value = default(SampledValue);
            if (!known) return false;
            AmbitStatus status;
            fixed (SampledValue* into = &value) status = Native.ambit_table_sample(Client.Handle, Id, slot, column, at.Microseconds, (double*)into);
            if (status == AmbitStatus.NotFound) return false;
            Client.Check(status);
            return true;
        }

        private void InterpolateWanted() {
            while (wanted != null && wanted.Count > 0) {
                ushort column = wanted[wanted.Count - 1];
                // A column that cannot be is refused once and not with every Tick.
                wanted.RemoveAt(wanted.Count - 1);
                Client.Check(Native.ambit_table_interpolate(Client.Handle, Id, column));
            }
        }
    }

    public abstract partial class Table<TRow> {
        /// <summary>Remembers the last values of a column, so that Sample can tell what lies between them: positions, rotations, angles
        /// and floats. May be said before the connection stands; a column of another type is refused by the Tick after.</summary>
        public void Interpolate(Column<TRow> column) { Interpolate(column.Number); }

        /// <summary>A row's value in an interpolated column at a time of the server's, usually the client's RenderTime. False if the row is
        /// not in the cache.</summary>
        public bool Sample(uint slot, Column<TRow> column, Timestamp at, out SampledValue value) { return Sample(slot, column.Number, at, out value); }
    }

    public sealed unsafe partial class Client {
        /// <summary>The server's time, as estimated with the last Tick; false before the server has answered a ping. It never goes
        /// back.</summary>
        public bool ServerTime(out Timestamp time) {
            long microseconds = 0;
            AmbitStatus status = Native.ambit_client_server_time(Handle, &microseconds);
            time = new Timestamp(microseconds);
            if (status == AmbitStatus.NotConnected) return false;
            Check(status);
            return true;
        }

        /// <summary>The time that a frame is to show: the server's minus the render delay; false before the server has answered a
        /// ping. Ask once per frame, after the Tick.</summary>
        public bool RenderTime(out Timestamp time) {
            long microseconds = 0;
            AmbitStatus status = Native.ambit_client_render_time(Handle, &microseconds);
            time = new Timestamp(microseconds);
            if (status == AmbitStatus.NotConnected) return false;
            Check(status);
            return true;
        }

        /// <summary>Fixes the render delay, at most two seconds; null lets it adapt again to how often rows are told and how late.</summary>
        public void SetRenderDelay(Duration? delay) { Check(Native.ambit_client_set_render_delay(Handle, delay.HasValue ? delay.Value.Microseconds : -1)); }
    }
}
