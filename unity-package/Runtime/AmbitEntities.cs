// Rows of one table as game objects: who enters gets one from the pool, who moves is moved between its updates as the core says, who
// leaves gives it back. What rows there are is up to subscriptions.

using System;
using System.Collections.Generic;
using UnityEngine;

namespace Ambit {
    /// <summary>Derive from it once per table: `class PlayerEntities : AmbitEntities&lt;PlayerRow&gt;`, and say in Bind which table and
    /// which columns it shows.</summary>
    public abstract class AmbitEntities<TRow> : MonoBehaviour {
        private struct Entity {
            internal uint Slot;
            internal AmbitEntityView View;
            /// <summary>The same view if it wants to be told of its row.</summary>
            internal AmbitEntityView<TRow> Told;
        }

        private struct Lingering {
            internal AmbitEntityView View;
            internal float Until;
        }

        [SerializeField, Tooltip("The world; without one, that of a parent or of the scene.")]
        private AmbitWorld world;

        [SerializeField, Tooltip("What a row looks like.")]
        private AmbitEntityView prefab;

        [SerializeField, Min(0), Tooltip("Instances that are made beforehand.")]
        private int prepared = 16;

        private readonly List<Entity> entities = new List<Entity>();
        private readonly Dictionary<uint, int> places = new Dictionary<uint, int>();
        private readonly List<Lingering> lingering = new List<Lingering>();
        private readonly EntityMotion<TRow> motion = new EntityMotion<TRow>();
        private ViewPool pool;
        private Table<TRow> table;

        public AmbitWorld World { get { return world; } set { world = value; } }

        /// <summary>What a row looks like, unless PrefabOf says otherwise.</summary>
        public AmbitEntityView Prefab { get { return prefab; } set { prefab = value; } }

        /// <summary>Rows that are shown.</summary>
        public int Count { get { return entities.Count; } }

        /// <summary>Objects that exist, resting ones included.</summary>
        public int PooledCount { get { return pool == null ? 0 : pool.Made; } }

        /// <summary>The table of this connection. Called once per connection, before its first Tick. Say here with MoveBy and TurnBy which
        /// columns place the objects.</summary>
        protected abstract Table<TRow> Bind(Client client);

        /// <summary>Whether a row has an object at all.</summary>
        protected virtual bool Shows(in TRow row) { return true; }

        /// <summary>The prefab of a row, asked when it enters.</summary>
        protected virtual AmbitEntityView PrefabOf(in TRow row) { return prefab; }

        /// <summary>The column that says where a row is, smoothed between updates.</summary>
        protected void MoveBy<TPoint>(PositionColumn<TRow, TPoint> position) { motion.MoveBy(position); }

        /// <summary>The column of the angle along which a row looks, in radians, smoothed between updates.</summary>
        protected void TurnBy(Column<TRow, float> angle) { motion.TurnByAngle(angle); }

        /// <summary>The column of a row's rotation, a quaternion, smoothed between updates.</summary>
        protected void TurnByRotation(Column<TRow> rotation) { motion.TurnByRotation(rotation); }

        /// <summary>The object of the row with this number; null if it has none.</summary>
        public AmbitEntityView ViewOf(uint slot) {
            int place;
            return places.TryGetValue(slot, out place) ? entities[place].View : null;
        }

        /// <summary>The object of a row that is shown, by its place between 0 and Count; places change when rows leave.</summary>
        public AmbitEntityView ViewAt(int place) { return entities[place].View; }

        protected virtual void OnEnable() {
            if (world == null) world = AmbitWorld.Around(this);
            if (world == null || prefab == null) {
                Debug.LogError(world == null ? "Ambit: the entities have no AmbitWorld: add one to the scene" : "Ambit: the entities have no prefab", this);
                return;
            }
            if (pool == null) pool = new ViewPool(transform);
            pool.Prepare(prefab, prepared);
            world.Opened += Open;
            world.Closed += Close;
            world.Ticked += Place;
        }

        protected virtual void OnDisable() {
            if (world == null || pool == null) return;
            world.Opened -= Open;
            world.Closed -= Close;
            world.Ticked -= Place;
            Close();
        }

        private void Open(Client client) {
            Close();
            motion.Begin();
            table = Bind(client);
            motion.Interpolate(table);
            table.OnChange += Changed;
            List<uint> slots = new List<uint>();
            table.Slots(slots);
            TRow row;
            foreach (uint slot in slots) if (table.TryRow(slot, out row)) Enter(slot, in row);
        }

        private void Close() {
            if (table != null) table.OnChange -= Changed;
            table = null;
            for (int i = 0; i < entities.Count; i++) {
                if (entities[i].View != null) entities[i].View.IsShown = false;
                pool.Return(entities[i].View);
            }
            for (int i = 0; i < lingering.Count; i++) pool.Return(lingering[i].View);
            entities.Clear();
            places.Clear();
            lingering.Clear();
        }

        /// <summary>What a view throws is its own: the others are shown nevertheless.</summary>
        private void Changed(in RowEvent<TRow> change) {
            try {
                TRow row;
                switch (change.Kind) {
                    case RowEventKind.Insert:
                        row = change.New;
                        Enter(change.Slot, in row);
                        break;
                    case RowEventKind.Update:
                        row = change.New;
                        Change(change.Slot, change.Old, in row);
                        break;
                    case RowEventKind.Delete:
                        row = change.Old;
                        Leave(change.Slot, in row, change.Reason);
                        break;
                }
            } catch (Exception problem) {
                Debug.LogException(problem, this);
            }
        }

        private void Enter(uint slot, in TRow row) {
            // A row that was there when the entities came is told once more by an event that had waited.
            if (places.ContainsKey(slot) || !Shows(in row)) return;
            AmbitEntityView view = pool.Take(PrefabOf(in row));
            Entity entity = new Entity { Slot = slot, View = view, Told = view as AmbitEntityView<TRow> };
            places.Add(slot, entities.Count);
            entities.Add(entity);
            view.Slot = slot;
            view.World = world;
            view.FollowsRow = true;
            view.IsShown = true;
            motion.Place(table, slot, world, view.transform);
            view.gameObject.SetActive(true);
            if (entity.Told != null) entity.Told.Enter(in row);
        }

        private void Change(uint slot, TRow before, in TRow now) {
            int place;
            if (!places.TryGetValue(slot, out place)) {
                Enter(slot, in now);
                return;
            }
            if (!Shows(in now)) {
                Leave(slot, in now, DeleteReason.NoLongerMatching);
                return;
            }
            AmbitEntityView<TRow> told = entities[place].Told;
            if (told != null) told.Change(in before, in now);
        }

        private void Leave(uint slot, in TRow row, DeleteReason reason) {
            int place;
            if (!places.TryGetValue(slot, out place)) return;
            Entity entity = entities[place];
            Entity last = entities[entities.Count - 1];
            entities[place] = last;
            places[last.Slot] = place;
            entities.RemoveAt(entities.Count - 1);
            places.Remove(slot);
            if (entity.View == null) {
                pool.Return(null);
                return;
            }
            entity.View.IsShown = false;
            float seconds = entity.View.LingerSeconds(reason);
            if (seconds > 0) lingering.Add(new Lingering { View = entity.View, Until = Time.time + seconds }); else pool.Return(entity.View);
            if (entity.Told != null) entity.Told.Leave(in row, reason);
        }

        /// <summary>Moves every object to where its row is at the time that is shown.</summary>
        private void Place() {
            if (table == null) return;
            for (int i = 0; i < entities.Count; i++) {
                AmbitEntityView view = entities[i].View;
                if (view != null && view.FollowsRow) motion.Place(table, entities[i].Slot, world, view.transform);
            }
            for (int i = lingering.Count - 1; i >= 0; i--) {
                if (Time.time < lingering[i].Until) continue;
                pool.Return(lingering[i].View);
                lingering.RemoveAt(i);
            }
        }
    }
}
