// Where and how the objects of a table's rows stand: asks the core for the columns' values at the time that is shown, and gives them
// to transforms. How values between two updates come about is the core's part.

using UnityEngine;

namespace Ambit {
    internal sealed class EntityMotion<TRow> {
        private enum Turning { None, Angle, Rotation }

        private Column<TRow> position, turn;
        private Turning turning;
        private bool isFlat;

        /// <summary>Forgets the columns of an earlier connection.</summary>
        internal void Begin() {
            position = turn = null;
            turning = Turning.None;
        }

        internal void MoveBy<TPoint>(PositionColumn<TRow, TPoint> column) {
            position = column;
            isFlat = typeof(TPoint) == typeof(Vec2) || typeof(TPoint) == typeof(DVec2);
        }

        internal void TurnByAngle(Column<TRow> column) {
            turn = column;
            turning = Turning.Angle;
        }

        internal void TurnByRotation(Column<TRow> column) {
            turn = column;
            turning = Turning.Rotation;
        }

        /// <summary>Has the core remember what the columns were.</summary>
        internal void Interpolate(Table<TRow> table) {
            if (position != null) table.Interpolate(position);
            if (turn != null) table.Interpolate(turn);
        }

        /// <summary>Brings an object to where its row is; it stays where it is if the row is gone.</summary>
        internal void Place(Table<TRow> table, uint slot, AmbitWorld world, Transform transform) {
            AmbitSpace space = world.Space;
            Timestamp shown = world.RenderTime;
            SampledValue value;
            if (position != null && table.Sample(slot, position, shown, out value)) {
                transform.localPosition = space.ToScene(value.X, value.Y, isFlat ? space.Origin.Z : value.Z);
            }
            if (turning == Turning.None || !table.Sample(slot, turn, shown, out value)) return;
            transform.localRotation = turning == Turning.Angle
                ? space.ToRotation(value.X)
                : space.ToRotation(new Quat((float)value.X, (float)value.Y, (float)value.Z, (float)value.W));
        }
    }
}
