// The keys W, A, S and D, whichever of the engine's two input systems the project uses.

using UnityEngine;
#if AMBIT_INPUT_SYSTEM && !ENABLE_LEGACY_INPUT_MANAGER
using UnityEngine.InputSystem;
#endif

namespace Mmo.Sample {
    public static class WalkInput {
        /// <summary>Where the keys point: x to the east, y to the north, each -1, 0 or 1.</summary>
        public static Vector2 Way {
            get {
#if ENABLE_LEGACY_INPUT_MANAGER
                return new Vector2(Input.GetAxisRaw("Horizontal"), Input.GetAxisRaw("Vertical"));
#elif AMBIT_INPUT_SYSTEM
                Keyboard keys = Keyboard.current;
                if (keys == null) return Vector2.zero;
                float x = (keys.dKey.isPressed ? 1 : 0) - (keys.aKey.isPressed ? 1 : 0);
                float y = (keys.wKey.isPressed ? 1 : 0) - (keys.sKey.isPressed ? 1 : 0);
                return new Vector2(x, y);
#else
                return Vector2.zero;
#endif
            }
        }
    }
}
