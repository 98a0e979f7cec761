// Monsters as game objects.

using Ambit;

namespace Mmo.Sample {
    public sealed class MonsterEntities : AmbitEntities<MonsterRow> {
        protected override Table<MonsterRow> Bind(Client client) {
            MoveBy(MonsterColumns.Position);
            TurnBy(MonsterColumns.Facing);
            return World.Database(made => new Database(made)).Tables.Monster;
        }
    }
}
