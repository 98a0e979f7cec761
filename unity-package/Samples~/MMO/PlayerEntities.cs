// Players as game objects.

using Ambit;

namespace Mmo.Sample {
    public sealed class PlayerEntities : AmbitEntities<PlayerRow> {
        protected override Table<PlayerRow> Bind(Client client) {
            MoveBy(PlayerColumns.Position);
            TurnBy(PlayerColumns.Facing);
            return World.Database(made => new Database(made)).Tables.Player;
        }

        /// <summary>Players who left sleep where they were; nobody sees them.</summary>
        protected override bool Shows(in PlayerRow row) { return row.Online; }
    }
}
