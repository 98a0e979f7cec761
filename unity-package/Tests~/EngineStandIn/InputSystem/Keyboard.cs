// The keyboard of the input package, as the samples read it.

namespace UnityEngine.InputSystem {
    public sealed class KeyControl { public bool isPressed { get; set; } }

    public sealed class Keyboard {
        private static readonly Keyboard keyboard = new Keyboard();
        public static Keyboard current { get { return keyboard; } }
        public readonly KeyControl wKey = new KeyControl(), aKey = new KeyControl(), sKey = new KeyControl(), dKey = new KeyControl();
    }
}
