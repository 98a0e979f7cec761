// Objects, game objects and components: how they are made, found, cloned, enabled and destroyed. Rendering and physics are left
// out.

using System;
using System.Collections;
using System.Collections.Generic;
using UnityEngine.StandIn;

namespace UnityEngine {
    public class Object {
        internal bool IsDestroyed;
        public virtual string name { get; set; }

        public static void Destroy(Object target) { PlayerLoop.DestroyLater(target); }
        public static void DestroyImmediate(Object target) { PlayerLoop.DestroyNow(target); }
        public static void DontDestroyOnLoad(Object target) { }

        public static T Instantiate<T>(T original, Transform parent) where T : Object { return Cloning.Clone(original, parent); }
        public static T Instantiate<T>(T original) where T : Object { return Cloning.Clone(original, null); }

        public static T FindAnyObjectByType<T>() where T : Object { return PlayerLoop.Find<T>(); }

        public static bool operator ==(Object a, Object b) {
            bool noA = ReferenceEquals(a, null) || a.IsDestroyed, noB = ReferenceEquals(b, null) || b.IsDestroyed;
            return noA || noB ? noA && noB : ReferenceEquals(a, b);
        }
        public static bool operator !=(Object a, Object b) { return !(a == b); }
        public static implicit operator bool(Object that) { return that != null; }
        public override bool Equals(object other) { return ReferenceEquals(this, other); }
        public override int GetHashCode() { return System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this); }
    }

    public class ScriptableObject : Object {
        public static T CreateInstance<T>() where T : ScriptableObject, new() { return new T(); }
    }

    public sealed class GameObject : Object {
        internal readonly List<Component> Components = new List<Component>();
        /// <summary>Part of a prefab: no message reaches its components.</summary>
        internal bool IsAsset;
        private bool isActive = true;

        public GameObject() : this("New Game Object") { }
        public GameObject(string name, params Type[] components) : this(name, false) { foreach (Type type in components) AddComponent(type); }

        internal GameObject(string name, bool isAsset) {
            this.name = name;
            IsAsset = isAsset;
            transform = new Transform { gameObject = this };
            Components.Add(transform);
            if (!isAsset) PlayerLoop.Objects.Add(this);
        }

        public Transform transform { get; private set; }
        public bool activeSelf { get { return isActive; } }
        public bool activeInHierarchy { get { return isActive && !IsAsset && (transform.parent == null || transform.parent.gameObject.activeInHierarchy); } }

        public void SetActive(bool active) {
            if (isActive == active) return;
            isActive = active;
            PlayerLoop.ActivityChanged(this);
        }

        public T AddComponent<T>() where T : Component { return (T)AddComponent(typeof(T)); }

        public Component AddComponent(Type type) {
            Component component = Attach(type);
            PlayerLoop.Appeared(component);
            return component;
        }

        /// <summary>Adds a component that is told nothing yet.</summary>
        internal Component Attach(Type type) {
            Component component = (Component)Activator.CreateInstance(type);
            component.gameObject = this;
            Components.Add(component);
            return component;
        }

        public T GetComponent<T>() where T : class {
            for (int i = 0; i < Components.Count; i++) {
                T found = Components[i] as T;
                if (found != null) return found;
            }
            return null;
        }

        public T GetComponentInChildren<T>() where T : class {
            T found = GetComponent<T>();
            for (int i = 0; found == null && i < transform.childCount; i++) found = transform.GetChild(i).gameObject.GetComponentInChildren<T>();
            return found;
        }

        public T GetComponentInParent<T>() where T : class {
            T found = GetComponent<T>();
            return found != null || transform.parent == null ? found : transform.parent.gameObject.GetComponentInParent<T>();
        }
    }

    public class Component : Object {
        public GameObject gameObject { get; internal set; }
        public Transform transform { get { return gameObject.transform; } }
        public override string name { get { return gameObject.name; } set { gameObject.name = value; } }
        public T GetComponent<T>() where T : class { return gameObject.GetComponent<T>(); }
        public T GetComponentInChildren<T>() where T : class { return gameObject.GetComponentInChildren<T>(); }
        public T GetComponentInParent<T>() where T : class { return gameObject.GetComponentInParent<T>(); }
    }

    public class Behaviour : Component {
        private bool isEnabled = true;
        public bool enabled {
            get { return isEnabled; }
            set {
                isEnabled = value;
                PlayerLoop.ActivityChanged(this);
            }
        }
        public bool isActiveAndEnabled { get { return isEnabled && gameObject.activeInHierarchy; } }
    }

    public class MonoBehaviour : Behaviour {
        internal readonly Messages Messages;
        protected MonoBehaviour() { Messages = new Messages(this); }
        public Coroutine StartCoroutine(IEnumerator routine) { return Coroutine.Start(this, routine); }
    }

    public class Renderer : Component { }
    public sealed class MeshRenderer : Renderer { }
    public sealed class MeshFilter : Component { }
    public sealed class Light : Behaviour { }
    public sealed class AudioListener : Behaviour { }
    public sealed class CapsuleCollider : Component { }
    public sealed class SphereCollider : Component { }
    public sealed class MeshCollider : Component { }

    public sealed class TextMesh : Component { public string text { get; set; } }

    public sealed class Camera : Behaviour {
        public static Camera main { get { return PlayerLoop.Find<Camera>(); } }
    }
}
