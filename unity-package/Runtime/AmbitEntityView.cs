// The game object of one row. What it looks like is the prefab's part; when there is one, AmbitEntities'.

using UnityEngine;

namespace Ambit {
    /// <summary>On the root of a prefab: an instance of it stands for one row, and moves as the row does.</summary>
    [AddComponentMenu("Ambit/Ambit Entity View"), DisallowMultipleComponent]
    public class AmbitEntityView : MonoBehaviour {
        /// <summary>The row's number in its table, while it is shown.</summary>
        public uint Slot { get; internal set; }

        /// <summary>Whether it stands for a row: not in the pool, and not about to go there.</summary>
        public bool IsShown { get; internal set; }

        /// <summary>The world that the row is of.</summary>
        public AmbitWorld World { get; internal set; }

        /// <summary>Whether the row moves the object. Off for what the game moves itself, such as the own player. Every row that
        /// enters begins with it on.</summary>
        public bool FollowsRow { get; set; }

        internal AmbitEntityView Prefab;

        /// <summary>Seconds that the object stays after its row has left, for a death or a fade: 0 without a word.</summary>
        protected internal virtual float LingerSeconds(DeleteReason reason) { return 0; }
    }

    /// <summary>A view that is told of its row. The rows are safe until the next Tick: copy what is to be kept.</summary>
    public abstract class AmbitEntityView<TRow> : AmbitEntityView {
        /// <summary>The row has entered. The object is in its place already; it may have been another row's before.</summary>
        protected internal virtual void Enter(in TRow row) { }

        /// <summary>The row has changed.</summary>
        protected internal virtual void Change(in TRow before, in TRow now) { }

        /// <summary>The row has left. The object goes back to the pool now, or after LingerSeconds.</summary>
        protected internal virtual void Leave(in TRow row, DeleteReason reason) { }
    }
}
