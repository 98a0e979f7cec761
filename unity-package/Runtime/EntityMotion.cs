// Where and how the objects of a table's rows stand: asks the core for the columns' values at the time that is shown, and gives them
// to transforms. How values between two updates come about is the core's part.

using UnityEngine;

namespace Ambit {
    internal sealed class EntityMotion<TRow> {
        private enum Turning { None, Angle, Rotation }

        private Column<TRow> position, turn;
        private Turning turning;

        /// <summary>Forgets the columns of an earlier connection.</summary>
        internal void Begin() {
            position = turn = null;
            turning = Turning.None;
        }

        internal void MoveBy(Column<TRow> column) { position = column; }

        internal void TurnByAngle(Column<TRow> column) {
            turn = column;
            turning = Turning.Angle;
        }

        internal void TurnByRotation(Column<TRow> column) {
            turn = column;
            turning = Turning.Rotation;
        }

        /// <summary>Brings an object to where its row is; it stays where it is if the row is gone.</summary>
        internal void Place(Table<TRow> table, uint slot, AmbitWorld world, Transform transform) {
        }
    }
}
